"""The figures of a run as a section of docs/performance.md."""

HEADING, NEXT = "## The figures\n", "\n## Where the time goes\n"


def line_of(*cells):
    return "| " + " | ".join(cells) + " |"


def section(report):
    medians = {row["name"]: row["median"] for row in report["rows"]}
    lines = [
        "",
        f"{report['rounds']} {'quick ' if report['quick'] else ''}rounds on {report['machine']}; medians. A goal's figure is a ratio",
        "unless it has a unit. For an event of the corpus the reference took "
        f"{medians['reference: flood']:.0f} ns of processor time, the libuv",
        f"loop {medians['libuv: flood']:.0f}, libami in loop delivery {medians['loop: flood']:.0f}, and "
        f"{medians['loop: one name, 6 % of the events']:.0f} when it wants one event name, 6 % of them.",
        "",
        line_of("goal", "reached", "limit", ""),
        "|---|---|---|---|",
    ]
    for goal in report["goals"]:
        limit = f"at {'least' if goal['at_least'] else 'most'} {goal['limit']:g}"
        lines.append(line_of(goal["goal"], f"{goal['value']:,.2f}", limit, "" if goal["met"] else "not reached"))
    lines += ["", line_of("row", "median", "lowest", "highest", "of"), "|---|---|---|---|---|"]
    lines += [line_of(row["name"], *(f"{row[name]:,.1f}" for name in ("median", "lowest", "highest")),
                      f"{row['figure']} {row['unit']}".strip()) for row in report["rows"]]
    return "\n".join(lines) + "\n"


def put_into(page, report):
    before, _, rest = page.read_text().partition(HEADING)
    _, found, after = rest.partition(NEXT)
    if not found:
        raise ValueError(f"{page} has no place for the figures")
    page.write_text(before + HEADING + section(report) + NEXT + after)
