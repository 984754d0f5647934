"""What ami.h says, in pieces."""

import pathlib
import re

HEADER = pathlib.Path(__file__).parents[2] / "include" / "ami" / "ami.h"
SECTION = re.compile(r"/\* -{20,} (.*) \*/")


def text():
    return HEADER.read_text()


def plain(comment):
    """Without its marks and its margin."""
    lines = comment.strip().removeprefix("/*").removesuffix("*/").rstrip().split("\n")
    if all(line.startswith(" *") for line in lines[1:]):
        lines = [re.sub(r"^ \* ?", "", line) for line in lines]
    else:
        lines = [line.removeprefix("   ") for line in lines]
    return "\n".join(lines).strip("\n").strip(" ")


def introduction():
    """The first comment, without the title and the license."""
    comment = plain(text()[:text().index("*/") + 2])
    return comment[comment.index("A TOUR"):]


def sections():
    """(name, [(comment, declarations)]) of all that is declared."""
    pieces = SECTION.split(text())
    for name, body in zip(pieces[1::2], pieces[2::2]):
        body = body.split("#ifdef __cplusplus")[0].replace("AMI_API ", "").strip()
        pairs = re.split(r"^(/\*(?:(?!\*/).)*\*/)\n", body, flags=re.M | re.S)
        groups = [(plain(comment), declarations.strip()) for comment, declarations in zip(["", *pairs[1::2]], pairs[::2])
                  if declarations.strip()]
        yield name, groups


def errors():
    """(name, number, meaning) of each."""
    return [("OK", "0", "no error"), *re.findall(r'X\((\w+), (-\d+), "([^"]*)"\)', text())]


def options():
    """(name, default, meaning) of each, as the table under OPTIONS has it, and what stands above it."""
    comment = next(comment for _, groups in sections() for comment, _ in groups if comment.startswith("OPTIONS."))
    above, table = comment.split("\n\n", 1)
    rows = []
    for line in table.splitlines():
        name, default, meaning = line[:24].strip(), line[24:36].strip(), line[36:].strip()
        if name:
            rows.append((name, default, meaning))
        else:
            rows[-1] = (*rows[-1][:2], rows[-1][2] + " " + meaning)
    return above, rows
