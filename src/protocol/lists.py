#!/usr/bin/env python3
"""Writes lists.inc, the table behind answer_of(), from ami-catalogue.json. Usage: lists.py CATALOGUE OUTPUT"""

import json
import sys


def shape_of_list(entry):
    return "kRegexList" if entry.get("only_if") == "Channel header starts with /" else "kList"


def table(catalogue):
    """Lower-case action name -> (name, shape, end)."""
    rows = {}
    for entry in catalogue["lists"]:
        (end,) = entry["terminators"]
        rows[entry["action"].lower()] = (entry["action"], shape_of_list(entry), end)
    for entry in catalogue["single_event_actions"]:
        # What is broadcast belongs to ami_action_until(): it may come to others, or not at all.
        if entry.get("broadcast"):
            continue
        shape = "kEventOnly" if entry.get("no_response") else "kSingleEvent"
        rows[entry["action"].lower()] = (entry["action"], shape, entry["event"])
    for entry in catalogue["no_response_actions"]:
        # The others do answer in most versions; where they do not, the next response tells.
        if "text lines" in entry["shape"]:
            rows[entry["action"].lower()] = (entry["action"], "kNoAnswer", "")
    return rows


def main():
    catalogue_path, output_path = sys.argv[1:]
    with open(catalogue_path, encoding="utf-8") as file:
        rows = table(json.load(file))
    with open(output_path, "w", encoding="utf-8") as file:
        file.write("// Made by lists.py from ami-catalogue.json; sorted by name without case.\n")
        for key in sorted(rows):
            name, shape, end = rows[key]
            file.write(f'{{"{name}", Shape::{shape}, "{end}"}},\n')


if __name__ == "__main__":
    main()
