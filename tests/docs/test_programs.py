#!/usr/bin/env python3
"""test_programs.py LANGUAGE COMMAND...

Runs every program in that language that the pages show, on a mock PBX: COMMAND FILE. The file is in a folder in the
current one, for languages that look for their packages beside the program.
"""

import os
import subprocess
import sys
import tempfile

import blocks

sys.path.append(str(blocks.ROOT / "tests" / "cli"))

import program  # noqa: E402


def main():
    language, command = sys.argv[1], sys.argv[2:]
    found = [(where, text) for where, text in blocks.of(language) if not where.startswith("README.md")]
    if not found:
        sys.exit(f"no page shows a program in {language}")
    for where, text in found:
        print(where, flush=True)
        with program.Mock("--scene", "call") as mock, tempfile.TemporaryDirectory(dir=".") as folder:
            file = f"{folder}/block.{language}"
            with open(file, "w", encoding="utf-8") as block:
                block.write(text)
            environment = {**os.environ, "AMI_URL": mock.url("admin:secret")}
            subprocess.run([*command, file], env=environment, timeout=program.LIMIT, check=True)


if __name__ == "__main__":
    main()
