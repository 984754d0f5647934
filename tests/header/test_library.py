#!/usr/bin/python3 -B
"""libami.so exports the functions of ami.h and nothing else, and is linked as any host program needs it.

LIBRARY is the file; STATIC_RUNTIME is ON when the C++ runtime is to be inside.
"""

import os
import re
import subprocess
import unittest

import header

LIBRARY = os.environ["LIBRARY"]
STATIC_RUNTIME = os.environ["STATIC_RUNTIME"] == "ON"


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class Library(unittest.TestCase):
    def test_exports_the_functions_of_the_header(self):
        exported = {line.split()[-1] for line in output("nm", "-D", "--defined-only", LIBRARY).splitlines()}
        declared = {function.name + "@@AMI_0" for function in header.functions(header.tree())}
        self.assertEqual(exported, declared | {"AMI_0"})

    def test_name_and_flags(self):
        dynamic = output("readelf", "-dW", LIBRARY)
        self.assertIn("soname: [libami.so.0]", dynamic)
        self.assertIn("NODELETE", dynamic)

    def test_runtime(self):
        needed = re.findall(r"NEEDED.*\[(.*)\.so", output("readelf", "-dW", LIBRARY))
        self.assertIn("libuv", needed)
        self.assertEqual("libstdc++" in needed, not STATIC_RUNTIME, needed)
        if STATIC_RUNTIME:
            self.assertNotIn("libgcc_s", needed)


if __name__ == "__main__":
    unittest.main()
