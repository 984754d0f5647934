"""Text as it stands in comments and beneath --help, and the same as Markdown."""

import re


def escape(text):
    text = re.sub(r"([\\`*_{}\[\]<>#|~^$])", r"\\\1", text)
    return re.sub(r"^(\d*)([-+.)])", r"\1\\\2", text, flags=re.M)  # no lists


def code(lines):
    """A block of lines that are shown as they are."""
    margin = min(len(line) - len(line.lstrip()) for line in lines if line.strip())
    return "\n".join(["```", *(line[margin:].rstrip() for line in lines), "```"])


def blocks(lines):
    """("code" | "item" | "text", lines) in order. What is indented is code, unless it continues a list's item."""
    found = []
    ended = True
    for line in lines:
        if not line.strip():
            ended = True
            continue
        kind = "item" if line.startswith("- ") else "code" if line.startswith("  ") else "text"
        last = found[-1][0] if found else ""
        if kind == "code" and last == "code":
            found[-1][1].extend([""] * ended + [line])
        elif kind == "code" and last == "item" and not ended or kind == last == "text" and not ended:
            found[-1][1].append(line)
        else:
            found.append((kind, [line]))
        ended = False
    return found


def markdown(text, heading="##"):
    """Paragraphs, lists and blocks of code; a line in capitals is a heading."""
    parts = []
    for kind, lines in blocks(text.splitlines()):
        if kind == "code":
            parts.append(code(lines))
            continue
        prose = escape("\n".join(line.strip() for line in lines))
        if kind == "item":
            prose = prose.removeprefix("\\")
        elif prose.isupper():
            prose = f"{heading} {prose.capitalize()}"
        parts.append(prose)
    return "\n\n".join(parts)
