"""`ami shell` at a terminal: editing, history, completion, and events above the line."""

import fcntl
import os
import pty
import re
import select
import signal
import stat
import struct
import subprocess
import tempfile
import termios
import time
import unittest

from program import LIMIT, PROGRAM, Mock, ProgramTest, environment
from server import Server
from terminal import Terminal

HELLO = b"Event: Hello\r\nFrom: %s\r\n\r\n"
COMMANDS = b"Response: Success\r\n{id}Frobnicate: Frobs.  (Priv: all)\r\nHangup: Hang up.  (Priv: call)\r\nPing: Pong.\r\n\r\n"
PROMPT = r"admin@127\.0\.0\.1> "
UP, LEFT = "\x1b[A", "\x1b[D"


class Shell:
    """One that runs on a pseudo-terminal."""

    def __init__(self, *arguments, state, width=80, extra=None):
        self.master, slave = pty.openpty()
        self.resize(width)
        variables = {"AMI_PASSWORD": "secret", "NO_COLOR": "1", "LANG": "C.UTF-8", "XDG_STATE_HOME": state, **(extra or {})}
        self.process = subprocess.Popen(
            [PROGRAM, "shell", *arguments], stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env=environment(variables), preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(slave)
        self.text = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(LIMIT)
        os.close(self.master)

    def resize(self, width):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))

    def type(self, text):
        os.write(self.master, text.encode())

    def until(self, pattern):
        """Waits for what has not been waited for; returns all up to there."""
        end = time.monotonic() + LIMIT
        while not (found := re.search(pattern, self.text)):
            if not select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"no {pattern!r} in {self.text!r}")
            try:
                self.text += os.read(self.master, 65536).decode()
            except OSError:  # all who had it open are gone
                raise AssertionError(f"no {pattern!r} in the last {self.text!r}") from None
        before, self.text = self.text[:found.end()], self.text[found.end():]
        return before

    def end(self):
        """The exit code, when it has ended by itself."""
        return self.process.wait(LIMIT)


class TypingTest(ProgramTest):
    def setUp(self):
        self.server = self.enterContext(Server({"listcommands": COMMANDS}))
        self.state = self.enterContext(tempfile.TemporaryDirectory())

    def shell(self, *arguments, **more):
        """One that is ready."""
        count = sum(name == "listcommands" for name, _ in self.server.actions)
        shell = self.enterContext(Shell("--url", self.server.url(), *arguments, state=self.state, **more))
        self.server.wait_for("listcommands", count + 1)
        shell.until(f"This is Asterisk Call Manager/[^\n]*\n{PROMPT}")
        return shell

    def history(self):
        with open(os.path.join(self.state, "ami", "history"), encoding="utf-8") as file:
            return file.read().splitlines()[1:]


class Typed(TypingTest):
    def test_an_action_and_the_end(self):
        shell = self.shell()
        shell.type("Ping\r")
        shell.until(f"Ping\r\nSuccess\r\n  Message  ok\r\n{PROMPT}")
        shell.type("\\q\r")
        self.assertEqual(shell.end(), 0)
        self.server.wait_for("logoff")

    def test_the_end_by_a_key(self):
        shell = self.shell()
        shell.type("\x04")
        self.assertEqual(shell.end(), 0)

    def test_errors_are_told_once(self):
        self.server.answers["ping"] = b"Response: Error\r\n{id}Message: No\r\n\r\n"
        shell = self.shell()
        shell.type("Ping\r")
        shell.until(f"Ping\r\nError\r\n  Message  No\r\n{PROMPT}")
        shell.type("Pong\r")
        shell.until(rf"\r\nami: no Asterisk [^\n]*\(Pong\): did you mean Ping\? [^\n]*\n{PROMPT}")

    def test_editing(self):
        shell = self.shell()
        shell.type("ing X=caf\u00e9" + LEFT + "\x7ff\x01P\x05!\r")  # Backspace, Ctrl-A, Ctrl-E
        shell.until("Success")
        self.assertIn("X: caf\u00e9!".encode(), self.server.wait_for("ping"))

    def test_a_line_that_is_given_up(self):
        shell = self.shell()
        shell.type("Hangup Channel=x\x03Ping\r")
        shell.until("Success")
        self.assertNotIn("hangup", [name for name, _ in self.server.actions])

    def test_an_action_that_is_given_up(self):
        self.server.answers["hangup"] = b""
        shell = self.shell()
        shell.type("Hangup Channel=x\r")
        self.server.wait_for("hangup")
        shell.type("\x03")
        shell.until(rf"ami: Hangup: canceled \(AMI_ECANCELED\): Hangup was sent, and Asterisk may have run it\r\n{PROMPT}")
        shell.type("\\q\r")
        self.assertEqual(shell.end(), 0)

    def test_a_signal_leaves_the_terminal_as_it_was(self):
        shell = self.shell()
        shell.process.send_signal(signal.SIGTERM)
        shell.until("ami: interrupted: the shell has ended\r\n")
        flags = termios.tcgetattr(shell.master)[3]
        self.assertEqual(flags & (termios.ISIG | termios.ICANON | termios.ECHO), termios.ISIG | termios.ICANON | termios.ECHO)
        self.assertEqual(shell.end(), 143)


    def test_stopped_and_continued(self):
        line = (f"set -m; was=$(stty -g); $AMI shell --url {self.server.url()}; [ $was = $(stty -g) ] && echo restored; read; "
                "fg; echo ended with $?; [ $was = $(stty -g) ] && echo the same; read")
        with Terminal(line, extra={"XDG_STATE_HOME": self.state}) as terminal:
            terminal.wait_for("^admin@127.0.0.1>$")
            terminal.keys("P", "i", "n", "C-z")
            terminal.wait_for("^restored$")
            terminal.keys("Enter")
            terminal.wait_for("(?s:restored.*)^admin@127.0.0.1> Pin$")
            terminal.keys("g", "Enter")
            self.server.wait_for("ping")
            terminal.wait_for("(?s:^Success$.*)^admin@127.0.0.1>$")  # a key before the prompt would be flushed
            terminal.keys("C-d")
            terminal.wait_for("^ended with 0$", "^the same$")


