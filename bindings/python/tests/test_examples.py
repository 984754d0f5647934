"""Every program in examples, run against the mock."""

import os
import pathlib
import signal
import subprocess
import sys
import unittest

from pbx import LIMIT, Mock

EXAMPLES = pathlib.Path(__file__).resolve().parent.parent / "examples"
ENVIRONMENT = {**os.environ, "PYTHONUNBUFFERED": "1"}
CALLER = "CallerIDNum: 100\\n"


class ExampleTest(unittest.TestCase):
    def setUp(self):
        self.mock = Mock()
        self.addCleanup(self.mock.__exit__)

    def run_example(self, name, *arguments, stdin=None):
        return subprocess.run([sys.executable, EXAMPLES / name, self.mock.url, *arguments], input=stdin, text=True,
                              capture_output=True, timeout=LIMIT, check=False)

    def start(self, name):
        program = subprocess.Popen([sys.executable, EXAMPLES / name, self.mock.url], stdout=subprocess.PIPE, text=True,
                                   env=ENVIRONMENT)
        self.addCleanup(self.end, program)
        return program

    def end(self, program):
        with program:
            program.send_signal(signal.SIGINT)
            self.assertEqual(program.wait(LIMIT), 0)

    def test_first(self):
        program = (EXAMPLES / "first.py").read_text().partition("\n\n")[2]
        self.assertIn(f"```python\n{program}```", (EXAMPLES.parent / "README.md").read_text())
        ended = self.run_example("first.py")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertRegex(ended.stdout, "^Asterisk 22")

    def test_click_to_call(self):
        for channel, code, said in (("Local/100@test", 0, r"answered, and on its way to 200 as \d+\.\d+"),
                                    ("Local/103@test", 1, "busy")):
            with self.subTest(channel):
                ended = self.run_example("click_to_call.py", channel, "200")
                self.assertEqual((ended.returncode, ended.stderr), (code, ""))
                self.assertRegex(ended.stdout, f"^{channel}: {said}\n$")
        self.mock.tell("fault cut_on_action 3 next")  # after Challenge and Login
        lost = self.run_example("click_to_call.py", "Local/100@test", "200")
        self.assertEqual((lost.returncode, lost.stderr), (1, ""))
        self.assertIn("do not call again", lost.stdout)
        refused = self.run_example("click_to_call.py", "Local/100@test\r\nx", "200")
        self.assertEqual(refused.returncode, 1)
        self.assertIn("holds CR", refused.stdout)

    def test_queue_watcher(self):
        program = self.start("queue_watcher.py")
        self.assertEqual(program.stdout.readline(), "empty: 0 waiting (); \n")
        self.assertEqual(program.stdout.readline(),
                         "support: 0 waiting (); Alice away, Local One unknown, Local Two unknown\n")
        self.mock.tell("emit Event: QueueCallerJoin\\nPrivilege: agent,all\\nQueue: support\\nChannel: SIP/1\\n" + CALLER)
        self.assertRegex(program.stdout.readline(), r"^support: 1 waiting \(100\); Alice")
        self.mock.tell("emit Event: QueueMemberStatus\\nPrivilege: agent,all\\nQueue: support\\nMemberName: Alice\\n"
                       "Paused: 0\\nStatus: 6\\n")
        self.assertRegex(program.stdout.readline(), "; Alice ringing,")
        self.mock.tell("emit Event: QueueCallerLeave\\nPrivilege: agent,all\\nQueue: support\\nChannel: SIP/1\\n")
        self.assertRegex(program.stdout.readline(), r"^support: 0 waiting \(\)")
        self.mock.tell("fault cut_on_action 3 next")  # after Challenge and Login: the list
        self.mock.tell("restart")
        self.mock.tell("wait action:QueueStatus 3")
        self.mock.tell("emit Event: QueueCallerJoin\\nPrivilege: agent,all\\nQueue: support\\nChannel: SIP/2\\n" + CALLER)
        self.assertRegex(program.stdout.readline(), r"^support: 1 waiting \(100\); Alice away")

    def test_hangup_logger(self):
        hangup = ("emit Event: Hangup\\nPrivilege: call,all\\nChannel: SIP/{}\\n" + CALLER +
                  "Cause: 16\\nCause-txt: Normal Clearing\\n")
        program = self.start("hangup_logger.py")
        self.assertEqual(program.stdout.readline(), "READY: Asterisk Call Manager/11.0.0\n")
        self.mock.tell(hangup.format(1))
        self.assertRegex(program.stdout.readline(), r"^\S+ \S+ SIP/1 from 100: 16 Normal Clearing\n$")
        self.mock.tell("restart")
        lines = [program.stdout.readline() for _ in range(3)]
        self.assertRegex(lines[0], "^LOST: ")
        self.assertEqual([line.split(" ", 1)[0] for line in sorted(lines[1:])], ["GAP", "READY:"])
        self.assertRegex(sorted(lines[1:])[0], r"^GAP \(reconnect\): calls may be missing, \d+-\d+-\d+ .* to \d+-")
        self.mock.tell(hangup.format(2))
        self.assertRegex(program.stdout.readline(), " SIP/2 from 100")

    def test_bulk_originator(self):
        channels = ["Local/100@test", "Local/103@test", "Local/101@test", "Local/104@test"] * 5
        ended = self.run_example("bulk_originator.py", "4", stdin="\n".join(channels) + "\n")
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        lines = ended.stdout.splitlines()
        self.assertEqual(sorted(line.split(":")[0] for line in lines), sorted(channels))
        self.assertEqual(sum(": answered, " in line for line in lines), 10)
        self.assertEqual(sum("AMI_EREPLY (answered): " in line for line in lines), 10)
        self.assertEqual(self.mock.tell("count action:Originate"), 20)


if __name__ == "__main__":
    unittest.main()
