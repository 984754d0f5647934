#!/usr/bin/env python3
"""Writes catalogue.inc, the table behind check_action(), from ami-catalogue.json. Usage: catalogue.py CATALOGUE OUTPUT"""

import json
import sys


def rows(catalogue):
    """name, required headers, others: each row as C++."""
    for action in sorted(catalogue["actions"], key=lambda action: action["name"].lower()):
        names = {True: [], False: []}
        for parameter in action["params"]:
            names[bool(parameter["required"])].append(parameter["name"])
        yield f'{{"{action["name"]}", "{" ".join(names[True])}", "{" ".join(names[False])}"}},\n'


def main():
    catalogue_path, output_path = sys.argv[1:]
    with open(catalogue_path, encoding="utf-8") as file:
        catalogue = json.load(file)
    with open(output_path, "w", encoding="utf-8") as file:
        file.write("// Made by catalogue.py from ami-catalogue.json: actions of Asterisk 1.4 to 24, and their headers.\n")
        file.writelines(rows(catalogue))


if __name__ == "__main__":
    main()
