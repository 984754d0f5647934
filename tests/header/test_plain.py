#!/usr/bin/python3 -B
"""ami.h says nothing that the foreign function interface of another language cannot say.

Run by the system's own Python, since cffi and pycparser are packages of the system.
"""

import unittest

import cffi
from pycparser import c_ast

import header

BY_VALUE = {"int", "int64_t", "uint32_t", "uint64_t", "size_t"}


class Signatures(c_ast.NodeVisitor):
    """Gathers what is passed by value, and whatever is no plain declaration."""

    def __init__(self):
        self.by_value = {}
        self.odd = []

    def visit_FuncDecl(self, node):  # functions and types of callbacks
        parameters = node.args.params if node.args else []
        for each in [node.type] + [p.type for p in parameters if not isinstance(p, c_ast.EllipsisParam)]:
            if isinstance(each, c_ast.TypeDecl):
                inner = each.type
                name = inner.names[0] if isinstance(inner, c_ast.IdentifierType) else type(inner).__name__
                self.by_value.setdefault(name, each.coord)
        self.generic_visit(node)

    def visit_EllipsisParam(self, node):
        self.odd.append(f"varargs: {node.coord}")

    def visit_Decl(self, node):
        if node.bitsize is not None:
            self.odd.append(f"bit-field: {node.coord}")
        self.generic_visit(node)


class Plain(unittest.TestCase):
    def test_cffi_reads_it(self):
        ffi = cffi.FFI()
        ffi.cdef(header.text())
        pointer = ffi.sizeof("void *")
        self.assertEqual(ffi.sizeof("ami_field_t"), 2 * pointer + 8)
        self.assertEqual(ffi.sizeof("ami_item_t"), 16 + 3 * pointer + 8)

    def test_signatures_hold_integers_and_pointers(self):
        tree = header.tree()
        callbacks = {node.name for node in tree.ext
                     if isinstance(node, c_ast.Typedef) and isinstance(node.type, c_ast.PtrDecl)}
        seen = Signatures()
        seen.visit(tree)
        self.assertEqual(seen.odd, [])
        self.assertLessEqual(set(seen.by_value), BY_VALUE | callbacks | {"void"}, seen.by_value)
        self.assertGreater(len(header.functions(tree)), 50)


if __name__ == "__main__":
    unittest.main()
