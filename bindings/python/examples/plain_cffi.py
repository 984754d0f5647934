"""plain_cffi.py LIBRARY HEADER URL: events of a call with nothing but cffi, reading ami.h. Ends at Enter.

ABI mode: no compiler but the preprocessor, and nothing to install but libami.
"""

import pathlib
import select
import subprocess
import sys

from cffi import FFI

library, header, url = sys.argv[1:]
text = "\n".join(line for line in pathlib.Path(header).read_text().splitlines() if not line.startswith("#include"))
ffi = FFI()
ffi.cdef(subprocess.run(["cc", "-E", "-P", "-DAMI_API=", "-"], input=text, capture_output=True, text=True,
                        check=True).stdout)
ami = ffi.dlopen(library)

queue, client = ami.ami_queue_new(), ami.ami_new()
why, items = ffi.new("char[256]"), ffi.new("ami_item_t[64]")
ami.ami_set_queue(client, queue)
ami.ami_on(client, b"*", ffi.NULL, ffi.NULL, ffi.NULL, ffi.NULL)
failed = ami.ami_set(client, b"url", url.encode()) or ami.ami_connect(client) or ami.ami_wait(client, 10000)
if failed:
    ami.ami_detail(client, why, len(why))
while not failed and sys.stdin not in select.select([sys.stdin, ami.ami_queue_fd(queue)], [], [])[0]:
    count = ami.ami_queue_poll(queue, items, len(items), 0)
    for item in items[0:count]:
        channel = ami.ami_msg_get(item.msg, b"Channel", ffi.NULL)
        print(ffi.string(ami.ami_msg_name(item.msg)).decode(), ffi.string(channel).decode() if channel else "")
    ami.ami_queue_release(items, count)
ami.ami_destroy(client)
ami.ami_queue_free(queue)
sys.exit(ffi.string(why).decode() if failed else 0)
