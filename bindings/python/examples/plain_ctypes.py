"""plain_ctypes.py LIBRARY HEADER URL: events of a call with Python alone, reading ami.h. Ends at Enter."""

import ctypes
import pathlib
import re
import select
import sys
from typing import Any

library, header, url = sys.argv[1:]
ami = ctypes.CDLL(library)
SCALARS = {"int": ctypes.c_int, "size_t": ctypes.c_size_t, "int64_t": ctypes.c_int64, "uint32_t": ctypes.c_uint32,
           "uint64_t": ctypes.c_uint64, "void": None}


def type_of(declaration: str) -> Any:
    """That of a result, a parameter or a member, whose name may follow it."""
    words = re.sub(r"\bconst\b", "", declaration).split()
    if "*" in declaration or words[0].endswith("_cb"):
        return ctypes.c_char_p if words[0] == "char" and declaration.count("*") == 1 else ctypes.c_void_p
    return SCALARS[words[0]]


text = re.sub(r"/\*.*?\*/", "", pathlib.Path(header).read_text(), flags=re.S)
for result, name, parameters in re.findall(r"^AMI_API ([^;(]*?)(ami_\w+)\(([^)]*)\);", text, flags=re.M):
    function = getattr(ami, name)
    function.restype = type_of(result)
    function.argtypes = [] if parameters == "void" else [type_of(each) for each in parameters.split(",")]
members = re.findall(r"typedef struct ami_item \{(.*?)\}", text, flags=re.S)[0]


class Item(ctypes.Structure):
    _fields_ = [(name, type_of(kind)) for kind, names in re.findall(r"(\w+ \*?)(\w[\w, ]*);", members)
                for name in names.split(", ")]


queue, client = ami.ami_queue_new(), ami.ami_new()
why, items = ctypes.create_string_buffer(256), (Item * 64)()
ami.ami_set_queue(client, queue)
ami.ami_on(client, b"*", None, None, None, None)
failed = ami.ami_set(client, b"url", url.encode()) or ami.ami_connect(client) or ami.ami_wait(client, 10000)
if failed:
    ami.ami_detail(client, why, len(why))
while not failed and sys.stdin not in select.select([sys.stdin, ami.ami_queue_fd(queue)], [], [])[0]:
    count = ami.ami_queue_poll(queue, items, len(items), 0)
    for item in items[:count]:
        print(ami.ami_msg_name(item.msg).decode(), (ami.ami_msg_get(item.msg, b"Channel", None) or b"").decode())
    ami.ami_queue_release(items, count)
ami.ami_destroy(client)
ami.ami_queue_free(queue)
sys.exit(why.value.decode() if failed else 0)