class Completed(TypingTest):
    def setUp(self):
        super().setUp()
        self.ready = self.shell()
        # The list of actions has been read when the answer to a later action is there.
        self.ready.type("Ping\r")
        self.ready.until(f"Success\r\n  Message  ok\r\n{PROMPT}")

    def test_an_action_that_only_the_server_has(self):
        self.ready.type("fro\t\r")
        self.ready.until("Success")
        self.server.wait_for("frobnicate")

    def test_headers_from_the_catalogue(self):
        self.ready.type("Hangup ch\tx Ca\t16\r")
        self.ready.until("Success")
        lines = self.server.wait_for("hangup")
        self.assertIn(b"Channel: x", lines)
        self.assertIn(b"Cause: 16", lines)

    def test_candidates(self):
        self.ready.type("\t")
        self.ready.until(f"Frobnicate  Hangup      Ping\r\n{PROMPT}")
        self.ready.type("Hangup Channel=x --f\tPing=y\r")
        self.ready.until("Success")
        self.assertIn(b"Ping: y", self.server.wait_for("hangup"))


class Above(TypingTest):
    def test_events_do_not_break_the_line(self):
        shell = self.shell()
        shell.type("Pin")
        shell.until("Pin")
        for number in (b"1", b"2"):
            self.server.push(HELLO % number)
            shell.until(rf"\r\x1b\[J\d\d:[^\n]* Hello  [^\n]*From={number.decode()}\r\n{PROMPT}Pin")
        shell.type("g\r")
        shell.until("Success")
        self.server.wait_for("ping")

    def test_nor_one_of_many_rows(self):
        shell = self.shell(width=40)
        shell.type("Hangup Channel=" + "x" * 60)
        shell.until("x{40}")
        self.server.push(HELLO % b"1")
        shell.until(rf"\x1b\[2A\r\x1b\[J\d\d:[^\n]*From=1\r\n{PROMPT}Hangup Channel=x+")
        shell.type("\x15Ping\r")  # Ctrl-U
        shell.until("Success")

    def test_nor_where_the_width_changes(self):
        shell = self.shell()
        shell.type("Hangup Channel=" + "x" * 40)
        shell.until("x{40}")
        shell.resize(40)
        self.server.push(HELLO % b"1")
        shell.until(rf"\x1b\[1A\r\x1b\[J\d\d:[^\n]*From=1\r\n{PROMPT}Hangup Channel=x+")

    def test_nothing_in_an_event_commands_the_terminal(self):
        shell = self.shell()
        self.server.push(HELLO % b"a\x1b[2Jb\x07")
        shell.until(r"From=a\\x1b\[2Jb\\x07\r\n")

    def test_filters(self):
        shell = self.shell("Hello")
        self.server.push(b"Event: Other\r\n\r\n" + HELLO % b"1")
        self.assertNotIn("Other", shell.until("From=1"))
        shell.type("\\f From=2\r")
        shell.until("events: From=2\r\n")
        self.server.push(HELLO % b"3" + HELLO % b"2")
        self.assertNotIn("From=3", shell.until("  From=2"))
        shell.type("\\f\r\\f off\r")
        shell.until("events: From=2\r\n(?s:.*)events: off\r\n")

    def test_during_an_action(self):
        self.server.answers["ping"] = HELLO % b"1" + b"Response: Success\r\n{id}\r\n"
        shell = self.shell()
        shell.type("Ping\r")
        shell.until(f"Ping\r\n[^\n]*From=1\r\nSuccess\r\n{PROMPT}")

    def test_without_a_connection(self):
        shell = self.shell("-o", "reconnect=100000", "-o", "reconnect.max_ms=100000", "-o", "reconnect.jitter=none")
        self.server.drop()
        shell.until(r"connection-reconnecting[^\n]*\r\nadmin@127\.0\.0\.1 \(not connected\)> ")
        shell.type("Ping\r")
        shell.until("ami: [^\n]*not ")

    def test_a_connection_that_comes_back(self):
        shell = self.shell("-o", "reconnect=1", "Hello")
        self.server.drop()
        shell.until(rf" gap  [^\n]*\n(?s:.*){PROMPT}")
        shell.type("Ping\r")
        shell.until("Success")


