#!/usr/bin/env python3
"""What an event, an item or an action costs, against ceilings: gate.py CLIENT COMPILER PART

No clock is read: the client runs under valgrind, once with few and once with many, and the difference is the cost of
those between. Every run must have counted exactly what the load server sends. PART is

  instructions  of each, against ceilings that lie a tenth above what was measured when they were last lowered
  calls         allocations and system calls of each, likewise
  growth        how much more instructions a larger number makes, and how often a consumer is woken
"""

import json
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

from bench import HERE, Server
from corpus import Corpus

FEW, MANY = 1_000, 5_000
NOT_RUN = 77  # ctest's SKIP_RETURN_CODE

# Of each: the client's arguments, and the ceilings on instructions, allocations and system calls. How many answers come
# with one reading is a matter of time, and with it the system calls of a ping: they have no ceiling. Those of actions
# that are sent in one turn of the loop are counted by their writes alone.
NONE = float("inf")
CASES = {
    "loop, every event": ("flood {count}", 3820, 1.02, 0.1),
    "loop, one name of many": ("flood {count} --only DeviceStateChange", 890, 0.07, 0.1),
    "loop, none of the names": ("flood {count} --only NoSuch", 790, 0.001, 0.1),
    "thread, every event": ("flood {count} --delivery thread", 4330, 1.05, 0.5),
    "queue, every event": ("flood {count} --delivery queue", 4290, 1.05, 0.5),
    "list, collected": ("list 1 {count}", 4380, 1.02, 0.1),
    "list, streamed": ("list 1 {count} --each", 4190, 1.02, 0.1),
    "ping, 100 in flight": ("ping {count} 100", 6580, 4.1, NONE),
    "action of one turn, writes": ("ping {count} {count}", NONE, NONE, 0.01),
    "action of ten fields": ("build {count}", 7250, 5.01, 0.001),
}
PARTS = {"instructions": (0,), "calls": (1, 2)}
COUNTED = "instructions", "allocations", "system calls"
ANY_CALL, WRITES = r"^SYSCALL\[", r"^SYSCALL\[.* sys_(write|writev|sendto|sendmsg) "

# What each costs with a larger number, as times what it costs with a smaller one. With 1,000 handlers more malloc()
# looks a little longer for room. Of 10,000 answers that are awaited any number may come with one reading, down to the
# one of a single ping in flight, which is therefore what they are held against.
GROWTH = {
    "1,000 handlers more": ("flood {count}", "flood {count} --handlers 1000", 1.1),
    "1,000 globs more": ("flood {count}", "flood {count} --globs 1000", 1.1),
    "100 in flight, and 1": ("ping {count} 1", "ping {count} 100", 1),
    "10,000 in flight, and 1": ("ping {count} 1", "ping {count} 10000", 1),
}
COMMIT, NOTIFY = "ami::QueueLane::commit(bool)", "std::condition_variable::notify_one()"


