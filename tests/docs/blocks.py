"""The blocks of code in a page of Markdown."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
PAGES = sorted([*(ROOT / "docs").rglob("*.md"), ROOT / "README.md"])


def blocks(page):
    """(line, language, text) of each; the language is "" for what is no code."""
    text = page.read_text()
    for match in re.finditer(r"^```([^\n]*)\n(.*?)^```$", text, re.M | re.S):
        yield text.count("\n", 0, match.start()) + 1, match[1], match[2]


def of(*languages):
    """(where, text) of all blocks in one of the languages."""
    return [(f"{page.relative_to(ROOT)}:{line}", text)
            for page in PAGES for line, language, text in blocks(page) if language in languages]
