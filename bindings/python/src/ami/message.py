"""Messages: what Asterisk said, as mappings that build nothing until they are asked."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterator, Mapping
from typing import Any, Optional

from ._border import HANDLER, ffi, lib, text, text_of
from .columns import NO_COLUMNS, Columns


class Kind(enum.IntEnum):
    """What a message is."""

    EVENT = 1
    """An event of Asterisk's."""
    RESPONSE = 2
    NOTICE = 3
    """The library's own: ready, connection-close, gap ... (ami.h has them all)."""
    LISTITEM = 4
    """An event that belongs to an action of ours."""


_keys: dict[str, bytes] = {}  # as the library takes them; bounded, since keys are few


def _key(key: str) -> bytes:
    found = key.encode("utf-8", HANDLER)
    if len(_keys) < 1000:
        _keys[key] = found
    return found


class Message(Mapping[str, str]):
    """One message: message["Channel"] is the first value of that header, whatever the case of the key.

    A mapping of the first values, in the order of the wire; getall() and fields() tell of repeated headers too.
    Immutable, and usable from any thread.
    """

    __slots__ = ("_columns", "_msg", "_row", "__weakref__")

    def __init__(self, msg: Any, row: tuple[Optional[str], ...] = (), columns: Columns = NO_COLUMNS) -> None:
        self._msg = msg  # a reference of ours
        self._row = row
        self._columns = columns

    def __del__(self, unref: Any = lib.ami_msg_unref) -> None:
        unref(self._msg)

    @classmethod
    def _borrowed(cls, msg: Any) -> Message:
        return cls(lib.ami_msg_ref(msg))

    def get(self, key: str, default: Any = None, _find: Any = lib.ami_msg_find, _unpack: Any = ffi.unpack) -> Any:
        """The first value of that header, or default."""
        columns = self._columns
        if key in columns.places:
            value = self._row[columns.places[key]]
            return default if value is None else value
        columns.learn(key)
        field = _find(self._msg, _keys.get(key) or _key(key), 0)
        return str(_unpack(field.value, field.value_len), "utf-8", HANDLER) if field else default

    def __getitem__(self, key: str) -> str:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value  # type: ignore[no-any-return]

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and self.get(key) is not None

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[str]:
        seen = set()
        for key, _ in self.fields():
            if key.lower() not in seen:
                seen.add(key.lower())
                yield key

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def getall(self, key: str) -> list[str]:
        """All values of a repeated header, in order."""
        wanted = _keys.get(key) or _key(key)
        values: list[str] = []
        while field := lib.ami_msg_find(self._msg, wanted, len(values)):
            values.append(text_of(field.value, field.value_len))
        return values

    def fields(self) -> list[tuple[str, str]]:
        """All headers in the order of the wire, repeated ones included."""
        out = ffi.new("const ami_field_t **")
        count = lib.ami_msg_fields(self._msg, out)
        return [(text_of(field.key, field.key_len), text_of(field.value, field.value_len))
                for field in ffi.unpack(out[0], count)] if count else []

    @property
    def name(self) -> str:
        """The event's name, or a response's Success, Error ...; "" without one."""
        return text(lib.ami_msg_name(self._msg))

    @property
    def kind(self) -> Kind:
        return Kind(lib.ami_msg_kind(self._msg))

    @property
    def seq(self) -> int:
        """The place in the order of this client's messages, from 1, over all reconnects."""
        return int(lib.ami_msg_seq(self._msg))

    @property
    def time_ns(self) -> int:
        """When it was received: nanoseconds since 1970."""
        return int(lib.ami_msg_time(self._msg))

    @property
    def time(self) -> datetime.datetime:
        """When it was received."""
        return datetime.datetime.fromtimestamp(self.time_ns / 1e9, datetime.timezone.utc)

    @property
    def label(self) -> str:
        """The client's identifier; "" without one."""
        return text(lib.ami_msg_label(self._msg))

    @property
    def raw(self) -> bytes:
        """As it came, with its final blank line."""
        length = ffi.new("size_t *")
        pointer = lib.ami_msg_raw(self._msg, length)
        if not pointer:
            raise MemoryError
        return bytes(ffi.buffer(pointer, length[0]))

    @property
    def output(self) -> Optional[str]:
        """The text of a Command; None when the message has none."""
        length = ffi.new("size_t *")
        pointer = lib.ami_msg_output(self._msg, length)
        return text_of(pointer, length[0]) if pointer else None

    def __repr__(self) -> str:
        return f"<{self.kind.name.lower()} {' '.join(f'{key}={value!r}' for key, value in self.fields())}>"


class Gap(Message):
    """The notice "gap" where messages were dropped on this side of the border, before the message `behind`."""

    __slots__ = ("_values",)

    def __init__(self, dropped: int, behind: Message) -> None:
        super().__init__(lib.ami_msg_ref(behind._msg))
        self._values = {"Event": "gap", "Cause": "overflow", "Dropped": str(dropped)}

    def get(self, key: str, default: Any = None, _find: Any = None, _unpack: Any = None) -> Any:
        return next((value for name, value in self._values.items() if name.lower() == key.lower()), default)

    def getall(self, key: str) -> list[str]:
        value = self.get(key)
        return [] if value is None else [value]

    def fields(self) -> list[tuple[str, str]]:
        return list(self._values.items())

    @property
    def name(self) -> str:
        return "gap"

    @property
    def kind(self) -> Kind:
        return Kind.NOTICE

    @property
    def raw(self) -> bytes:
        return b""

    @property
    def output(self) -> Optional[str]:
        return None