class Gate:
    def __init__(self, client, folder):
        self.client, self.out = client, f"{folder}/out"
        recordings = HERE.parent / "transcripts" / "22"
        self.corpus = Corpus(recordings)
        self.server = Server(pathlib.Path(client).parent, recordings)
        self.bad = 0

    def run(self, arguments, *tool):
        command = ["valgrind", *tool, self.client, "127.0.0.1", self.server.port, *arguments.split()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        if done.returncode != 0:
            sys.exit(f"bench_gate: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
        self.check_counts(arguments, json.loads(done.stdout))
        return done.stderr

    def check_counts(self, arguments, run):
        mode, *rest = arguments.split()
        if mode == "flood":
            expected = self.corpus.sums(int(rest[0]), rest[rest.index("--only") + 1] if "--only" in rest else "*")
            del expected["vlen"]
        elif mode == "list":
            items = range(1, int(rest[1]) + 1)
            expected = {"items": len(items), "uidlen": sum(len(f"1700000000.{number}") for number in items)}
        else:
            expected = {"ok": int(rest[0])}
        found = {name: run[name] for name in expected}
        if found != expected:
            self.bad += 1
            print(f"{arguments}: counted {found} of {expected}   NOT EXACT", flush=True)

    def figure(self, kind, name, arguments):
        """One of COUNTED, of a whole run."""
        if kind == 0:
            text = self.run(arguments, "--tool=callgrind", f"--callgrind-out-file={self.out}")
            return number(r"Collected : (\d+)", text)
        if kind == 1:
            text = self.run(arguments, "--tool=memcheck", "--leak-check=no", "--undef-value-errors=no")
            return number(r"total heap usage: ([\d,]+) allocs", text)
        text = self.run(arguments, "--tool=none", "--trace-syscalls=yes")
        return len(re.findall(WRITES if name.endswith("writes") else ANY_CALL, text, re.MULTILINE))

    def each(self, kind, name, arguments, more=0):
        few, many = (self.figure(kind, name, arguments.format(count=count + more)) for count in (FEW, MANY))
        return (many - few) / (MANY - FEW)

    def tell(self, name, figures, good):
        self.bad += not good
        print(f"{name:<28}{figures}{'' if good else '   OVER'}", flush=True)

    def ceilings(self, kinds):
        print(f"{'each':<28}" + "".join(f"{COUNTED[kind]:>22}" for kind in kinds) + "   (ceiling)")
        for name, (arguments, *limits) in CASES.items():
            asked = {kind: limits[kind] for kind in kinds if limits[kind] != NONE}
            found = {kind: self.each(kind, name, arguments) for kind in asked}
            line = "".join((f"{found[kind]:.4g} ({asked[kind]:g})" if kind in asked else "").rjust(22) for kind in kinds)
            if asked:
                self.tell(name, line, all(found[kind] <= asked[kind] for kind in asked))

    def growth(self):
        known = {}
        for name, (*both, limit) in GROWTH.items():
            for arguments in both:
                # As many more as are in flight, lest the number of these fall between few and many.
                more = int(arguments.split()[2]) if arguments.startswith("ping") else 0
                known[arguments] = known.get(arguments) or self.each(0, name, arguments, more)
            small, large = (known[arguments] for arguments in both)
            self.tell(name, f"{small:.0f} and {large:.0f} instructions: {large / small:.2f} ({limit:g})",
                      large / small <= limit)

    def wakes(self, delivery):
        """A batch is what a turn of the loop has read; one that is large is handed over by readings. Each wakes its
        consumer once at most."""
        self.figure(0, "", f"flood {MANY} --delivery {delivery}")
        calls = list(calls_of(self.out))
        wakes = sum(count for callee, caller, count in calls if (callee, caller) == (NOTIFY, COMMIT))
        batches, readings, turns = (sum(count for callee, _, count in calls if re.fullmatch(pattern, callee))
                                    for pattern in (re.escape(COMMIT), "recv|__recv", "epoll_p?wait2?"))
        self.tell(f"{delivery}, wake-ups", f"{wakes} for {batches} batches of {readings} readings in {turns} turns",
                  0 < wakes <= batches <= readings + turns)


def calls_of(path):
    """Of a callgrind file who was called by whom, and how often."""
    names, caller, callee = {}, "", ""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if found := re.match(r"(c?)fn=(\(\d+\))(?: (.*))?", line):
                name = names.setdefault(found[2], found[3])
                caller, callee = (caller, name) if found[1] else (name, "")
            elif found := re.match(r"calls=(\d+)", line):
                yield callee, caller, int(found[1])


def number(pattern, text):
    return int(re.search(pattern, text)[1].replace(",", ""))


def why_not(part, compiler):
    """Why a part cannot be asked for here; "" if it can."""
    if shutil.which("valgrind") is None:
        return "there is no valgrind"
    if part != "instructions":
        return ""
    if platform.machine() != "x86_64" or compiler != "GNU":
        return f"the ceilings are those of gcc on x86_64, and this is {compiler} on {platform.machine()}"
    found = subprocess.run(["valgrind", "-v", "--tool=none", "true"], capture_output=True, text=True, check=True)
    hwcaps = re.search(r"hwcaps: (.*)", found.stderr)
    if hwcaps is None or not {"avx2", "bmi"} <= set(re.split(r"[-, ]+", hwcaps[1])):
        return "the ceilings are those of AVX2, which valgrind does not have on this processor"
    return ""


def main():
    client, compiler, part = sys.argv[1:]
    reason = why_not(part, compiler)
    if reason:
        print(f"bench.gate.{part}: not run: {reason}")
        return NOT_RUN
    with tempfile.TemporaryDirectory() as folder:
        gate = Gate(client, folder)
        try:
            if part in PARTS:
                gate.ceilings(PARTS[part])
            else:
                gate.growth()
                gate.wakes("thread")
                gate.wakes("queue")
        finally:
            gate.server.end()
    return 1 if gate.bad else 0


if __name__ == "__main__":
    sys.exit(main())
