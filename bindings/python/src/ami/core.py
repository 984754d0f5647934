"""What the asynchronous and the synchronous client have in common: a client of the library and its queue.

Nothing here waits. poll() takes what has come and gives each part to whom it belongs.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Iterable, Mapping
from typing import Any, Callable, Optional

from ._border import check, data, ffi, lib, text
from .action import Action
from .errors import Error
from .options import settings_of
from .reply import Reply
from .stream import ENOUGH, Buffer

BATCH = 512  # items that one crossing of the border takes

_open: weakref.WeakSet[Core] = weakref.WeakSet()


class Core:
    """A client, idle at first. descriptor is readable when there is something to poll()."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self.is_ready = False
        self.is_idle = True  # and it will not become ready by itself
        self.error: Optional[Error] = None  # why it is idle; None after disconnect()
        self.waiting = 0  # who cannot go on before more has come, those who wait for a reply not counted
        self._process = os.getpid()
        # Held by whoever uses the client or its queue, so that no other thread, and not the end of the program, comes
        # between; may be taken again within, by the handler of a signal.
        self.changed = threading.Condition()
        self._ends = False
        self._items = ffi.new("ami_item_t[]", BATCH)
        self._buffers: dict[int, Buffer] = {}  # by subscription, and by list action
        self._pending: dict[int, tuple[str, Callable[[Reply], None]]] = {}  # by action
        self._queue = lib.ami_queue_new()
        self._client = lib.ami_new()
        if not self._queue or not self._client:
            raise MemoryError
        _open.add(self)
        try:
            for name, value in settings_of(options):
                self._check(lib.ami_set(self._client, data(name, "option"), data(value, f"option {name}")))
            self._check(lib.ami_set_queue(self._client, self._queue))
        except BaseException:
            self.close()
            raise
        self.descriptor: int = lib.ami_queue_fd(self._queue)
        self._ready = self._subscribe("ready")
        self._closed = self._subscribe("connection-close")
        drops = self.option("queue.overflow") == "drop"
        self._bound = max(ENOUGH, int(self.option("queue.max_items"))) if drops else None

    # ------------------------------------------------------------------------------------- the client

    def option(self, name: str) -> str:
        """An option, or server.banner, or server.version."""
        key = data(name, "option")
        with self.changed:
            length = self._check(lib.ami_get(self.handle, key, ffi.NULL, 0))
            buffer = ffi.new("char[]", length + 1)
            self._check(lib.ami_get(self.handle, key, buffer, length + 1))
        return text(buffer)

    def set_events(self, mask: str) -> None:
        with self.changed:
            self._check(lib.ami_set(self.handle, b"events", data(mask, "events")))

    def stat(self, name: str) -> int:
        which = _STATS.get(name)
        if which is None:
            raise Error.of(lib.AMI_EINVAL, f"no counter {name!r}; there are {', '.join(_STATS)}")
        with self.changed:
            return self._check(lib.ami_stat(self.handle, which))

    def connect(self) -> None:
        with self.changed:
            self._check(lib.ami_connect(self.handle))
        self.is_idle, self._ends, self.error = False, False, None

    def disconnect(self) -> None:
        with self.changed:
            if not self.is_idle:
                self._check(lib.ami_disconnect(self.handle))

    def close(self, answers: bool = False) -> None:
        """Ends the client at once and frees it; in a forked child too. Twice does no harm. With answers, what is still
        awaited is answered with an error."""
        client, self._client = self._client, ffi.NULL
        _open.discard(self)
        if not client:
            return
        lib.ami_destroy(client)
        if not answers:
            self._pending.clear()
        elif self.is_ours:
            while self.poll() > 0:
                pass
            self._finish()
        lib.ami_queue_free(self._queue)
        self._queue = ffi.NULL
        self.is_ready, self.is_idle = False, True

    def end(self) -> None:
        """At the end of the program: threads that run still stop where they use the client next, and say nothing."""
        self.changed.acquire()  # for good
        self.close()

    def forked(self) -> None:
        """In a forked child, where nobody is left who could give the lock back."""
        self.changed = threading.Condition()

    @property
    def is_closed(self) -> bool:
        with self.changed:
            return not self._client

    @property
    def is_ours(self) -> bool:
        """False in a forked child."""
        return self._process == os.getpid()

    @property
    def handle(self) -> Any:
        if not self._client:
            raise Error.of(lib.AMI_ESTATE, "the client is closed")
        return self._client

    def _check(self, result: int) -> int:
        return check(result, self.handle)

    # ------------------------------------------------------------------------- events and actions

    def subscribe(self, patterns: Iterable[str]) -> tuple[Buffer, list[int]]:
        names = tuple(patterns) or ("*",)
        buffer = Buffer(self._bound, has_duplicates=len(names) > 1)
        subscriptions = []
        for name in names:
            try:
                subscriptions.append(self._subscribe(name))
            except BaseException:
                self.unsubscribe(subscriptions)
                raise
            self._buffers[subscriptions[-1]] = buffer
        return buffer, subscriptions

    def _subscribe(self, name: str) -> int:
        subscription = ffi.new("uint64_t *")
        with self.changed:
            self._check(lib.ami_on(self.handle, data(name, "event"), ffi.NULL, ffi.NULL, ffi.NULL, subscription))
        return int(subscription[0])

    def unsubscribe(self, subscriptions: Iterable[int]) -> None:
        for subscription in subscriptions:
            if self._buffers.pop(subscription, None) is None or not self.is_ours:
                continue
            with self.changed:
                if self._client:
                    lib.ami_off(self._client, subscription)

    def send(self, action: Action, on_reply: Callable[[Reply], None], items: Optional[Buffer] = None) -> int:
        """on_reply gets the one reply, whatever happens, but after close()."""
        number = ffi.new("uint64_t *")
        null = ffi.NULL
        with self.changed:
            if items is None:
                self._check(lib.ami_send(self.handle, action.handle, null, null, null, number))
            else:
                self._check(lib.ami_send_each(self.handle, action.handle, null, null, null, null, number))
                self._buffers[number[0]] = items
            self._pending[number[0]] = action.name, on_reply
        return int(number[0])

    def cancel(self, number: int) -> None:
        with self.changed:
            if self._client:
                lib.ami_cancel(self._client, number)

    # ---------------------------------------------------------------------------------- what comes

    @property
    def is_full(self) -> bool:
        """Enough waits to be read, and nobody waits for what may come behind it."""
        return self.waiting == 0 and not self._pending and any(
            buffer.size >= ENOUGH for buffer in list(self._buffers.values()))

    def poll(self) -> int:
        """Takes what has come, as much as one crossing takes; returns how many items."""
        # Not shared: the handler of a signal may come here again while they are given.
        taken, runs = ffi.new("void *[]", BATCH), ffi.new("run_t[]", BATCH)
        with self.changed:
            nruns = lib.bulk_poll(self._queue, self._items, BATCH, taken, runs)
        if nruns < 0:
            raise Error.of(nruns)
        if nruns == 0:
            return 0
        for run in runs[0:nruns]:
            self._give(run.kind, run.id, taken, run.begin, run.end)
        if self._ends and self.poll() == 0 and self._ends:
            self._finish()
        return int(runs[nruns - 1].end)

    def _give(self, kind: int, number: int, taken: Any, begin: int, end: int) -> None:
        if kind == lib.AMI_ITEM_REPLY:
            for place in range(begin, end):
                self._answer(number, ffi.cast("ami_reply_t *", taken[place]))
            return
        buffer = self._buffers.get(number)
        if buffer is not None:
            buffer.push(taken, begin, end)
            return
        if number == self._ready:
            self.is_ready = True
        elif number == self._closed:
            self._note_close(taken[end - 1])
        lib.bulk_unref(taken + begin, end - begin)

    def _answer(self, number: int, reply: Any) -> None:
        name, on_reply = self._pending.pop(number, ("", None))
        answer = Reply(reply, name)
        items = self._buffers.pop(number, None)
        if items is not None:
            items.finish(answer.error())
        if on_reply is not None:
            on_reply(answer)

    def _note_close(self, msg: Any) -> None:
        self.is_ready = False
        field = {name: _text_or_none(lib.ami_msg_get(msg, name, ffi.NULL)) for name in (b"Final", b"Error", b"Reason")}
        if field[b"Final"] != "true":
            return
        self._ends = True
        status = _ERRORS.get(field[b"Error"] or "", lib.AMI_ELOST)
        self.error = None if status == lib.AMI_ECLOSED else Error.of(status, field[b"Reason"] or "")

    def _finish(self) -> None:
        """The last notice has come, and what came with it: every loop over events ends."""
        self._ends = False
        self.is_idle = True
        for buffer in list(self._buffers.values()):
            buffer.finish(self.error)


def _text_or_none(pointer: Any) -> Optional[str]:
    return text(pointer) if pointer else None


def _error_numbers() -> dict[str, int]:
    return {name: getattr(lib, name) for name in dir(lib)
            if name.startswith("AMI_E") and text(lib.ami_err_name(getattr(lib, name))) == name}


_ERRORS = _error_numbers()
_STATS = {name[len("AMI_STAT_"):].lower(): getattr(lib, name) for name in dir(lib) if name.startswith("AMI_STAT_")}


@atexit.register
def _close_all() -> None:
    """No thread of the library's outlives the interpreter."""
    for core in list(_open):
        core.end()


def _renew_all() -> None:
    for core in list(_open):
        core.forked()


os.register_at_fork(after_in_child=_renew_all)
