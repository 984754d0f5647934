"""What ./dev bench --bindings measures: the bindings beside the reference, as rows.py has the library itself.

The goals are multiples of what the best client known of each language reaches, five times for loops over batches and
twice for the language's own kind of loop, in events a second and in processor time: as ratios to the reference beside which those
clients were measured (3.84 million events a second, 0.25 us each).
"""

from rows import Goal, Row

REFERENCE = "reference"
QUEUE = "C, queue delivery"
# The best known client: events a second, and microseconds of processor time for each.
LANGUAGES = {"Python": (178_000, 5.5), "Go": (280_000, 4.2), "Node": (146_000, 6.8)}
BATCH, OWN = 5, 2
# A language's ways to read events, with what is asked of each.
READING = {
    "Python": {"rows": BATCH, "events": OWN, "sync": OWN},
    "Go": {"batch": BATCH, "range": OWN},
    "Node": {"batch": BATCH, "emitter": OWN, "iterator": OWN},
}


def both(name, program, arguments):
    """Events a second, and what the processors take for each, of one run."""
    return [Row(name, program, arguments, "events/s"), Row(name + ", CPU", program, arguments, "cpu/event")]


def rows(_full):
    """All of it in any case: with fewer events Node is still compiling when they are over."""
    n = 500_000
    pings = 50_000
    table = [*both(REFERENCE, "reference", f"flood {n}"), *both(QUEUE, "client", f"flood {n} --delivery queue")]
    for language, ways in READING.items():
        for delivery in ways:
            table += both(f"{language}, {delivery}", language.lower(), f"flood {n} --delivery {delivery}")
    for language in "C", *LANGUAGES:
        program, delivery = ("client", " --delivery queue") if language == "C" else (language.lower(), "")
        table += [Row(f"{language}, pings, 100 in flight", program, f"ping {pings} 100{delivery}", "actions/s"),
                  Row(f"{language}, pings, 100 in flight, CPU", program, f"ping {pings} 100{delivery}", "cpu/action")]
    return table


def goals():
    for language, ways in READING.items():
        rate, processor = LANGUAGES[language]
        for delivery, times in ways.items():
            name = f"{language}, {delivery}"
            yield Goal(f"{name}, events/s", name, REFERENCE, round(times * rate / 3_840_000, 3), True)
            yield Goal(f"{name}, CPU", name + ", CPU", REFERENCE + ", CPU", round(processor / times / 0.25, 1))


GOALS = list(goals())

