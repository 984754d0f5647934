"""`ami top` and a real Asterisk: what it shows of calls, a hang-up, and a restart."""

import os
import sys
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "cli"))
from program import ProgramTest, run  # noqa: E402
from terminal import Terminal  # noqa: E402

URL = f"ami://admin@127.0.0.1:{os.environ.get('ASTERISK_PORT')}"
SIZES = ((80, 24), (200, 60))


def ami(*arguments):
    return run(*arguments, "--url", URL)


def call(extension):
    ami("send", "Originate", f"Channel=Local/{extension}@test", "Application=Wait", "Data=60", "Async=true")


class Top(ProgramTest):
    def test_calls(self):
        for size in SIZES:
            with self.subTest(size):
                call("bridge")
                with Terminal(f"$AMI top --url {URL}; echo ended with $?; read", *size) as terminal:
                    terminal.wait_for(r"^Talking .* Local/bridge@test", "^support +0 +- ", "^Calls 1  channels 4 ")
                    call("ring")
                    call("queue")
                    terminal.wait_for("^Ringing .* Local/ring@test", "^Queued .* queue support ", "^support +1 +0:", "^Calls 3 ")
                    for left in ("^Calls 2 ", "^Calls 1 ", "^Calls 0 "):
                        terminal.keys("k")
                        terminal.wait_for(r"^Hang up Local/.*\? y/n$")
                        terminal.keys("y")
                        terminal.wait_for(left)
                    terminal.wait_for("^support +0 +- ")
                    terminal.keys("q")
                    terminal.wait_for("^ended with 0$")

    def test_restart(self):
        call("hold")
        with Terminal(f"$AMI top --url {URL} -o reconnect=50 -o reconnect.max_ms=200; read") as terminal:
            terminal.wait_for("^Up .* Local/hold@test", "^No gaps")
            ami("command", "core restart now")
            # On a busy machine it may be cut once more, by an Asterisk that waits 100 ms for a slow reader.
            terminal.wait_for("^Gaps [1-9], ", "^Calls 0  channels 0  waiting 0 ", "^support +0 +- ")
            call("hold")
            terminal.wait_for("^Up .* Local/hold@test")


if __name__ == "__main__":
    unittest.main()
