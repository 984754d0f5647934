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
# with one reading is a matter of time, and with it the system calls of a ping: they have no ceiling. Those of actions
# that are sent in one turn of the loop are counted by their writes alone.
NONE = float("inf")
CASES = {
    "loop, every event": ("flood {count}", 3970, 1.02, 0.1),
    "loop, one name of many": ("flood {count} --only Hangup", 880, 0.05, 0.1),
    "thread, every event": ("flood {count} --delivery thread", 4330, 1.05, 0.5),
    "queue, every event": ("flood {count} --delivery queue", 4290, 1.05, 0.5),
    "list, collected": ("list 1 {count}", 4480, 1.02, 0.1),
    "list, streamed": ("list 1 {count} --each", 4480, 1.02, 0.1),
    "ping, 100 in flight": ("ping {count} 100", 6930, 4.1, NONE),
    "action of one turn, writes": ("ping {count} {count}", NONE, NONE, 0.01),
    "action of ten fields": ("build {count}", 7250, 5.01, 0.001),
}
ANY_CALL, WRITES = r"^SYSCALL\[", r"^SYSCALL\[.* sys_(write|writev|sendto|sendmsg) "


def under_valgrind(client, port, arguments, *tool):
    command = ["valgrind", *tool, client, "127.0.0.1", port, *arguments.split()]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"bench_gate: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stderr


def number(pattern, text):
    return int(re.search(pattern, text)[1].replace(",", ""))


def cost(client, port, name, count, folder):
    """Instructions, allocations and system calls of one run; 0 for those without a ceiling."""
    arguments, *ceilings = CASES[name]
    arguments = arguments.format(count=count)
    figures = [0, 0, 0]
    if ceilings[0] != NONE:
        text = under_valgrind(client, port, arguments, "--tool=callgrind", f"--callgrind-out-file={folder}/out")
        figures[0] = number(r"Collected : (\d+)", text)
    if ceilings[1] != NONE:
        text = under_valgrind(client, port, arguments, "--tool=memcheck", "--leak-check=no", "--undef-value-errors=no")
        figures[1] = number(r"total heap usage: ([\d,]+) allocs", text)
    if ceilings[2] != NONE:
        text = under_valgrind(client, port, arguments, "--tool=none", "--trace-syscalls=yes")
        figures[2] = len(re.findall(WRITES if name.endswith("writes") else ANY_CALL, text, re.MULTILINE))
    return figures


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
            for name, (_, *ceilings) in CASES.items():
                few = cost(client, server.port, name, FEW, folder)
                many = cost(client, server.port, name, MANY, folder)
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
