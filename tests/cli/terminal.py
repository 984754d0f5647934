"""A terminal that a program runs in, and whose screen can be read: tmux, in its control mode, which tells of every
output, so that nothing here is looked at again and again."""

import os
import re
import select
import subprocess
import tempfile
import time

from program import LIMIT, PROGRAM, environment

MODES = "#{alternate_on} #{cursor_flag}"  # whether the other screen is shown, and the cursor


class Terminal:
    """Runs a line of shell in which $AMI is the program, and $PID a file for a process's number."""

    def __init__(self, command, width=80, height=24, extra=None):
        self.folder = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.folder.name, "socket")
        self.pid_file = os.path.join(self.folder.name, "pid")
        variables = environment({"AMI": PROGRAM, "PID": self.pid_file, "AMI_PASSWORD": "secret", "LANG": "C.UTF-8",
                                 **(extra or {})})
        self.process = subprocess.Popen(
            ["tmux", "-u", "-S", self.socket, "-f", "/dev/null", "-C", "new-session", "-x", str(width), "-y", str(height),
             "bash", "--norc", "-c", command],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=variables)
        self.rest = b""
        self.shown = []  # when it was last looked at
        self.output = b""  # all that was written to the terminal, control characters in octal
        self._answer()  # of new-session itself
        self.tell(f"resize-window -x {width} -y {height}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       timeout=LIMIT, check=False)
        self.process.communicate(timeout=LIMIT)
        self.folder.cleanup()

    def pid(self):
        with open(self.pid_file, encoding="ascii") as file:
            return int(file.read())

    def tell(self, command):
        """A command of tmux; the lines of its answer."""
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        return self._answer()

    def keys(self, *names):
        self.tell("send-keys " + " ".join(f"'{name}'" for name in names))

    def resize(self, width, height):
        self.tell(f"resize-window -x {width} -y {height}")

    def lines(self, with_colours=False):
        return self.tell("capture-pane -p" + (" -e" if with_colours else ""))

    def modes(self):
        return self.tell(f"display-message -p '{MODES}'")[0]

    def wait_for(self, *patterns, but_not=None, with_colours=False):
        """Waits until every pattern is found on the screen, and the other is not; returns its lines."""
        limit = time.monotonic() + LIMIT
        while True:
            lines = self.lines(with_colours)
            self.shown = lines
            text = "\n".join(lines)
            is_there = all(re.search(pattern, text, re.MULTILINE) for pattern in patterns)
            if is_there and not (but_not and re.search(but_not, text, re.MULTILINE)):
                return lines
            if time.monotonic() > limit:
                raise AssertionError(f"not on the screen: {patterns} (or still there: {but_not})\n{text}")
            while not self._line().startswith(b"%output"):
                pass

    def _answer(self):
        lines = []
        while not (line := self._line()).startswith(b"%begin"):
            pass
        end = tuple(word + line[len(b"%begin"):] for word in (b"%end", b"%error"))
        while (line := self._line()) not in end:
            lines.append(line.decode())
        if line.startswith(b"%error"):
            raise ValueError(lines)
        return lines

    def _line(self):
        while b"\n" not in self.rest:
            ready, _, _ = select.select([self.process.stdout], [], [], LIMIT)
            more = os.read(self.process.stdout.fileno(), 65536) if ready else b""
            if not more:
                raise AssertionError("nothing more is shown:\n" + "\n".join(self.shown))
            self.rest += more
        line, self.rest = self.rest.split(b"\n", 1)
        if line.startswith(b"%output"):
            self.output += line.split(b" ", 2)[2]
        return line
