#!/usr/bin/env python3
"""Says what a parser must make of each .ami file of a directory: a reader that is as plain as can be, line by line.

The digest is FNV-1a, 64 bits, over "KIND NAME LF", "KEY NUL VALUE LF" for each field and "output OUTPUT LF" where there
is one. Kinds are 1 for events, 2 for responses, 0 for neither.
"""

import collections
import pathlib
import sys

FOLLOWS = b"Response: Follows\r\n"
END = b"--END COMMAND--\r\n\r\n"


def find_end(data, begin):
    """Where the message at begin ends, or None."""
    if data[begin : begin + len(FOLLOWS)].lower() == FOLLOWS.lower():
        end = data.find(END, begin)
        return None if end < 0 else end + len(END)
    at = begin
    while True:
        at = data.find(b"\r\n", at)
        if at < 0:
            return None
        at += 2
        for blank in (b"\r\n", b"\n"):
            if data.startswith(blank, at):
                return at + len(blank)


def messages(data):
    """Yields the messages behind the greeting; then how many bytes are left over."""
    at = data.find(b"\n") + 1
    while True:
        while data.startswith((b"\n", b"\r\n"), at):
            at += 1 if data.startswith(b"\n", at) else 2
        end = find_end(data, at)
        if end is None:
            yield len(data) - at
            return
        yield data[at:end]
        at = end


def field(line):
    key, colon, value = line.partition(b":")
    if line.lower().startswith(b"chanvariable(") and b"): " in line:
        key, _, value = line.partition(b"): ")
        key, value = key + b")", b" " + value
    if not colon or not key:
        return b"", line.removesuffix(b"\n")
    return key, value.removeprefix(b" ").removesuffix(b"\n")


def fields(message):
    output = None
    if message.lower().startswith(FOLLOWS.lower()):
        raise SystemExit("an old Command: no recording holds one yet")
    text = message.removesuffix(b"\r\n") if message.endswith(b"\r\n\r\n") else message.removesuffix(b"\n")
    result = [field(line) for line in text.removesuffix(b"\r\n").split(b"\r\n")]
    if result[0] == (b"Event", b"Agents"):
        result = [part for pair in result for part in agents_field(*pair)]
    outputs = [value for key, value in result if key.lower() == b"output"]
    if outputs:
        output = b"\n".join(outputs)
    return result, output


def agents_field(key, value):
    first, lf, second = value.partition(b"\n")
    return [(key, first), field(second)] if key == b"CallStarted" and lf else [(key, value)]


def kind_and_name(result):
    for key, value in result:
        if key.lower() in (b"event", b"response"):
            return (1 if key.lower() == b"event" else 2), value
    return 0, b""


def digest(text, state):
    for byte in text:
        state = (state ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return state


def expectation(data):
    counts, total, held, state = collections.Counter(), 0, 0, 0xCBF29CE484222325
    for message in messages(data):
        if isinstance(message, int):
            held = message
            continue
        result, output = fields(message)
        kind, name = kind_and_name(result)
        text = b"%d %s\n" % (kind, name) + b"".join(b"%s\0%s\n" % pair for pair in result)
        state = digest(text + (b"" if output is None else b"output %s\n" % output), state)
        counts[f"{('unknown', 'event', 'response')[kind]} {name.decode('latin-1')}"] += 1
        total += len(result)
    summary = f"messages {counts.total()} fields {total} held {held} digest {state:016x}"
    return summary + "".join(f"; {name} {count}" for name, count in sorted(counts.items()))


def main():
    for path in sorted(pathlib.Path(sys.argv[1]).glob("*.ami")):
        print(f"{path.name}: {expectation(path.read_bytes())}")


if __name__ == "__main__":
    main()
