#!/usr/bin/env python3
"""What an event, an item or an action costs in instructions, allocations and system calls, against ceilings.

No clock is read: the client runs under valgrind, once with few and once with many, and the difference is the cost of
those between. The ceilings lie a tenth above what was measured when they were last lowered.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from bench import HERE, Server

FEW, MANY = 1_000, 5_000

# Of each: the client's arguments, and the ceilings on instructions, allocations and system calls. How many answers come
# with one reading is a matter of time, and with it the system calls of a ping: they have no ceiling.
NONE = float("inf")
CASES = {
    "loop, every event": ("flood {count}", 4050, 1.02, 0.1),
    "loop, one name of many": ("flood {count} --only Hangup", 960, 0.05, 0.1),
    "thread, every event": ("flood {count} --delivery thread", 4330, 1.05, 0.5),
    "queue, every event": ("flood {count} --delivery queue", 4290, 1.05, 0.5),
    "list, collected": ("list 1 {count}", 5550, 1.02, 0.1),
    "list, streamed": ("list 1 {count} --each", 5550, 1.02, 0.1),
    "ping, 100 in flight": ("ping {count} 100", 9850, 7.1, NONE),
    "action of ten fields": ("build {count}", 7250, 5.01, 0.001),
}


def under_valgrind(client, port, arguments, *tool):
    command = ["valgrind", *tool, client, "127.0.0.1", port, *arguments.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"bench_gate: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stderr


def number(pattern, text):
    return int(re.search(pattern, text)[1].replace(",", ""))


def cost(client, port, arguments, folder):
    """Instructions, allocations and system calls of one run."""
    text = under_valgrind(client, port, arguments, "--tool=callgrind", f"--callgrind-out-file={folder}/out")
    instructions = number(r"Collected : (\d+)", text)
    text = under_valgrind(client, port, arguments, "--tool=memcheck", "--leak-check=no", "--undef-value-errors=no")
    allocations = number(r"total heap usage: ([\d,]+) allocs", text)
    text = under_valgrind(client, port, arguments, "--tool=none", "--trace-syscalls=yes")
    calls = len(re.findall(r"^SYSCALL\[", text, re.MULTILINE))
    return instructions, allocations, calls


def main():
    client = sys.argv[1]
    if shutil.which("valgrind") is None:
        print("bench_gate: not run: there is no valgrind")
        return 0
    over = 0
    server = Server(pathlib.Path(client).parent, HERE.parent / "transcripts" / "22")
    print(f"{'each':<26}{'instructions':>22}{'allocations':>18}{'system calls':>18}   (ceiling)")
    try:
        with tempfile.TemporaryDirectory() as folder:
            for name, (arguments, *ceilings) in CASES.items():
                few = cost(client, server.port, arguments.format(count=FEW), folder)
                many = cost(client, server.port, arguments.format(count=MANY), folder)
                each = [(more - less) / (MANY - FEW) for less, more in zip(few, many)]
                line = "".join(f"{value:>11.2f} ({ceiling:g})".rjust(20) for value, ceiling in zip(each, ceilings))
                bad = any(value > ceiling for value, ceiling in zip(each, ceilings))
                over += bad
                print(f"{name:<26}{line}{'   OVER' if bad else ''}", flush=True)
    finally:
        server.end()
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
