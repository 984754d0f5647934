"""The verbs on the Asterisk of tests/asterisk/run, where the mock could only say what we think of it."""

import os
import pathlib
import re
import tempfile
import unittest

from program import Mock, ProgramTest, Running, run

URL = f"ami://admin@{os.environ['ASTERISK_HOST']}:{os.environ['ASTERISK_PORT']}"
OWN = ("--not", "connection-*", "--not", "login", "--not", "ready", "--raw")


class Recording(ProgramTest):
    def test_a_call_replays_to_equal_bytes(self):
        file = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory())) / "call.rec"
        with Running("record", str(file), "--url", URL, "--count", "40") as recorder:
            with Running("events", "--url", URL, "--count", "30", *OWN) as seen:
                while recorder.process.poll() is None:
                    result = run("originate", "Local/bridge@test", "--app", "Wait", "--data", "0.1", "--url", URL)
                    self.assert_ended(result, 0, err="")
                _, raw, _ = seen.end()
            self.assertEqual(recorder.end(), (0, b"", b""))
        printed = run("replay", str(file), *OWN).stdout
        # What both clients have seen, of whom one was ready before the other.
        channels = re.compile(rb"Event: Newchannel\r\n.*?\r\n\r\n", re.S)
        recorded, seen = channels.findall(printed), channels.findall(raw)
        both = [channel for channel in recorded if channel in seen]
        self.assertGreater(len(both), 0)
        self.assertEqual(both, [channel for channel in seen if channel in recorded])
        with Mock("--serve", str(file), "--speed", "0") as mock:
            again = run("events", "--url", mock.url(), "--count", "40", *OWN)
            self.assert_ended(again, 0, out=printed, err="")
            copy = file.with_name("copy.rec")
            self.assert_ended(run("record", str(copy), "--url", mock.url(), "--count", "40"), 0, err="")
        self.assertEqual(*(run("replay", str(each), "--all", *OWN).stdout for each in (file, copy)))


if __name__ == "__main__":
    unittest.main()
