#!/usr/bin/env python3
"""ami.h as Doxygen wants it, on stdout: its filter. The header itself stays a page for people."""

import re

import header
import prose


def documented(comment, declarations):
    text = prose.markdown(comment, heading="###").replace("\n", "\n * ")
    declarations = re.sub(r" /\* (.*?) \*/$", r" /**< \1 */", declarations, flags=re.M)
    if "(" in declarations and ");\n" in declarations:  # functions that share a comment
        return "".join(f"/** {text} */\n{declaration};\n" for declaration in declarations.rstrip(";").split(";\n"))
    return f"/** {text} */\n{declarations}\n"


def errors():
    rows = ",\n".join(f"  AMI_{name} = {number} /**< {text} */" for name, number, text in header.errors())
    return f"/** What went wrong. */\nenum {{\n{rows}\n}};\n"


def main():
    introduction = prose.markdown(header.introduction(), heading="##").replace("\n", "\n * ")
    print(f"/** @file\n * The interface of libami.\n *\n * {introduction} */\n#include <stddef.h>\n#include <stdint.h>")
    print(errors())
    for name, groups in header.sections():
        for comment, declarations in groups:
            print(documented(comment or "Types.", declarations))


if __name__ == "__main__":
    main()
