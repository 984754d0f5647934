"""Actions as they are to be sent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Optional, Union

from ._border import HANDLER, data, ffi, lib, milliseconds, text
from .errors import Error

Scalar = Union[str, bytes, int, float, bool]
Value = Union[Scalar, Iterable[Scalar], None]
Fields = Union[Mapping[str, Value], Iterable[tuple[str, Value]]]


class Action:
    """Refuses, as it is made, all that would break out of its line; nothing of it is sent then."""

    def __init__(self, name: str, fields: Optional[Fields] = None, more: Optional[Mapping[str, Value]] = None, *,
                 variables: Optional[Mapping[str, Scalar]] = None, until: Optional[str] = None,
                 timeout: Optional[float] = None) -> None:
        self.name = name
        self.handle = ffi.gc(lib.ami_action_new(data(name, "action")), lib.ami_action_free)
        if not self.handle:
            raise MemoryError
        for source in (fields, more):
            if source:
                self._add_all(source)
        for variable, value in (variables or {}).items():
            self._check(lib.ami_action_variable(self.handle, data(variable, "variable"),
                                                data(_encoded(value), f"variable {variable}")))
        if until is not None:
            self._check(lib.ami_action_until(self.handle, data(until, "until")))
        if timeout is not None:
            self._check(lib.ami_action_timeout(self.handle, milliseconds(timeout)))

    def _add_all(self, fields: Fields) -> None:
        for key, value in fields.items() if isinstance(fields, Mapping) else fields:
            if value is None:
                continue
            if isinstance(value, (str, bytes, int, float)):
                self._add(key, value)
            else:
                for each in value:
                    self._add(key, each)

    def _add(self, key: str, value: Scalar) -> None:
        name, content = key.encode("utf-8", HANDLER), _encoded(value)
        self._check(lib.ami_action_addn(self.handle, name, len(name), content, len(content)))

    def _check(self, result: int) -> None:
        if result < 0:
            raise Error.of(result, f"{self.name}: {text(lib.ami_action_detail(self.handle))}")


def _encoded(value: Any) -> bytes:
    """True and False are the true and false of Asterisk."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, (str, int, float)):
        return str(value).encode("utf-8", HANDLER)
    raise TypeError(f"a header's value is text, a number or a list of them, not {type(value).__name__}: {value!r}")
