#!/usr/bin/env python3
"""Runs the benchmark: every row several rounds over, interleaved, and the goals as ratios within this run.

Writes a table, with --out also JSON and an SVG plot, and with --page the figures into a page. Ends with 1, and writes
nothing, when a flood was not counted exactly, never because of a time.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile

import bindings
import page
import plot
import rows
from corpus import Corpus

HERE = pathlib.Path(__file__).resolve().parent
EXACT = ("events", "evlen", "uid", "uidlen", "vlen", "items")


class Server:
    def __init__(self, programs, corpus, *options):
        self.process = subprocess.Popen([programs / "bench_server", corpus, *options],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        first = self.process.stdout.readline()
        if not first.startswith("listening on "):
            sys.exit(f"bench: the load server does not start: {first!r}")
        self.port = first.strip().rpartition(":")[2]
        self.corpus = json.loads(self.process.stdout.readline())

    def end(self):
        self.process.communicate()


def certificate(folder):
    """A key and a certificate, good for an hour of measuring."""
    names = folder / "bench.crt", folder / "bench.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
                    "-out", names[0], "-keyout", names[1]], check=True, capture_output=True)
    return names


def option_of(row, name, otherwise):
    arguments = row.arguments.split()
    return arguments[arguments.index(name) + 1] if name in arguments else otherwise


def asked_of(row):
    """Of a row that reads events or items what they are, whoever reads them; None of others."""
    mode, *arguments = row.arguments.split()
    if mode not in ("flood", "verify", "paced", "list"):
        return None
    return mode, *arguments[:2 if mode == "list" else 1], int(option_of(row, "--connections", 1))


def run_client(options, port, row):
    arguments = row.arguments.split()
    source = [options.corpus] if row.program == "parser" else ["127.0.0.1", port]
    command = [options.programs / f"bench_{row.program}", *source, *arguments]
    environment = os.environ | dict([row.environment.split("=")] if row.environment else [])
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, env=environment)
    if done.returncode != 0:
        sys.exit(f"bench: {row.name}: {' '.join(map(str, command))}\n{done.stderr}")
    run = json.loads(done.stdout)
    run["connections"] = int(option_of(row, "--connections", 1))
    if row.program != "parser" and len(arguments) > 1 and arguments[1][0].isdigit():
        run["sent"] = int(arguments[1].partition(",")[0]) * run["connections"]
    return run


def run_references(options, servers):
    """The reference, once, on each flood and list that no row of its own asks for: what the others must have read."""
    table = options.table.rows(not options.quick)
    known = {asked_of(row) for row in table if row.program == "reference"}
    runs = []
    for row in table:
        asked = asked_of(row)
        if asked is None or asked in known:
            continue
        known.add(asked)
        *arguments, connections = asked
        many = ["--uv", "--connections", str(connections)] if connections > 1 else []
        bare = dataclasses.replace(row, name=f"reference for {row.name}", program="reference",
                                   arguments=" ".join(arguments + many), server="plain", environment="")
        runs.append((bare, run_client(options, servers["plain"].port, bare)))
    return runs


def check_exact(runs, corpus):
    """What was asked for has come; and of the same flood libami has read the same as the reference, or, of one name of
    it, what the corpus has."""
    faults, sums = [], {}
    for row, run in runs:
        mode, *arguments = row.arguments.split()
        only = option_of(row, "--only", "")
        counted = mode in ("flood", "verify", "paced") and not only
        if only:
            expected = corpus.sums(run["sent"], only)
            faults += [f"{row.name}: {name} is {run[name]}, not {expected[name]}"
                       for name in EXACT if name in run and run[name] != expected[name]]
        if counted and run["events"] != run["sent"]:
            faults.append(f"{row.name}: {run['events']} of {run['sent']} events")
        if row.program == "parser":
            figures = tuple(run[name] / run["bytes"] for name in ("messages", "headers", "sizes"))
            if sums.setdefault("parser", figures) != figures:
                faults.append(f"{row.name}: {figures} is not what the others found")
        if mode == "list" and run["items"] != int(arguments[0]) * int(arguments[1]):
            faults.append(f"{row.name}: {run['items']} items")
        if mode == "restart" and run["p99_ns"] == 0:
            faults.append(f"{row.name}: nobody came back")
        if mode == "ping" and run["ok"] != run["sent"]:
            faults.append(f"{row.name}: {run['ok']} of {run['sent']} answers")
        if counted or mode == "list":
            figures = tuple(run.get(name) for name in EXACT)
            if sums.setdefault(asked_of(row), figures) != figures:
                faults.append(f"{row.name}: {figures} is not what the others read of the same")
    return faults


def measure(options, servers):
    """The figures of every row, by name: one for each round."""
    figures = {row.name: [] for row in options.table.rows(not options.quick)}
    faults, references, corpus = [], run_references(options, servers), Corpus(options.corpus)
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        runs, known = references[:], {}
        for row in options.table.rows(not options.quick):
            key = row.program, row.arguments, row.server, row.environment
            if key not in known:
                known[key] = run_client(options, servers[row.server].port, row)
            runs.append((row, known[key]))
            figures[row.name].append(rows.FIGURES[row.figure][0](known[key]) / row.per)
        faults += check_exact(runs, corpus)
    return figures, faults


def goals(figures, asked):
    """Of each goal its figure: the median over the rounds of the ratio within a round."""
    result = []
    for goal in asked:
        own = figures[goal.row]
        other = figures[goal.against] if goal.against else [1] * len(own)
        value = statistics.median(a / b for a, b in zip(own, other))
        met = value >= goal.limit if goal.at_least else value <= goal.limit
        result.append({"goal": goal.text, "value": value, "limit": goal.limit, "at_least": goal.at_least, "met": met,
                       "absolute": not goal.against})
    return result


def show(report):
    corpus = report["corpus"]
    print(f"\n{report['machine']}; corpus: {corpus['events']} events of {corpus['bytes']:.0f} bytes and "
          f"{corpus['headers']:.1f} headers; {report['rounds']} rounds, medians\n")
    print(f"{'row':<40} {'median':>12} {'lowest':>12} {'highest':>12}")
    for row in report["rows"]:
        print(f"{row['name']:<40} {row['median']:>12,.1f} {row['lowest']:>12,.1f} {row['highest']:>12,.1f} "
              f"{row['unit']:<4} {row['figure']}")
    print(f"\n{'goal':<40} {'reached':>12} {'limit':>12}")
    for goal in report["goals"]:
        sign = ">=" if goal["at_least"] else "<="
        print(f"{goal['goal']:<40} {goal['value']:>12.2f} {sign:>6} {goal['limit']:>5g} "
              f"{'' if goal['met'] else '  not reached'}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs", type=pathlib.Path, help="the folder with bench_server and the clients")
    parser.add_argument("--quick", action="store_true", help="small runs, two rounds: under a minute")
    parser.add_argument("--rounds", type=int, default=0)
    parser.add_argument("--corpus", type=pathlib.Path, default=HERE.parent / "transcripts" / "22")
    parser.add_argument("--out", type=pathlib.Path, help="writes OUT.json and OUT.svg")
    parser.add_argument("--page", type=pathlib.Path, help="docs/performance.md, whose figures become these")
    parser.add_argument("--bindings", action="store_true", help="Python, Go and Node instead of the library's own rows")
    options = parser.parse_args()
    options.table = bindings if options.bindings else rows
    options.rounds = options.rounds or (2 if options.quick else 5)
    with tempfile.TemporaryDirectory() as folder:
        pair = certificate(pathlib.Path(folder))
        servers = {"plain": Server(options.programs, options.corpus),
                   "batched": Server(options.programs, options.corpus, "--batched"),
                   "tls": Server(options.programs, options.corpus, "--tls", *pair)}
        try:
            figures, faults = measure(options, servers)
        finally:
            for server in servers.values():
                server.end()
    report = {"machine": f"{platform.machine()}, {os.cpu_count()} processors", "rounds": options.rounds,
              "quick": options.quick, "corpus": servers["plain"].corpus, "goals": goals(figures, options.table.GOALS),
              "rows": [{"name": row.name, "figure": row.figure, "unit": rows.FIGURES[row.figure][1],
                        "median": statistics.median(figures[row.name]), "lowest": min(figures[row.name]),
                        "highest": max(figures[row.name])} for row in options.table.rows(not options.quick)]}
    show(report)
    for fault in faults:
        print(f"NOT EXACT: {fault}", file=sys.stderr)
    if faults:
        print("bench: nothing is written", file=sys.stderr)
        return 1
    if options.out:
        options.out.with_suffix(".json").write_text(json.dumps(report, indent=1) + "\n")
        options.out.with_suffix(".svg").write_text(plot.svg(report["goals"]))
    if options.page:
        page.put_into(options.page, report)
    return 0


if __name__ == "__main__":
    sys.exit(main())
