#!/usr/bin/env python3
"""call.py AMI COMMAND...

Takes COMMAND, a program that prints an event a line until Enter is pressed, through a call. AMI is the `ami`
program; the PBX is the Asterisk of tests/asterisk/run, or else `ami mock`.
"""

import contextlib
import os
import pty
import signal
import subprocess
import sys

LIMIT = 60  # seconds that nothing here takes unless it hangs


@contextlib.contextmanager
def pbx(ami):
    """The URL of a PBX, and a channel to call there."""
    if "ASTERISK_PORT" in os.environ:
        yield f"ami://admin:secret@127.0.0.1:{os.environ['ASTERISK_PORT']}", "Local/short@test"
        return
    with subprocess.Popen([ami, "mock", "--port", "0"], stdout=subprocess.PIPE, text=True) as mock:
        try:
            address = mock.stdout.readline().removeprefix("listening on ").strip()
            yield f"ami://admin:secret@{address}", "Local/100@test"
        finally:
            mock.terminate()


def lines_of(terminal):
    """What a program prints there, up to its end."""
    with contextlib.suppress(OSError), os.fdopen(terminal, errors="replace") as text:
        for line in text:
            print(line, end="")
            yield line


def wait_for(start, lines):
    for line in lines:
        if line.startswith(start):
            return
    raise EOFError(f"the program ended before it printed: {start}")


def take_through_call(ami, command):
    terminal, output = pty.openpty()  # whose lines come as they are printed, by any runtime
    with pbx(ami) as (url, channel):
        environment = {**os.environ, "AMI_URL": url}
        with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=output) as program:
            os.close(output)
            try:
                lines = lines_of(terminal)
                wait_for("ready", lines)
                subprocess.run([ami, "send", "Originate", f"Channel={channel}", "Application=Wait", "Data=0.1"],
                               env=environment, stdout=subprocess.DEVNULL, check=True)
                wait_for(f"Newchannel {channel}-", lines)
                wait_for(f"Hangup {channel}-", lines)
                program.stdin.write(b"\n")
                program.stdin.close()
                for _ in lines:
                    pass
                if program.wait() < 0:
                    raise ChildProcessError(f"the program was ended by signal {-program.returncode}")
                return program.returncode
            finally:
                program.kill()


def give_up(*_):
    raise TimeoutError(f"not done in {LIMIT} seconds")


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LIMIT)
    sys.exit(take_through_call(sys.argv[1], sys.argv[2:]))
