"""The headers that a loop over events reads, fetched for many events in one crossing of the border."""

from __future__ import annotations

from typing import Any, Optional

from ._border import HANDLER, ffi, lib, text_of

Row = tuple[Optional[str], ...]
MOST = 8  # a loop that reads more headers than that gets the rest one by one


class Columns:
    """Some keys, and where their values stand in a row. What a message is asked beyond them is learnt for the messages
    that come after it."""

    __slots__ = ("_pointers", "_strings", "_wish", "keys", "places")

    def __init__(self, keys: tuple[str, ...] = (), wish: Optional[list[str]] = None) -> None:
        self.keys = keys
        self.places = {key: place for place, key in enumerate(keys)}
        self._wish = wish
        self._strings = [ffi.new("char[]", key.encode("utf-8", HANDLER)) for key in keys]
        self._pointers = ffi.new("char *[]", self._strings)

    @classmethod
    def learning(cls) -> Columns:
        return cls((), [])

    def learn(self, key: str) -> None:
        wish = self._wish
        if wish is not None and len(wish) < MOST and key not in wish:
            wish.append(key)

    def grown(self) -> Columns:
        """These, or new ones with what was learnt."""
        wish = self._wish
        return self if wish is None or len(wish) == len(self.keys) else Columns(tuple(wish), wish)

    def rows(self, msgs: Any, count: int) -> list[Row]:
        """Of each message the first values of the keys; None where there is none."""
        width = len(self.keys)
        if not width:
            return [()] * count
        missing = ffi.new("int32_t[]", count * width)
        nmissing = ffi.new("size_t *")
        room = count * width * 32
        while True:
            out = ffi.new("char[]", room)
            length = lib.bulk_pack(msgs, count, self._pointers, width, out, room, missing, nmissing)
            if length < 0:
                return self._one_by_one(msgs, count)
            if length < room:
                break
            room = length + 1
        values: list[Optional[str]] = [*text_of(out, length).split("\0")]
        for place in ffi.unpack(missing, nmissing[0]):
            values[place] = None
        return list(zip(*[iter(values)] * width))

    def _one_by_one(self, msgs: Any, count: int) -> list[Row]:
        """The same where a value holds a NUL."""
        def value(msg: Any, key: Any) -> Optional[str]:
            field = lib.ami_msg_find(msg, key, 0)
            return text_of(field.value, field.value_len) if field else None
        return [tuple(value(msgs[i], key) for key in self._strings) for i in range(count)]


NO_COLUMNS = Columns()
