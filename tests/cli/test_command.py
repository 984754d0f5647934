"""`ami command`: the text of Asterisk's command line."""

import json
import unittest

from program import Mock, ProgramTest, run
from server import Server


def commanded(url, *arguments):
    return run("command", "--url", url, *arguments)


class New(ProgramTest):
    """Output headers, as Asterisk 14 and later send."""

    mock_arguments = ()

    @classmethod
    def setUpClass(cls):
        cls.mock = cls.enterClassContext(Mock(*cls.mock_arguments))

    def test_text(self):
        result = commanded(self.mock.url(), "core show channels")
        self.assert_ended(result, 0, err="")
        lines = result.stdout.decode().split("\n")
        self.assertTrue(lines[0].startswith("Channel  "), lines)
        self.assertEqual(lines[-4:], ["0 active channels", "0 active calls", "0 calls processed", ""])

    def test_words(self):
        one = commanded(self.mock.url(), "core show version")
        self.assert_ended(one, 0, err="")
        self.assertTrue(one.stdout.startswith(b"Asterisk "), one.stdout)
        self.assert_ended(commanded(self.mock.url(), "core", "show", "version"), 0, out=one.stdout)

    def test_no_output(self):
        self.assert_ended(commanded(self.mock.url(), "logger rotate"), 0, out=b"", err="")

    def test_unknown_command(self):
        result = commanded(self.mock.url(), "core show nonsense")
        self.assert_ended(result, 1, err="")
        self.assertTrue(result.stdout.startswith(b"No such command 'core show nonsense'"), result.stdout)

    def test_json(self):
        result = commanded(self.mock.url(), "--json", "core show channels")
        self.assert_ended(result, 0, err="")
        reply = json.loads(result.stdout)
        self.assertEqual((reply["action"], reply["status"]), ("Command", 0))
        self.assertIn("0 active channels\n0 active calls\n", reply["output"])

    def test_raw(self):
        result = commanded(self.mock.url(), "--raw", "core show channels")
        self.assert_ended(result, 0, err="")
        self.assertTrue(result.stdout.startswith(b"Response: Success\r\n"), result.stdout)
        self.assertIn(b"\r\nOutput: 0 active calls\r\n", result.stdout)

    def test_refused(self):
        result = commanded(self.mock.url(), "module load x")
        self.assert_ended(result, 1, out=b"", err="ami: Asterisk answered Command with an error (Command blacklisted)")
        self.assert_ended(commanded(self.mock.url("reader"), "core show version"), 1, out=b"", err="(Permission denied)")

    def test_line_ends_are_refused(self):
        result = commanded(self.mock.url(), "core show version\nmodule load x")
        self.assert_ended(result, 2, out=b"", err="core show version")


class Old(New):
    """A block up to --END COMMAND--, as Asterisk 13 and earlier send; an unknown command is no error there."""

    mock_arguments = ("--version", "13")

    def test_unknown_command(self):
        result = commanded(self.mock.url(), "core show nonsense")
        self.assert_ended(result, 0, err="")
        self.assertTrue(result.stdout.startswith(b"No such command 'core show nonsense'"), result.stdout)

    def test_raw(self):
        result = commanded(self.mock.url(), "--raw", "core show channels")
        self.assert_ended(result, 0, err="")
        self.assertTrue(result.stdout.startswith(b"Response: Follows\r\n"), result.stdout)
        self.assertTrue(result.stdout.endswith(b"0 calls processed\n--END COMMAND--\r\n\r\n"), result.stdout)


class Bytes(ProgramTest):
    def test_pass_as_they_are(self):
        answer = b"Response: Success\r\n{id}Output:   caf\xe9 \x1b[31m\r\nOutput: \r\nOutput: end  \r\n\r\n"
        with Server({"command": answer}) as server:
            self.assert_ended(commanded(server.url(), "x"), 0, out=b"  caf\xe9 \x1b[31m\n\nend  \n", err="")


class ExitCodes(ProgramTest):
    """0, 1 and 2 are above."""

    def test_3_lost_on_the_way(self):
        with Server({"command": None}) as server:
            self.assert_ended(commanded(server.url(), "x"), 3, out=b"",
                              err="(AMI_ELOST): Command was sent, and Asterisk may have run it")

    def test_4_login(self):
        with Mock() as mock:
            self.assert_ended(commanded(mock.url("nobody"), "x"), 4, out=b"", err="Authentication failed")

    def test_5_no_answer(self):
        with Server({"command": b""}) as server:
            self.assert_ended(commanded(server.url(), "--timeout", "100", "x"), 5, out=b"", err="(AMI_ETIMEDOUT)")


if __name__ == "__main__":
    unittest.main()
