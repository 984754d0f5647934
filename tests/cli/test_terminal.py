"""What the program shows on a terminal, seen on a pseudo-terminal."""

import os
import pty
import re
import unittest

from program import LIMIT, ProgramTest, Running, terminal_text
from server import Server

EVENT = (b"Event: Newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/100-1\r\nAccountCode: \r\n"
         b"CallerIDName: Ann \"A\" \x1b]0;owned\x07 caf\xe9 \xc3\xa9 \xc2\x9b31m\r\n\r\n")


class TerminalTest(ProgramTest):
    def setUp(self):
        self.server = self.enterContext(Server())

    def shown(self, *arguments, push=b"", extra=None):
        """All that appears, with the exit code; push is sent after the login."""
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        with Running(*arguments, "--url", self.server.url(), stdout=slave, stderr=slave, extra=extra) as running:
            os.close(slave)
            self.server.wait_for("login")
            self.server.push(push)
            text = terminal_text(master)
            return running.process.wait(LIMIT), text.decode().replace("\r\n", "\n")


class Events(TerminalTest):
    def test_readable_and_aligned(self):
        code, text = self.shown("events", "--count", "1", push=EVENT, extra={"NO_COLOR": "1"})
        self.assertEqual(code, 0)
        lines = text.splitlines()
        columns = [re.match(r"^\d\d:\d\d:\d\d\.\d{3}  (\S+ +) \S", line) for line in lines[:4]]
        self.assertTrue(all(columns), lines)
        self.assertEqual({len(column.group(1)) for column in columns}, {21}, lines)
        self.assertIn("Newchannel ", lines[3])
        self.assertIn(" Channel=PJSIP/100-1 CallerIDName=\"Ann \\\"A\\\" ", lines[3])
        self.assertNotIn("AccountCode", text)
        self.assertNotIn("Privilege", text)

    def test_nothing_in_a_message_commands_the_terminal(self):
        _, text = self.shown("events", "--count", "1", push=EVENT, extra={"NO_COLOR": "1"})
        self.assertIn("\\x1b]0;owned\\x07 caf\\xe9 \u00e9 \\xc2\\x9b31m", text)
        self.assertNotIn("\x1b", text)

    def test_colours(self):
        _, text = self.shown("events", "--count", "1", push=EVENT)
        self.assertRegex(text, "\x1b\\[36mNewchannel +\x1b\\[0m")
        self.assertNotIn("\x1b]", text)

    def test_no_colours_on_a_dumb_terminal(self):
        _, text = self.shown("events", "--count", "1", push=EVENT, extra={"TERM": "dumb"})
        self.assertNotIn("\x1b", text)
        self.assertIn("Newchannel", text)

    def test_json_when_asked_for(self):
        _, text = self.shown("events", "--count", "1", "--json", push=EVENT)
        self.assertTrue(all(line.startswith('{"seq":') for line in text.splitlines()), text)


class Send(TerminalTest):
    def test_success_and_error(self):
        answers = {"good": b"Response: Success\r\n{id}Message: all is well\r\nX: 1\r\n\r\n",
                   "bad": b"Response: Error\r\n{id}Message: no\x1b[2J\r\n\r\n"}
        self.server.answers.update(answers)
        self.assertEqual(self.shown("send", "Good", "--force"),
                         (0, "\x1b[32mSuccess\x1b[0m\n  \x1b[2mMessage\x1b[0m  all is well\n"
                             "  \x1b[2mX      \x1b[0m  1\n"))
        code, text = self.shown("send", "Bad", "--force", extra={"NO_COLOR": "1"})
        self.assertEqual(code, 1)
        self.assertEqual(text, "Error\n  Message  no\\x1b[2J\n"
                               "ami: Asterisk answered Bad with an error (no\\x1b[2J)\n")


class Command(TerminalTest):
    def test_control_characters_are_shown(self):
        self.server.answers["command"] = b"Response: Success\r\n{id}Output: a\tb\x1b[31m\r\nOutput: c\r\n\r\n"
        self.assertEqual(self.shown("command", "x"), (0, "a\tb\\x1b[31m\nc\n"))


if __name__ == "__main__":
    unittest.main()
