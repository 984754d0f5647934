"""The pages of the manual, as they are installed: without a fault, and with all that the program and the header have.

PREFIX is where they are installed, MANDIR the folder in it.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.append(str(ROOT / "tests" / "header"))

PREFIX = pathlib.Path(os.environ["PREFIX"])
PAGES = sorted((PREFIX / os.environ["MANDIR"]).glob("man*/*"))
PROGRAM = PREFIX / "bin" / "ami"


def output(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False).stdout


def shown(name):
    """The text of a page, on one line."""
    page = next(page for page in PAGES if page.name == name)
    text = subprocess.run(["mandoc", "-Tutf8", "-Owidth=1000", page], capture_output=True, text=True, check=True).stdout
    return re.sub(r"\s+", " ", re.sub(".\b", "", text))


class Man(unittest.TestCase):
    def test_which(self):
        self.assertEqual([page.name for page in PAGES], ["ami.1", "ami.3", "ami-recording.5", "ami-options.7"])

    def test_faults(self):
        for page in PAGES:
            self.assertEqual(output("mandoc", "-Tlint", page), "")
            self.assertTrue(output("groff", "-ww", "-man", "-t", "-Tutf8", "-Z", page).startswith("x T utf8\n"))

    def test_names(self):
        for page in PAGES:
            name = page.name.rsplit(".", 1)[0]
            self.assert_has(shown(page.name), f" NAME {name} - ")

    def assert_has(self, text, pattern):
        self.assertTrue(re.search(pattern, text), f"{pattern} is not in the page")

    def test_all_of_the_help(self):
        text = shown("ami.1")
        verbs = [verb["name"] for verb in json.loads(output(PROGRAM, "__grammar"))["verbs"]]
        self.assertGreater(len(verbs), 6)
        common = set()
        for arguments in ([], *([verb] for verb in verbs)):
            part = text[text.index(" ".join(["ami", *arguments])):]
            lines = output(PROGRAM, *arguments, "--help").splitlines()
            options = {option for line in lines for option in re.findall(r"^  (?:-\w,)?(--?[\w-]+)", line)}
            for option in options - common:
                self.assert_has(part, rf"[ ,]{option}[ ,]")
            for line in lines:
                if line.startswith("  ami "):
                    self.assert_has(part, re.escape(re.sub(r"\s+", " ", line.strip())))
            common = common or options

    def test_exit_codes(self):
        self.assert_has(shown("ami.1"), "Exit codes: 0 done, 1 Asterisk said Error,")

    def test_all_of_the_header(self):
        import header  # of the tests of the header, by another reader than that of the pages

        text = shown("ami.3")
        functions = [function.name for function in header.functions(header.tree())]
        self.assertGreater(len(functions), 50)
        for name in functions:
            self.assert_has(text, rf"\b{name}\(")
        for name in re.findall(r"\b(AMI_[A-Z]\w+) = ", header.text()):
            self.assert_has(text, rf"\b{name}\b")

    def test_all_options(self):
        refused = output(PROGRAM, "ping", "-o", "host=x", "-o", "nosuch=1")
        known = refused.split("known are ")[1].split(", ")
        self.assertGreater(len(known), 30)
        for name in known:
            self.assert_has(shown("ami-options.7"), rf"[ ,]{re.escape(name.strip())}[ ,]")


class Completions(unittest.TestCase):
    def test_are_installed(self):
        for name in ("bash-completion/completions/ami", "zsh/site-functions/_ami", "fish/vendor_completions.d/ami.fish"):
            self.assertTrue((PREFIX / "share" / name).is_file(), name)


if __name__ == "__main__":
    unittest.main()