class Kept(TypingTest):
    def test_the_history(self):
        shell = self.shell()
        for line in ("Ping X=1", " Ping Blank=1", "Ping X=1", "Login Username=a Secret=topsy",
                     "SetVar Variable=password Value=t", "!manager show user pIN=1", "\\f off"):
            shell.type(line + "\r")
        shell.type("\\q\r")
        self.assertEqual(shell.end(), 0)
        self.assertEqual(self.history(), ["Ping\\040X=1", "\\134f\\040off", "\\134q"])
        for path, mode in (("ami", 0o700), ("ami/history", 0o600)):
            self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.state, path)).st_mode), mode)
        self.assertEqual(os.listdir(os.path.join(self.state, "ami")), ["history"])
        shell = self.shell()
        shell.type(UP * 3 + "0\r")
        shell.until("Success")
        self.assertIn(b"X: 10", self.server.wait_for("ping"))

    def test_the_history_of_two_shells(self):
        one, two = self.shell(), self.shell()
        for number in range(2):
            for name, shell in (("One", one), ("Two", two)):
                shell.type(f"Ping {name}={number}\r")
                shell.until(f"Success(?s:.*){PROMPT}")
        one.type("\\q\r")
        self.assertEqual(one.end(), 0)
        self.assertEqual(self.history(),
                         ["Ping\\040One=0", "Ping\\040Two=0", "Ping\\040One=1", "Ping\\040Two=1", "\\134q"])

    def test_a_search(self):
        shell = self.shell()
        shell.type("Ping First=1\rPing Second=2\r")
        self.server.wait_for("ping", 2)
        shell.until(f"Success(?s:.*)Success(?s:.*){PROMPT}")
        shell.type("\x12Fir\r")
        self.assertIn(b"First: 1", self.server.wait_for("ping", 3))

    def test_a_password_that_is_asked_for(self):
        with Shell("--url", self.server.url(), state=self.state, extra={"AMI_PASSWORD": ""}) as shell:
            shell.until("Password for admin@127.0.0.1: ")
            shell.type("topsy\r")
            shell.until(PROMPT)
            shell.type("Ping\r")
            self.assertNotIn("topsy", shell.until("Success"))
            shell.type("\\q\r")
            self.assertEqual(shell.end(), 0)
        self.assertEqual(self.history(), ["Ping", "\\134q"])

    def test_no_place_for_it(self):
        file = os.path.join(self.state, "file")
        with open(file, "wb"):
            pass
        with Shell("--url", self.server.url(), state=file) as shell:
            shell.until(f"ami: no history of this session is kept (?s:.*){PROMPT}")
            shell.type("Ping\r")
            shell.until("Success")
            shell.type(UP + " X=1\r")
            self.assertIn(b"X: 1", self.server.wait_for("ping", 2))


class WithMock(ProgramTest):
    def test_a_call(self):
        with Mock() as mock, tempfile.TemporaryDirectory() as state:
            with Shell("--url", mock.url(), "Hangup", state=state) as shell:
                shell.until(PROMPT)
                shell.type("Originate Channel=Local/106@test Application=Wait Data=0\r")
                shell.until("Success")
                shell.until(f"Hangup  [^\n]*Cause-txt=\"Normal Clearing\"[^\n]*\n(?s:.*){PROMPT}")


if __name__ == "__main__":
    unittest.main()
