"""ami.h as a binding generator reads it: by a parser of plain C that knows no extension of any compiler."""

import pathlib
import re
import subprocess

from pycparser import c_ast, c_parser

HEADER = pathlib.Path(__file__).parents[2] / "include" / "ami" / "ami.h"
STANDARD_TYPES = "typedef int size_t, int64_t, uint32_t, uint64_t;\n"


def text():
    """Preprocessed, without the headers of the C library, which are full of extensions."""
    own = re.sub(r"#include.*", "", HEADER.read_text())
    return subprocess.run(["cpp", "-P", "-DAMI_API="], input=own, capture_output=True, text=True, check=True).stdout


def tree():
    return c_parser.CParser().parse(STANDARD_TYPES + text())


def functions(parsed):
    return [node for node in parsed.ext if isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl)]
