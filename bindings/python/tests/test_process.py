"""How programs that use the package end: cleanly, without a word, whatever is still open."""

import subprocess
import sys
import unittest

from pbx import LIMIT, Mock

# On a busy machine asyncio warns, in the development mode, of callbacks that took long.
HEAD = """
import asyncio, logging, os, sys, threading, ami, ami.sync
logging.getLogger("asyncio").setLevel(logging.ERROR)
url = sys.argv[1]
"""

ENDINGS = {
    "asyncio.run": """
async def main():
    async with ami.connect(url) as pbx:
        with pbx.events("*") as events:
            await pbx.send("UserEvent", UserEvent="x")
            async for event in events:
                if event.name == "UserEvent":
                    break
asyncio.run(main())
""",
    "a loop that is broken off": """
async def main():
    async with ami.connect(url) as pbx:
        events = pbx.events("*")
        await pbx.send("UserEvent", UserEvent="x")
        async for event in events:
            break
asyncio.run(main())
""",
    "a script": """
with ami.sync.connect(url) as pbx:
    assert pbx.send("Ping")["Ping"] == "Pong"
""",
    "messages that outlive their client": """
with ami.sync.connect(url) as pbx:
    reply = pbx.send("CoreShowChannels", Items=3)
    items = list(reply)
del pbx, reply
assert [item["Channel"] for item in items]
""",
    "threads that still wait": """
pbx = ami.sync.connect(url)
events = pbx.events("*")
thread = threading.Thread(target=list, args=(events,), daemon=True)
thread.start()
pbx.abort()
thread.join()
""",
    "a thread that goes on to the end": """
pbx = ami.sync.connect(url)
begun = threading.Event()
def work():
    while True:
        pbx.send("Ping")
        begun.set()
threading.Thread(target=work, daemon=True).start()
threading.Thread(target=list, args=(pbx.events("*"),), daemon=True).start()
begun.wait()
""",
    "an event loop in a thread that goes on to the end": """
begun = threading.Event()
async def work():
    pbx = await ami.connect(url)
    while True:
        await pbx.send("Ping")
        begun.set()
threading.Thread(target=asyncio.run, args=(work(),), daemon=True).start()
begun.wait()
""",
    "a child that is forked while a thread is at work": """
pbx = ami.sync.connect(url)
def work():
    while True:
        pbx.send("Ping")
threading.Thread(target=work, daemon=True).start()
for _ in range(20):
    if os.fork() == 0:
        sys.exit(0)
    assert os.wait()[1] == 0
""",
    "a forked child that leaves in good order": """
pbx = ami.sync.connect(url)
if os.fork() == 0:
    sys.exit(0)  # with atexit
assert os.wait()[1] == 0
assert pbx.send("Ping")["Ping"] == "Pong"
pbx.disconnect()
""",
}


class ProcessTest(unittest.TestCase):
    def run_program(self, program, *options):
        with Mock() as mock:
            return subprocess.run([sys.executable, *options, "-c", HEAD + program, mock.url], capture_output=True,
                                  text=True, timeout=LIMIT, check=False)

    def test_endings(self):
        for name, program in ENDINGS.items():
            with self.subTest(name):
                ended = self.run_program(program, "-X", "dev", "-W", "error")
                self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (0, "", ""))

    def test_a_client_left_open_at_exit(self):
        for program in ("pbx = ami.sync.connect(url)", "pbx = ami.sync.connect(url)\nsys.exit(3)",
                        "pbx = ami.sync.connect(url, reconnect=True)\nstream = pbx.events('*')\npbx.send('Ping')"):
            with self.subTest(program):
                ended = self.run_program(program)
                self.assertEqual((ended.returncode, ended.stdout, ended.stderr), (3 if "exit" in program else 0, "", ""))


if __name__ == "__main__":
    unittest.main()
