"""What is measured: each row a client's run, and each goal the ratio of two rows.

A run is (program, arguments); {n} and the like are filled in by the scale. Figures are per unit: an event, an
action, a list item, a header.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    name: str
    program: str  # reference, client or parser
    arguments: str
    figure: str  # which of the figures of a run counts: see FIGURES
    server: str = "plain"  # or tls, or batched: all answers to one reading leave together
    per: int = 1  # units in an event
    environment: str = ""  # NAME=VALUE


@dataclass(frozen=True)
class Goal:
    text: str
    row: str
    against: str  # a row; "" for an absolute limit
    limit: float
    at_least: bool = False


# From a run's line of JSON to a figure and its unit.
FIGURES = {
    "cpu/event": (lambda run: run["cpu_ns"] / max(run["events"], 1), "ns"),
    "cpu/unwanted": (lambda run: run["cpu_ns"] / run["sent"], "ns"),
    "cpu/item": (lambda run: run["cpu_ns"] / run["items"], "ns"),
    "cpu/action": (lambda run: run["cpu_ns"] / run["ok"], "ns"),
    "events/s": (lambda run: run["events"] / run["wall_ns"] * 1e9, "/s"),
    "actions/s": (lambda run: run["ok"] / run["wall_ns"] * 1e9, "/s"),
    "p50": (lambda run: run["p50_ns"], "ns"),
    "p99": (lambda run: run["p99_ns"], "ns"),
    "most in 10 ms": (lambda run: run["in_10_ms"], ""),
    "all, ms": (lambda run: run["max_ns"] / 1e6, "ms"),
    "resident": (lambda run: run["resident_kb"] / 1024, "MiB"),
    "peak": (lambda run: run["peak_kb"] / 1024, "MiB"),
    "GB/s": (lambda run: run["bytes"] / run["cpu_ns"], ""),
    "per client": (lambda run: run["resident_kb"] / run["connections"], "KiB"),
}


def rows(full):
    n = 1_000_000 if full else 100_000
    paced = 60_000 if full else 1_500
    pace = 1000
    pings = 200_000 if full else 50_000
    single = 50_000 if full else 10_000
    items = 100_000 if full else 20_000
    many = 500 * 10 if full else 500
    long = 5_000_000 if full else 300_000
    megabytes = 1000 if full else 200
    rows = [
        Row("reference: flood", "reference", f"flood {n}", "cpu/event"),
        Row("libuv: flood", "reference", f"flood {n} --uv", "cpu/event"),
        Row("reference: flood, kept", "reference", f"flood {n} --keep", "cpu/event"),
        Row("loop: flood", "client", f"flood {n}", "cpu/event"),
        # 57 of the 930 events of the corpus.
        Row("loop: one name, 6 % of the events", "client", f"flood {n} --only DeviceStateChange", "cpu/unwanted"),
        Row("loop: 1,000 handlers more", "client", f"flood {n} --handlers 1000", "cpu/event"),
        Row("loop: 1,000 globs more", "client", f"flood {n} --globs 1000", "cpu/event"),
        Row("reference: verify", "reference", f"verify {n}", "cpu/event"),
        *(Row(f"{delivery}: verify", "client", f"verify {n} --delivery {delivery}", "cpu/event")
          for delivery in ("loop", "thread", "queue")),
        Row("thread: flood", "client", f"flood {n} --delivery thread", "cpu/event"),
        Row("queue: flood", "client", f"flood {n} --delivery queue", "cpu/event"),
        Row("libuv: paced, CPU", "reference", f"paced {paced},rate={pace} --uv", "cpu/event"),
        Row("libuv: paced, p50", "reference", f"paced {paced},rate={pace} --uv", "p50"),
        Row("libuv: paced, p99", "reference", f"paced {paced},rate={pace} --uv", "p99"),
    ]
    for delivery in ("loop", "thread", "queue"):
        arguments = f"paced {paced},rate={pace} --delivery {delivery}"
        rows += [Row(f"{delivery}: paced, CPU", "client", arguments, "cpu/event"),
                 Row(f"{delivery}: paced, p50", "client", arguments, "p50")]
    rows += [
        Row("loop: paced, p99", "client", f"paced {paced},rate={pace} --delivery loop", "p99"),
        Row("libuv: ping, one in flight", "reference", f"ping {single} 1 --uv", "p50"),
        Row("loop: ping, one in flight", "client", f"ping {single} 1", "p50"),
        Row("reference: pings, 100 in flight", "reference", f"ping {pings} 100", "actions/s"),
        Row("loop: pings, 100 in flight", "client", f"ping {pings} 100", "actions/s"),
        Row("loop: pings, 100 in flight, CPU", "client", f"ping {pings} 100", "cpu/action"),
        Row("reference: pings, answers batched", "reference", f"ping {pings} 100", "actions/s", "batched"),
        Row("loop: pings, answers batched", "client", f"ping {pings} 100", "actions/s", "batched"),
        Row("loop: pings, answers batched, CPU", "client", f"ping {pings} 100", "cpu/action", "batched"),
        Row("loop: pings, one in flight, CPU", "client", f"ping {single} 1", "cpu/action"),
        Row("loop: pings, 10,000 in flight, CPU", "client", f"ping {pings} 10000", "cpu/action"),
        Row("loop: building an action of ten fields", "client", f"build {pings}", "cpu/action"),
        Row("reference: list", "reference", f"list 5 {items}", "cpu/item"),
        Row("loop: list, collected", "client", f"list 5 {items}", "cpu/item"),
        # As above, where the host tells glibc to keep memory that is freed.
        Row("loop: list, collected, heap kept", "client", f"list 5 {items}", "cpu/item",
            environment="MALLOC_TRIM_THRESHOLD_=1000000000"),
        Row("loop: list, streamed", "client", f"list 5 {items} --each", "cpu/item"),
        Row("loop: list, streamed, memory", "client", f"list 1 {items} --each", "peak"),
        Row("at rest", "client", "idle", "resident"),
        Row("at rest, TLS", "client", "idle --tls", "resident", "tls"),
        Row("loop: short flood, memory", "client", f"flood {long // 50}", "peak"),
        Row("loop: long flood, memory", "client", f"flood {long}", "peak"),
        Row("loop: long flood, TLS, memory", "client", f"flood {long} --tls", "peak", "tls"),
        Row("200 clients at rest, each", "client", "idle --connections 200", "per client"),
        Row("200 clients at rest, each, TLS", "client", "idle --connections 200 --tls", "per client", "tls"),
        Row("libuv: 200 servers", "reference", f"flood {many},rate=500,slow --uv --connections 200", "cpu/event"),
        Row("loop: 200 servers", "client", f"flood {many},rate=500,slow --connections 200", "cpu/event"),
        # A quarter of a second is what an Asterisk takes.
        Row("200 servers restarted, all back", "client", "restart 250 --connections 200", "all, ms"),
        Row("200 servers restarted, most at once", "client", "restart 250 --connections 200", "most in 10 ms"),
        Row("OpenSSL: flood", "reference", f"flood {n} --tls", "cpu/event", "tls"),
        Row("loop: flood, TLS", "client", f"flood {n} --tls", "cpu/event", "tls"),
        Row("loop: a header, of 5", "client", f"flood {n},headers=5", "cpu/event", per=5),
        Row("loop: a header, of 32", "client", f"flood {n // 4},headers=32", "cpu/event", per=32),
        Row("loop: a header, of 128", "client", f"flood {n // 10},headers=128", "cpu/event", per=128),
        Row("loop: an event of 1 byte", "client", f"flood {n},size=1", "cpu/event"),
        Row("loop: an event of 1 KiB", "client", f"flood {n // 4},size=1024", "cpu/event"),
    ]
    # The last, with its keys, is as much as a message may have: 16 MiB.
    for count, kib in ((n // 20, 16), (max(n // 2000, 50), 1024), (n // 20000 + 2, 16211)):
        rows += [Row(f"{name}: a KiB, of {kib:,}", program, f"flood {count},size={kib << 10}", "cpu/event", per=kib)
                 for name, program in (("reference", "reference"), ("loop", "client"))]
    rows += [
        Row("memchr: corpus in memory", "parser", f"memchr {megabytes}", "GB/s"),
        Row("parser: to views", "parser", f"views {megabytes}", "GB/s"),
        Row("parser: to kept messages", "parser", f"kept {megabytes}", "GB/s"),
    ]
    return rows


GOALS = [
    Goal("loop delivery, every event", "loop: flood", "reference: flood", 1.5),
    Goal("loop delivery, one event name", "loop: one name, 6 % of the events", "reference: flood", 0.6),
    Goal("thread delivery", "thread: flood", "reference: flood", 2.5),
    Goal("queue delivery", "queue: flood", "reference: flood", 2.5),
    Goal("thread delivery, paced, CPU", "thread: paced, CPU", "libuv: paced, CPU", 2.5),
    Goal("thread delivery, paced, p50", "thread: paced, p50", "libuv: paced, p50", 3),
    Goal("queue delivery, paced, CPU", "queue: paced, CPU", "libuv: paced, CPU", 2.5),
    Goal("queue delivery, paced, p50", "queue: paced, p50", "libuv: paced, p50", 3),
    Goal("loop delivery, paced, p50", "loop: paced, p50", "libuv: paced, p50", 1.3),
    Goal("loop delivery, paced, p99", "loop: paced, p99", "libuv: paced, p99", 1.5),
    Goal("ping, one in flight, p50", "loop: ping, one in flight", "libuv: ping, one in flight", 1.2),
    Goal("pings a second, 100 in flight", "loop: pings, 100 in flight", "reference: pings, 100 in flight", 0.95, True),
    Goal("an action of 10,000 in flight", "loop: pings, 10,000 in flight, CPU", "loop: pings, 100 in flight, CPU", 1.0),
    Goal("building an action of ten fields, ns", "loop: building an action of ten fields", "", 500),
    Goal("list, collected", "loop: list, collected", "reference: list", 2),
    Goal("list, streamed", "loop: list, streamed", "reference: list", 1.5),
    Goal("memory of a streamed list", "loop: list, streamed, memory", "at rest", 1.1),
    Goal("at rest, MiB", "at rest", "", 8),
    Goal("at rest over TLS, MiB", "at rest, TLS", "", 10.5),
    Goal("through a long flood, MiB", "loop: long flood, memory", "", 8),
    Goal("through a long flood over TLS, MiB", "loop: long flood, TLS, memory", "", 10.5),
    Goal("memory of a long flood, and of a short", "loop: long flood, memory", "loop: short flood, memory", 1.05),
    Goal("each of 200 clients, KiB", "200 clients at rest, each", "", 100),
    Goal("each of 200 clients over TLS, KiB", "200 clients at rest, each, TLS", "", 150),
    Goal("200 servers", "loop: 200 servers", "libuv: 200 servers", 1.5),
    Goal("200 servers back, most in 10 ms", "200 servers restarted, most at once", "", 50),
    Goal("TLS", "loop: flood, TLS", "OpenSSL: flood", 1.3),
    Goal("parser to views", "parser: to views", "memchr: corpus in memory", 1.5, True),
    Goal("parser to kept messages", "parser: to kept messages", "memchr: corpus in memory", 0.9, True),
    Goal("a header, of 128 and of 5", "loop: a header, of 128", "loop: a header, of 5", 1.0),
    Goal("1,000 handlers more", "loop: 1,000 handlers more", "loop: flood", 1.1),
    Goal("1,000 globs more", "loop: 1,000 globs more", "loop: flood", 1.1),
    Goal("a message of 1 byte and of 1 KiB", "loop: an event of 1 byte", "loop: an event of 1 KiB", 1.0),
    Goal("a KiB, of 1 MiB and of 16 KiB", "loop: a KiB, of 1,024", "loop: a KiB, of 16", 1.25),
    Goal("a KiB, of 16 MiB and of 16 KiB", "loop: a KiB, of 16,211", "loop: a KiB, of 16", 1.25),
]
