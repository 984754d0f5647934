"""The mock PBX as a child process, driven by lines: see bindings/scenarios."""

import os
import subprocess

LIMIT = 60  # seconds that nothing here takes unless it hangs


class Mock:
    def __init__(self, *options):
        self.process = subprocess.Popen([os.environ["SCENARIO_MOCK"], *options], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, encoding="utf-8")
        words = self.process.stdout.readline().split()
        if words[:2] != ["listening", "on"]:
            raise ValueError(f"not the mock's first line: {words}")
        self.host, _, port = words[2].rpartition(":")
        self.port = int(port)
        self.authority = words[3]
        self.url = f"ami://admin:secret@{self.host}:{self.port}"

    def ask(self, command):
        """A command's result, a line."""
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def tell(self, command):
        """A command that must succeed; its result."""
        answer = self.ask(command)
        if not answer.isdigit():
            raise ValueError(f"{command}: {answer}")
        return int(answer)

    def emit(self, name, **fields):
        lines = [f"Event: {name}", "Privilege: user,all", *(f"{key}: {value}" for key, value in fields.items()), ""]
        return self.tell("emit " + "\\n".join(lines))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self.process:
            self.process.stdin.close()
            self.process.wait(LIMIT)
