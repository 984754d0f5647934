"""Where the password comes from, and that nobody else sees it."""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
import unittest

from program import LIMIT, Mock, ProgramTest, Running, run
from server import Server
from terminal import Terminal

URL_WITH_SECRET = "ami://admin:secret@127.0.0.1:{}"
HANDLERS_RUN_LATE = os.environ.get("AMI_SANITIZE") == "thread"


class PasswordTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.mock = cls.enterClassContext(Mock())

    def ping(self, *arguments, url=None, **more):
        return run("send", "Ping", "--url", url or self.mock.url(), *arguments, **more)

    def file_with(self, data):
        file = tempfile.NamedTemporaryFile(delete=False)
        self.addCleanup(os.unlink, file.name)
        with file:
            file.write(data)
        return file.name


class Sources(PasswordTest):
    def test_environment(self):
        self.assert_ended(self.ping(password="secret"), 0, err="")
        self.assert_ended(self.ping(password="wrong"), 4)

    def test_file(self):
        for data in (b"secret", b"secret\n", b"secret\r\n", b"secret\nmore\n"):
            self.assert_ended(self.ping("--password-file", self.file_with(data), password=None), 0, err="")

    def test_stdin(self):
        self.assert_ended(self.ping("--password-file", "-", password=None, input=b"secret\n"), 0, err="")

    def test_file_goes_before_the_environment_and_the_url(self):
        name = self.file_with(b"secret\n")
        self.assert_ended(self.ping("--password-file", name, password="wrong"), 0, err="")
        url = f"ami://admin:wrong@127.0.0.1:{self.mock.port}"
        self.assert_ended(self.ping("--password-file", name, url=url, password="wrong"), 0)

    def test_url_goes_before_the_environment(self):
        url = URL_WITH_SECRET.format(self.mock.port)
        self.assert_ended(self.ping(url=url, password="wrong"), 0)

    def test_url_of_the_environment(self):
        result = run("send", "Ping", password=None, extra={"AMI_URL": URL_WITH_SECRET.format(self.mock.port)})
        self.assert_ended(result, 0, err="")

    def test_no_file(self):
        result = self.ping("--password-file", "/nonexistent/secret")
        self.assert_ended(result, 2, out=b"", err="(/nonexistent/secret, No such file or directory)")

    def test_a_directory(self):
        self.assert_ended(self.ping("--password-file", "/"), 2, out=b"", err="(/, Is a directory)")

    def test_empty_file(self):
        for data in (b"", b"\n", b"\nsecret"):
            name = self.file_with(data)
            self.assert_ended(self.ping("--password-file", name), 2, out=b"", err=f"({name})")

    def test_a_signal_while_nothing_comes(self):
        with Server() as server, Running("send", "Ping", "--url", server.url(), "--password-file", "-", password=None,
                                         stdin=subprocess.PIPE) as running:
            running.process.stdin.write(b"sec")
            running.process.stdin.flush()
            waiting = struct.pack("i", 1)
            while waiting != bytes(len(waiting)):  # until the program has taken it
                waiting = fcntl.ioctl(running.process.stdin, termios.FIONREAD, waiting)
            running.signal(signal.SIGINT)
            self.assertEqual(running.process.wait(LIMIT), 130)
            self.assertEqual(running.process.stderr.read(), b"ami: interrupted: nothing was sent\n")
            self.assertEqual(server.accepted, 0)

    def test_endless_file(self):
        self.assert_ended(self.ping("--password-file", "/dev/zero"), 2, out=b"", err="(/dev/zero)")


class Warnings(PasswordTest):
    def assert_warned(self, *arguments, url=None):
        result = self.ping(*arguments, url=url, password=None)
        self.assert_ended(result, 0)
        self.assertEqual(result.stderr.decode().count("warning"), 1, result.stderr)
        self.assertIn("AMI_PASSWORD", result.stderr.decode())
        self.assertNotIn("secret", result.stderr.decode())

    def test_password_in_the_url(self):
        self.assert_warned(url=URL_WITH_SECRET.format(self.mock.port))

    def test_password_in_the_query(self):
        self.assert_warned(url=self.mock.url() + "?password=secret")
        self.assert_warned(url=self.mock.url() + "?identifier=x&Password=secret")

    def test_password_as_an_option(self):
        self.assert_warned("-o", "password=secret")


class Prompt(PasswordTest):
    """On a pseudo-terminal."""

    def setUp(self):
        self.master, self.slave = pty.openpty()
        self.addCleanup(os.close, self.master)

    def start(self, *arguments):
        running = Running(*arguments, password=None, stdin=self.slave, stdout=self.slave, stderr=self.slave,
                          start_new_session=True)
        self.enterContext(running)
        return running

    def read_until(self, pattern):
        seen, end = "", time.monotonic() + LIMIT
        while not re.search(pattern, seen):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            self.assertTrue(ready, seen)
            seen += os.read(self.master, 4096).decode()
        return seen

    def echoes(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def test_asks_without_echo(self):
        running = self.start("send", "Ping", "--url", self.mock.url())
        self.read_until("Password for admin@127.0.0.1: $")
        self.assertFalse(self.echoes())
        os.write(self.master, b"secret\n")
        seen = self.read_until("Pong")
        self.assertNotIn("secret", seen)
        self.assertEqual(running.process.wait(LIMIT), 0)
        self.assertTrue(self.echoes())
        os.close(self.slave)

    @unittest.skipIf(HANDLERS_RUN_LATE, "ThreadSanitizer runs handlers of signals when it likes")
    def test_interrupted(self):
        running = self.start("send", "Ping", "--url", self.mock.url())
        self.read_until("Password for admin@127.0.0.1: $")
        running.signal(signal.SIGINT)
        self.read_until("interrupted")
        self.assertEqual(running.process.wait(LIMIT), 130)
        self.assertTrue(self.echoes())
        os.close(self.slave)

    @unittest.skipIf(HANDLERS_RUN_LATE, "ThreadSanitizer runs handlers of signals when it likes")
    def test_stopped_and_continued(self):
        line = (f"set -m; was=$(stty -g); AMI_PASSWORD= $AMI send Ping --url {self.mock.url()}; [ $was = $(stty -g) ] && "
                "echo restored; read; fg; [ $was = $(stty -g) ] && echo the same; read")
        with Terminal(line) as terminal:
            terminal.wait_for("^Password for admin@127.0.0.1:$")
            terminal.keys("C-z")
            terminal.wait_for("^restored$")
            terminal.keys("Enter")
            terminal.wait_for("(?s:restored.*)^Password for admin@127.0.0.1:$")
            terminal.keys("s", "e", "c", "r", "e", "t", "Enter")
            terminal.wait_for("^Success$", "^the same$", but_not="secret")


class ProcessList(PasswordTest):
    def test_not_on_the_command_line_of_the_process(self):
        with Running("events", "--url", self.mock.url()) as running:
            running.message("ready")
            with open(f"/proc/{running.process.pid}/cmdline", "rb") as file:
                line = file.read()
            self.assertIn(b"events", line)
            self.assertNotIn(b"secret", line)


if __name__ == "__main__":
    unittest.main()
