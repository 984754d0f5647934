"""Text across the border, and the library's verdicts as exceptions."""

from __future__ import annotations

import math
from typing import Any

from ._ami import ffi, lib
from .errors import Error

__all__ = ["check", "data", "detail", "ffi", "lib", "milliseconds", "text", "text_of"]

# Bytes that are no UTF-8 come through and go back unharmed. With the option encoding=utf-8, the default here, the
# library lets none of them in.
HANDLER = "surrogateescape"


def text(pointer: Any) -> str:
    """Of a string that ends in NUL."""
    return str(ffi.string(pointer), "utf-8", HANDLER)


def text_of(pointer: Any, length: int) -> str:
    return str(ffi.unpack(pointer, length), "utf-8", HANDLER)


def data(value: str | bytes, what: str) -> bytes:
    """For a parameter that ends in NUL."""
    encoded = value.encode("utf-8", HANDLER) if isinstance(value, str) else value
    if b"\0" in encoded:
        raise Error.of(lib.AMI_EINJECT, f"{what} {value!r} holds a NUL; AMI cannot carry it")
    return encoded


def milliseconds(seconds: float) -> int:
    """At least one: to the library 0 is no limit."""
    if not 0 < seconds < 2**31 / 1000:
        raise Error.of(lib.AMI_EINVAL, f"timeout={seconds!r}: it is in seconds, above 0 and below {2**31 // 1000}")
    return math.ceil(seconds * 1000)


def detail(client: Any) -> str:
    """Why the last failing call on a client failed."""
    room = 512
    while True:
        buffer = ffi.new("char[]", room)
        length = lib.ami_detail(client, buffer, room)
        if length < room:
            return text(buffer) if length > 0 else ""
        room = length + 1


def check(result: int, client: Any) -> int:
    """The result of a call on a client, or its error."""
    if result < 0:
        raise Error.of(result, detail(client))
    return result
