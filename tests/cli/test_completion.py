"""What may stand next on a command line: asked of the program, and typed into real shells."""

import json
import os
import pathlib
import pty
import re
import select
import subprocess
import tempfile
import time
import unittest

from program import LIMIT, PROGRAM, ProgramTest, environment, run

SCRIPTS = pathlib.Path(__file__).parents[2] / "src" / "cli" / "completions"
CONFIGURATION = "[office]\nurl = ami://x\n[lab]\nurl = ami://x\n"


def grammar():
    return json.loads(run("__grammar").stdout)


def verbs():
    return {verb["name"]: verb for verb in grammar()["verbs"]}


class CompletionTest(ProgramTest):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (self.folder / "ami").mkdir()
        (self.folder / "ami" / "config").write_text(CONFIGURATION)
        self.extra = {"XDG_CONFIG_HOME": str(self.folder)}


class Words(CompletionTest):
    """Of the program itself."""

    def offered(self, *words):
        result = run("__complete", *words, extra=self.extra)
        self.assert_ended(result, 0, err="")
        return [line.split("\t")[0] for line in result.stdout.decode().splitlines()]

    def test_every_verb_of_the_help(self):
        listed = re.findall(r"^  (\w+) +\S", run("--help").stdout.decode().split("\nVerbs:\n")[1].split("\n\n")[0], re.M)
        self.assertEqual(self.offered(""), listed)
        self.assertEqual(list(verbs()), listed)

    def test_every_option_of_every_help(self):
        for verb in ("", *verbs()):
            arguments = [verb] if verb else []
            listed = set(re.findall(r"^  (?:-\w,)?(--?[\w-]+)", run(*arguments, "--help").stdout.decode(), re.M))
            self.assertGreaterEqual(len(listed), 4)
            self.assertEqual(set(self.offered(*arguments, "-")), listed, verb)

    def test_what_is_begun(self):
        self.assertEqual(self.offered("e"), ["events"])
        self.assertEqual(self.offered("send", "--ti"), ["--timeout"])
        self.assertEqual(self.offered("-p", "office", "o"), ["originate"])
        self.assertEqual(self.offered("--since-ready", "e"), ["events"])
        self.assertEqual(self.offered("nothing"), [])

    def test_values(self):
        self.assertEqual(self.offered("-p", ""), ["office", "lab"])
        self.assertEqual(self.offered("events", "--profile", "o"), ["office"])
        self.assertEqual(self.offered("events", "--format", ""), ["json", "text", "raw", "csv"])
        self.assertEqual(self.offered("ping", "-o", "tls.c"), ["tls.ca=", "tls.cert="])
        self.assertEqual(self.offered("ping", "--password-file", "x"), [":files"])
        self.assertEqual(self.offered("ping", "--count", ""), [])

    def test_actions_and_headers(self):
        self.assertEqual(self.offered("send", "originat"), ["Originate"])
        self.assertEqual(self.offered("send", "--timeout", "5", "Redirect", "Ext"),
                         ["Exten=", "ExtraChannel=", "ExtraExten=", "ExtraContext=", "ExtraPriority="])
        self.assertEqual(self.offered("list", "QueueStatus", "Queue=x", "Mem"), ["Member="])

    def test_a_configuration_that_cannot_be_read(self):
        (self.folder / "ami" / "config").write_text("x")
        self.assertEqual(self.offered("-p", ""), [])


class Shell(CompletionTest):
    """On a pseudo-terminal, with the program in the path."""

    def setUp(self):
        super().setUp()
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "ami").symlink_to(os.path.abspath(PROGRAM))
        (self.folder / "some file").touch()
        self.extra.update(PATH=f"{self.folder / 'bin'}:{os.environ['PATH']}", TERM="dumb", INPUTRC="/dev/null",
                          HOME=str(self.folder))

        self.master, self.slave = pty.openpty()
        self.addCleanup(os.close, self.master)

    def start(self, command, *lines):
        process = subprocess.Popen(command, stdin=self.slave, stdout=self.slave, stderr=self.slave,
                                   start_new_session=True, cwd=self.folder, env=environment(self.extra))
        os.close(self.slave)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        for line in (*lines, "PS1=; echo rea''dy"):
            self.type(line + "\n")
        self.read_until("\nready\n")

    def read_until(self, text):
        seen, end = "", time.monotonic() + LIMIT
        while text not in re.sub(r"\x1b\[[\d;?]*\w|\x1b[=>]|[\r\a]", "", seen):
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            self.assertTrue(ready, seen)
            seen += os.read(self.master, 4096).decode()

    def type(self, text):
        os.write(self.master, text.encode())

    def assert_completes(self, typed, line):
        """What is typed up to the tab and behind it makes this line; it is echoed, not run."""
        self.type(typed + "\x01echo \n")
        self.read_until(f"\n{line}\n")

    def assert_completes_all(self):
        for typed, line in (("ami ev\t", "ami events"), ("ami send --ti\t5", "ami send --timeout 5"),
                            ("ami -p of\tx", "ami -p office x"), ("ami send Redirect Exte\t5", "ami send Redirect Exten=5"),
                            ("ami send Redirect Channel=x ExtraE\ty", "ami send Redirect Channel=x ExtraExten=y"),
                            ("ami ping -o tls.ce\tx", "ami ping -o tls.cert=x"),
                            ("ami ping --password-file som\t", "ami ping --password-file some file"),
                            ("ami events --url ami://x:1 --form\tjson", "ami events --url ami://x:1 --format json"),
                            ("ami list originat\t", "ami list Originate")):
            with self.subTest(typed=typed):
                self.assert_completes(typed, line)

    def test_bash(self):
        self.start(["bash", "--norc", "--noprofile", "-i"], f". {SCRIPTS}/ami.bash")
        self.assert_completes_all()

    def test_zsh(self):
        self.start(["zsh", "-f", "-i"], "bindkey -e; unsetopt beep", f"fpath=({SCRIPTS} $fpath)",
                   f"autoload -Uz compinit && compinit -u -d {self.folder}/dump")
        self.assert_completes_all()

    def test_fish(self):
        def offered(line):
            script = f"source {SCRIPTS}/ami.fish; complete -C '{line}'"
            result = subprocess.run(["fish", "--no-config", "-c", script], capture_output=True, text=True, timeout=LIMIT,
                                    cwd=self.folder, env=environment(self.extra), check=True)
            self.assertEqual(result.stderr, "")
            return [line.split("\t")[0] for line in result.stdout.splitlines()]

        self.assertEqual(offered("ami "), sorted(verbs()))
        self.assertEqual(offered("ami send --ti"), ["--timeout"])
        self.assertEqual(offered("ami -p "), ["lab", "office"])
        self.assertEqual(offered("ami send Redirect Channel=x Exte"), ["Exten="])
        self.assertEqual(offered("ami ping --password-file som"), ["some file"])
        self.assertEqual(offered("ami ping --count "), [])


if __name__ == "__main__":
    unittest.main()
