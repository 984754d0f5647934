"""The program under test as a child process, and what surrounds it."""

import contextlib
import errno
import json
import os
import select
import signal
import socket
import subprocess
import time
import unittest

PROGRAM = os.environ.get("AMI_PROGRAM", "ami")
LIMIT = 30  # seconds that nothing here takes unless it hangs


def environment(extra=None):
    """Ours without what would change the program's ways."""
    kept = {name: value for name, value in os.environ.items()
            if not name.startswith("AMI_") and name not in ("NO_COLOR", "TERM")}
    kept["TERM"] = "xterm"
    kept["TZ"] = "UTC"
    kept["XDG_CONFIG_HOME"] = "/nonexistent"
    kept.update(extra or {})
    return kept


def run(*arguments, password="secret", stdin=subprocess.DEVNULL, extra=None, **more):
    """Runs to the end; stdout and stderr as bytes."""
    variables = dict(extra or {})
    if password is not None:
        variables["AMI_PASSWORD"] = password
    if "input" in more:
        stdin = None
    return subprocess.run([PROGRAM, *arguments], stdin=stdin, capture_output=True, timeout=LIMIT,
                          env=environment(variables), check=False, **more)


@contextlib.contextmanager
def refusing_port():
    """A port that nobody listens on, and nobody else can take meanwhile."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


class Running:
    """Goes on while the test looks at it."""

    def __init__(self, *arguments, password="secret", extra=None, stdin=subprocess.DEVNULL,
                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more):
        variables = dict(extra or {})
        if password is not None:
            variables["AMI_PASSWORD"] = password
        self.process = subprocess.Popen([PROGRAM, *arguments], stdin=stdin, stdout=stdout, stderr=stderr,
                                        env=environment(variables), **more)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            if stream:
                stream.close()

    def line(self):
        """The next line of stdout; "" at its end."""
        end = time.monotonic() + LIMIT
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise TimeoutError(f"no line; so far {self.rest!r}")
            more = os.read(self.process.stdout.fileno(), 65536)
            if not more:
                last, self.rest = self.rest, b""
                return last.decode()
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def message(self, name):
        """The next JSON message of that name; those before it are passed over."""
        while True:
            line = self.line()
            if not line:
                raise EOFError(f"no {name}; stderr: {self.process.stderr.read()!r}")
            message = json.loads(line)
            if message["name"] == name:
                return message

    def signal(self, number):
        self.process.send_signal(number)

    def end(self):
        """Waits; the exit code, the rest of stdout, and stderr."""
        out, err = self.process.communicate(timeout=LIMIT)
        out, self.rest = self.rest + (out or b""), b""
        return self.process.returncode, out, err


class Mock(Running):
    """`ami mock` on a free port."""

    def __init__(self, *arguments):
        super().__init__("mock", "--port", "0", *arguments, password=None, stderr=None)
        first = self.line()
        prefix = "listening on 127.0.0.1:"
        if not first.startswith(prefix):
            raise ValueError(f"not the mock's first line: {first!r}")
        self.port = int(first[len(prefix):])

    def url(self, user="admin"):
        return f"ami://{user}@127.0.0.1:{self.port}"

    def __exit__(self, *exception):
        try:
            self.signal(signal.SIGTERM)  # nothing when it has ended
            code = self.process.wait(LIMIT)
        finally:
            super().__exit__()
        if exception[0] is None and code != 0:
            raise ChildProcessError(f"the mock has ended with {code}")


class ProgramTest(unittest.TestCase):
    """Comparisons of results."""

    maxDiff = None

    def assert_ended(self, result, code, out=None, err=None):
        """out: all of stdout; err: a part of stderr, or "" for none at all."""
        self.assertEqual(result.returncode, code, result)
        if out is not None:
            self.assertEqual(result.stdout, out)
        if err == "":
            self.assertEqual(result.stderr, b"")
        elif err is not None:
            self.assertIn(err, result.stderr.decode())


def terminal_text(master):
    """All that appears on a pseudo-terminal until its last user has closed it."""
    data, end = b"", time.monotonic() + LIMIT
    while select.select([master], [], [], max(0, end - time.monotonic()))[0]:
        try:
            more = os.read(master, 65536)
        except OSError as error:  # as which Linux tells of the end
            if error.errno != errno.EIO:
                raise
            return data
        if not more:
            return data
        data += more
    raise TimeoutError(f"no end; so far {data!r}")


def restored(text):
    """The bytes that a string of the program's JSON stands for."""
    return b"".join(bytes([ord(c) & 0xFF]) if 0xEF80 <= ord(c) <= 0xEFFF else c.encode() for c in text)
