#!/usr/bin/env python3
"""The pages of the manual, from what the program and the header say of themselves.

    page.py ami.1 GRAMMAR               of the program, from what `ami __grammar` prints
    page.py ami.3                       of the library, from ami.h
    page.py ami-options.7               of its options, from ami.h
    page.py ami-recording.5 FILE        of recordings, from docs/record.md

On stdout, as HTML for the site, or with --man VERSION for man(1). Both are made of Markdown, by lowdown.
"""

import argparse
import json
import os
import pathlib
import re
import subprocess
import sys
import textwrap
import time

import header
import prose

ABOUT = {
    "ami.1": "talk to Asterisk's Manager Interface",
    "ami.3": "client library for Asterisk's Manager Interface",
    "ami-options.7": "options of the library ami and of the program",
    "ami-recording.5": "what ami record writes",
}


def names_of(option):
    value = f" *{prose.escape(option['value'])}*" if option["value"] else ""
    return ", ".join(f"**{name}**{value}" for name in option["names"])


def definitions(pairs):
    return [f"{term}\n\n: {text}" for term, text in pairs]


def options_of(verb, but=()):
    pairs = [(names_of(option), prose.escape(option["text"]).replace("\n", "\n  "))
             for option in verb["options"] if option not in but]
    return definitions(pairs)


def arguments_of(verb):
    """As in a synopsis."""
    words = []
    for argument in verb["arguments"]:
        word = f"*{prose.escape(argument['name'])}*" + (" ..." if argument["many"] else "")
        words.append(word if argument["required"] else f"\\[{word}\\]")
    return " ".join(words)


def program(grammar):
    parts = ["# SYNOPSIS", "**ami** \\[*OPTION* ...\\] *VERB* \\[*ARGUMENT* ...\\]", "# OPTIONS", *options_of(grammar),
             "# VERBS", "The options above may also stand behind the verb."]
    for verb in grammar["verbs"]:
        parts += [f"## ami {verb['name']} {arguments_of(verb)}".rstrip(), prose.escape(verb["text"]) + ".",
                  *definitions((f"*{prose.escape(a['name'])}*", prose.escape(a["text"])) for a in verb["arguments"]),
                  *options_of(verb, grammar["options"]), prose.markdown(verb["help"])]
    return [*parts, "# NOTES", prose.markdown(grammar["help"]), "# SEE ALSO",
            "**ami**(3), **ami-recording**(5), **ami-options**(7)"]


def library():
    parts = ["# SYNOPSIS", prose.code(["#include <ami/ami.h>", "", "cc program.c $(pkg-config --cflags --libs ami)"]),
             "# DESCRIPTION", prose.markdown(header.introduction())]
    for name, groups in header.sections():
        parts.append("# " + name.upper())
        if name == "errors":
            pairs = ((f"**AMI\\_{error}** ({number})", prose.escape(text) + ".") for error, number, text in header.errors())
            parts += definitions(pairs)
            continue
        for comment, declarations in groups:
            if comment.startswith("OPTIONS."):
                comment = header.options()[0] + "\n\nEach is described in ami-options(7)."
            parts += [prose.code(declarations.splitlines()), prose.markdown(comment)]
    return [*parts, "# SEE ALSO", "**ami**(1), **ami-options**(7)"]


def options():
    above, rows = header.options()
    pairs = [(f"**{prose.escape(name)}** (*{prose.escape(default)}*)", prose.escape(textwrap.fill(meaning, 76)).replace("\n", "\n  ") + ".")
             for name, default, meaning in rows]
    return ["# DESCRIPTION",
            "They are set by **ami_set**() in a program, and in the program **ami** by\n**-o** *NAME*=*VALUE*, by a line "
            "*NAME* = *VALUE* of a profile, or in the\nquery of a URL. In brackets stands what holds without.",
            prose.markdown(above.removeprefix("OPTIONS. ")), "# OPTIONS", *definitions(pairs), "# SEE ALSO",
            "**ami**(1), **ami**(3)"]


def recording(text):
    text = re.sub(r"\A# .*\n", "# DESCRIPTION\n", text)
    return [re.sub(r"^## (.*)$", lambda heading: "# " + heading[1].upper(), text, flags=re.M).strip(), "# SEE ALSO",
            "**ami**(1)"]


def markdown(page, source):
    name = page.rsplit(".", 1)[0]
    if page == "ami.1":
        body = program(json.loads(source.read_text()))
    elif page == "ami-recording.5":
        body = recording(source.read_text())
    else:
        body = library() if page == "ami.3" else options()
    return "\n\n".join(["# NAME", f"{name} - {ABOUT[page]}", *body]) + "\n"


def folded(lines):
    """What is to be filled in lines that mandoc takes for no sign of a slip."""
    shown = False  # as it is
    for line in lines:
        shown = line in (".EX", ".TS") or shown and line not in (".EE", ".TE")
        if shown or line.startswith("."):
            yield line
        else:
            parts = textwrap.wrap(line, 78, break_long_words=False, break_on_hyphens=False)
            yield from (r"\&" + part if part[0] in ".'" else part for part in parts)


def lowdown(text, form, settings):
    command = ["lowdown", f"-T{form}", "--out-no-smarty", *(f"-M{key}={value}" for key, value in settings.items())]
    if form == "man":
        command.append("-s")
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, text=True, check=True).stdout


def man(page, version, text):
    name, section = page.rsplit(".", 1)
    date = time.strftime("%Y-%m-%d", time.gmtime(int(os.environ.get("SOURCE_DATE_EPOCH", time.time()))))
    made = lowdown(text, "man", {"title": name.upper(), "section": section, "date": date, "source": f"libami {version}"})
    made = "\n".join(folded(made.splitlines())) + "\n"
    made = re.sub(r"^(\.S[HS])\n(.*)\n\.LP$", r"\1 \2", made, flags=re.M)  # as man(7) has it
    return made.replace(r"\fC", r"\fB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", choices=ABOUT)
    parser.add_argument("source", nargs="?", type=pathlib.Path)
    parser.add_argument("--man", metavar="VERSION")
    arguments = parser.parse_args()
    text = markdown(arguments.page, arguments.source)
    sys.stdout.write(man(arguments.page, arguments.man, text) if arguments.man else
                     lowdown(text, "html", {"shiftheadinglevelby": 1}))


if __name__ == "__main__":
    main()
