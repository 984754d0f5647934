"""The verbs on the Asterisk of tests/asterisk/run, where the mock could only say what we think of it."""

import os
import pathlib
import re
import tempfile
import unittest

from program import Mock, ProgramTest, Running, run

URL = f"ami://admin@{os.environ['ASTERISK_HOST']}:{os.environ['ASTERISK_PORT']}"
OWN = ("--not", "connection-*", "--not", "login", "--not", "ready", "--raw")


def until_ready(running):
    """What was printed up to the notice that the login is complete."""
    lines = []
    while not lines or lines[-1] != "Event: ready\r":
        lines.append(running.line())
    return "".join(line + "\n" for line in lines).encode()


class Recording(ProgramTest):
    def test_a_call_replays_to_equal_bytes(self):
        file = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "call.rec"
        with Running("record", "-", "--url", URL, "--count", "40") as recorder:
            begin = until_ready(recorder)
            with Running("events", "--url", URL, "--count", "30", "--raw") as seen:
                until_ready(seen)
                while recorder.process.poll() is None:
                    result = run("originate", "Local/bridge@test", "--app", "Wait", "--data", "0.1", "--url", URL)
                    self.assert_ended(result, 0, err="")
                _, raw, _ = seen.end()
            code, rest, err = recorder.end()
        self.assertEqual((code, err), (0, b""))
        file.write_bytes(begin + rest)
        printed = run("replay", str(file), *OWN).stdout
        # What the other client has seen of the same events.
        channels = re.compile(rb"Event: Newchannel\r\n.*?\r\n\r\n", re.S)
        self.assertGreater(len(channels.findall(printed)), 0)
        self.assertEqual(*(channels.findall(text)[:2] for text in (printed, raw)))
        with Mock("--serve", str(file), "--speed", "0") as mock:
            again = run("events", "--url", mock.url(), "--count", "40", *OWN)
            self.assert_ended(again, 0, out=printed, err="")
            copy = file.with_name("copy.rec")
            self.assert_ended(run("record", str(copy), "--url", mock.url(), "--count", "40"), 0, err="")
        self.assertEqual(*(run("replay", str(each), "--all", *OWN).stdout for each in (file, copy)))


if __name__ == "__main__":
    unittest.main()
