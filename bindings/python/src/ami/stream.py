"""Messages that have come and wait for whoever iterates."""

from __future__ import annotations

import itertools
from collections import deque
from typing import Any, Callable, Optional

from ._border import ffi, lib
from .columns import Columns, Row
from .errors import Error
from .message import Gap, Message

ENOUGH = 4096  # messages; with so many waiting nothing more is taken from the library, unless a reply is awaited


class Buffer:
    """Messages in order, and how it ends. Of the oldest those over bound are dropped, and a gap stands in their place."""

    def __init__(self, bound: Optional[int], has_duplicates: bool = False) -> None:
        self.size = 0
        self.is_over = False
        self.error: Optional[Error] = None
        self.wake: Callable[[], None] = _nothing
        self._bound = bound
        self._chunks: deque[tuple[Any, int, int]] = deque()  # an array of messages, and what of it is ours
        self._dropped = 0
        self._columns = Columns.learning()
        self._last_seq = 0 if has_duplicates else None

    def __del__(self) -> None:
        self.discard()

    def push(self, msgs: Any, begin: int, end: int) -> None:
        """Takes over the references in msgs[begin:end]."""
        if self._last_seq is not None:
            msgs, begin, end = self._without_duplicates(msgs, begin, end)
            if begin == end:
                return
        self._chunks.append((msgs, begin, end))
        self.size += end - begin
        if self._bound is not None:
            while self.size > self._bound and len(self._chunks) > 1:
                self._dropped += self._unref(*self._chunks.popleft())
        self.wake()

    def finish(self, error: Optional[Error]) -> None:
        """Nothing more comes."""
        self.is_over = True
        self.error = error
        self.wake()

    def discard(self) -> None:
        while self._chunks:
            self._unref(*self._chunks.popleft())

    def take(self) -> list[Message]:
        """Some messages; what the loop has read of those before is fetched with them, in one crossing."""
        self._columns = columns = self._columns.grown()
        msgs, begin, count = self._next()
        rows = columns.rows(msgs + begin, count)
        messages: list[Message] = list(map(Message, ffi.unpack(msgs + begin, count), rows, itertools.repeat(columns)))
        if self._dropped:
            messages.insert(0, Gap(self._dropped, messages[0]))
            self._dropped = 0
        return messages

    def take_rows(self, columns: Columns) -> list[Row]:
        msgs, begin, count = self._next()
        try:
            return columns.rows(msgs + begin, count)
        finally:
            lib.bulk_unref(msgs + begin, count)

    def _next(self) -> tuple[Any, int, int]:
        msgs, begin, end = self._chunks.popleft()
        self.size -= end - begin
        return msgs, begin, end - begin

    def _unref(self, msgs: Any, begin: int, end: int) -> int:
        self.size -= end - begin
        lib.bulk_unref(msgs + begin, end - begin)
        return end - begin

    def _without_duplicates(self, msgs: Any, begin: int, end: int) -> tuple[Any, int, int]:
        """An event to which two of our names match comes twice, one right behind the other."""
        kept = []
        for place in range(begin, end):
            seq = lib.ami_msg_seq(msgs[place])
            if seq == self._last_seq:
                lib.ami_msg_unref(msgs[place])
            else:
                kept.append(msgs[place])
                self._last_seq = seq
        return ffi.new("void *[]", kept), 0, len(kept)


def _nothing() -> None:
    pass
