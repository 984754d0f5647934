"""Standard streams that nobody reads, or that are closed."""

import os
import subprocess
import unittest

from program import LIMIT, PROGRAM, Mock, ProgramTest, Running, environment


class StreamsTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.mock = cls.enterClassContext(Mock())
        cls.environment = environment({"AMI_URL": cls.mock.url(), "AMI_PASSWORD": "secret"})


class NoReader(StreamsTest):
    """Ends the program quietly; the reply decides on the exit code."""

    def test_of_any_verb(self):
        for code, *arguments in ((0, "--help"), (0, "send", "Ping"), (0, "command", "core show channels"),
                                 (0, "events", "--count", "1"), (1, "command", "core show nonsense")):
            reader, writer = os.pipe()
            os.close(reader)
            with Running(*arguments, extra=self.environment, stdout=writer) as running:
                os.close(writer)
                self.assertEqual(running.end()[::2], (code, b""), arguments)


class Closed(StreamsTest):
    """Their numbers must not become those of a pipe or socket of ours."""

    def run_with(self, closed, *arguments):
        return subprocess.run(["sh", "-c", f'exec "$0" "$@" {closed}', PROGRAM, *arguments], env=self.environment,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT, check=False)

    def test_stdout(self):
        for arguments in (["send", "Ping"], ["events", "--count", "1"], ["--version"]):
            self.assert_ended(self.run_with(">&-", *arguments), 6, err="(Bad file descriptor)")

    def test_stdin_and_stderr(self):
        result = self.run_with("<&- 2>&-", "send", "Ping")
        self.assert_ended(result, 0, err="")
        self.assertIn(b'"Ping":"Pong"', result.stdout)
        self.assert_ended(self.run_with("2>&-", "command", "core show nonsense"), 1, err="")

    def test_stdin_that_holds_the_password(self):
        self.assert_ended(self.run_with("<&-", "send", "Ping", "--password-file", "-"), 2, out=b"",
                          err="(stdin, Bad file descriptor)")

    def test_of_the_mock(self):
        self.assert_ended(self.run_with(">&- 2>&-", "mock", "--port", str(self.mock.port)), 3, out=b"", err="")


if __name__ == "__main__":
    unittest.main()
