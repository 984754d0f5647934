"""Every block of code in the pages and the README is compiled or run.

Blocks in C without a main() are compiled, together, as one would put them into a program. All else is run, from the top of
a page to its end, on a mock PBX. PREFIX and LIBDIR are where libami is installed. For the other languages see
test_programs.py, and tests/install/readme.
"""

import configparser
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import blocks

PREFIX = pathlib.Path(os.environ["PREFIX"])
os.environ["AMI_PROGRAM"] = str(PREFIX / "bin" / "ami")
sys.path.append(str(blocks.ROOT / "tests" / "cli"))

import program  # noqa: E402

LIMIT = 60  # seconds that nothing here takes unless it hangs
LIBRARIES = PREFIX / os.environ["LIBDIR"]
# What a fragment takes for granted.
AROUND = """#include <ami/ami.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>
void on_event(ami_t *ami, const ami_msg_t *event, void *user);
"""
# What they begin with is tried by the tests of the build, of the packages and of the bindings, or asks for root.
OF_THE_CHECKOUT = ("./dev ", "cmake ", "sudo ", "export PATH=$PWD/build/")


def run(command, **more):
    environment = {**os.environ, "PKG_CONFIG_PATH": str(LIBRARIES / "pkgconfig"), "LD_LIBRARY_PATH": str(LIBRARIES),
                   "PATH": f"{PREFIX / 'bin'}:{os.environ['PATH']}", **more.pop("env", {})}
    return subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=LIMIT, stdin=subprocess.DEVNULL, check=False, **more)


class CodeTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def assert_passes(self, where, result):
        self.assertEqual(result.returncode, 0, f"{where}: {result.stdout}")
        return result.stdout


class Languages(CodeTest):
    def test_all_are_known(self):
        known = {"c", "sh", "ini", "python", "go", "js", ""}
        for page in blocks.PAGES:
            for line, language, _ in blocks.blocks(page):
                self.assertIn(language, known, f"{page}:{line}")
            text = page.read_text()
            self.assertEqual(text.count("\n```"), 2 * len(list(blocks.blocks(page))), page)


class C(CodeTest):
    FLAGS = ["-std=gnu11", "-Wall", "-Wextra", "-Wno-unused-parameter", "-Werror"]

    def libraries(self):
        return self.assert_passes("pkg-config", run(["pkg-config", "--cflags", "--libs", "ami"])).split()

    def compiler(self):
        return [os.environ.get("CC", "cc"), *self.FLAGS, *os.environ.get("FLAGS", "").split()]

    def test_programs(self):
        programs = [(where, text) for where, text in blocks.of("c") if "int main(" in text]
        self.assertGreaterEqual(len(programs), 2)
        for where, text in programs:
            (self.folder / "block.c").write_text(text)
            command = [*self.compiler(), "-o", self.folder / "block", self.folder / "block.c", *self.libraries()]
            self.assert_passes(where, run(command))
            with program.Mock() as mock:
                url = mock.url("admin:secret")
                self.assert_passes(where, run([self.folder / "block"], env={"AMI_URL": url}))

    def test_fragments(self):
        pages = {}
        for where, text in blocks.of("c"):
            if "int main(" not in text:
                pages.setdefault(where.rsplit(":", 1)[0], []).append(text)
        self.assertGreaterEqual(len(pages), 5)
        for page, texts in pages.items():
            (self.folder / "block.c").write_text(AROUND + "\n".join(texts))
            result = run([*self.compiler(), "-Wno-unused-function", "-fsyntax-only", self.folder / "block.c",
                          *self.libraries()])
            self.assert_passes(page, result)


class Shell(CodeTest):
    """The lines of a page run one after the other, in one shell."""

    def test_all(self):
        pages = {}
        for where, text in blocks.of("sh"):
            pages.setdefault(where.rsplit(":", 1)[0], []).append(text)
        self.assertGreaterEqual(len(pages), 3)
        for page, texts in pages.items():
            text = re.sub(r"\\\n\s*", "", "".join(texts))
            lines = [line for line in text.splitlines() if not line.startswith(OF_THE_CHECKOUT)]
            with program.Mock("--scene", "call") as mock:
                script = "\n".join(self.on(mock, line) for line in lines)
                result = run(["bash", "-euo", "pipefail", "-c", script], cwd=self.folder,
                             env={"AMI_URL": mock.url("admin:secret")})
            self.assert_passes(page, result)

    @staticmethod
    def on(mock, line):
        """The same on a mock that runs already, on a port of its own."""
        return ":" if line.startswith("ami mock ") else line.replace("5038", str(mock.port))

    def test_of_the_checkout(self):
        verbs = set(re.findall(r"^# \./dev (\w+)", (blocks.ROOT / "dev").read_text(), re.M))
        used = {word for _, text in blocks.of("sh") for word in re.findall(r"^\./dev (\w+)", text, re.M)}
        self.assertLessEqual({"run", "test"}, used)
        self.assertLessEqual(used, verbs)


class Configuration(CodeTest):
    def test_profiles(self):
        found = blocks.of("ini")
        self.assertGreater(len(found), 0)
        (self.folder / "ami").mkdir()
        for where, text in found:
            (self.folder / "ami" / "config").write_text(text)
            names = configparser.ConfigParser(default_section=None)
            names.read_string(text)
            for name in names.sections():
                # It gets as far as the password: all the names are known, all the values good.
                result = run(["ami", "ping", "-p", name, "-o", "host=127.0.0.1", "--password-file", "/nonexistent"],
                             env={"XDG_CONFIG_HOME": str(self.folder)})
                self.assertIn("/nonexistent", result.stdout, where)


if __name__ == "__main__":
    unittest.main()
