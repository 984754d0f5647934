"""The same client for scripts, without an event loop: every call waits until it is done.

    import ami.sync

    with ami.sync.connect("ami://admin:secret@pbx") as pbx:
        for channel in pbx.send("CoreShowChannels"):
            print(channel["Channel"])
"""

from __future__ import annotations

import builtins
import os
import select
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Callable, Optional

from ._border import lib
from .action import Action, Fields, Scalar, Value
from .base import BaseClient
from .columns import Columns, Row
from .errors import Error
from .message import Message
from .reply import Reply
from .stream import Buffer

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self, Unpack

    from .options import Options


def connect(url: Optional[str] = None, **options: Unpack[Options]) -> Client:
    """A client that is connected: with ami.sync.connect("ami://user:secret@pbx") as pbx. Raises why it could not be."""
    return Client(url, **options).connect()


class Client(BaseClient):
    """One login on one Asterisk. May be used from many threads: whoever waits takes in what comes, for all."""

    def __init__(self, url: Optional[str] = None, **options: Unpack[Options]) -> None:
        super().__init__(url, **options)
        self._poller: Optional[int] = None  # the thread that waits for the descriptor
        self._ends = False  # nobody is to wait for it any more
        self._bell, self._rope = os.pipe()  # to tell the poller so

    # --------------------------------------------------------------------------------------- life

    def connect(self) -> Self:
        """Connects, and waits until the login is accepted, or raises why it was not."""
        core = self._core
        try:
            with self._core.changed:
                core.connect()
            self._wait(lambda: core.is_ready or core.is_idle)
            if core.error is not None:
                raise core.error
            if not core.is_ready:
                raise Error.of(lib.AMI_ECLOSED, "disconnected before the login was accepted")
        except BaseException:
            self.abort()
            raise
        return self

    def disconnect(self) -> None:
        """Lets actions in flight finish (disconnect_grace_ms), logs off and closes. Twice does no harm."""
        core = self._core
        if core.is_closed:
            return
        try:
            with self._core.changed:
                core.disconnect()
            self._wait(lambda: core.is_idle)
        finally:
            self.abort()

    def abort(self) -> None:
        """Closes at once. What is still awaited ends with an error."""
        if not self._core.is_ours:  # a forked child, whose lock another thread of the parent may hold
            self._core.close()
            return
        with self._core.changed:
            if not self._ends:
                self._ends = True
                os.write(self._rope, b"x")
            while self._poller not in (None, threading.get_ident()):
                self._core.changed.wait()
            self._core.close(answers=True)
            self._core.changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.disconnect()

    def __del__(self) -> None:
        if not hasattr(self, "_rope"):
            return
        os.close(self._bell)
        os.close(self._rope)
        core = self._core
        if core.is_closed:
            return
        if core.is_ours and not core.is_idle:
            warnings.warn(f"{self!r} was never disconnected", ResourceWarning, source=self, stacklevel=2)
        core.close()

    # ----------------------------------------------------------------------------------- actions

    def send(self, action: str, fields: Optional[Fields] = None, /, *,
             variables: Optional[Mapping[str, Scalar]] = None, until: Optional[str] = None,
             timeout: Optional[float] = None, **headers: Value) -> Reply:
        """Sends an action, and waits for its reply; see ami.Client.send()."""
        made = Action(action, fields, headers, variables=variables, until=until, timeout=timeout)
        answers: builtins.list[Reply] = []
        with self._core.changed:
            number = self._core.send(made, answers.append)
        try:
            self._wait(lambda: bool(answers))
        except BaseException:  # Ctrl-C, say
            self._core.cancel(number)
            raise
        error = answers[0].error()
        if error is not None:
            raise error
        return answers[0]

    def command(self, command: str, *, timeout: Optional[float] = None) -> str:
        """Runs a command of Asterisk's command line; its text."""
        return self.send("Command", Command=command, timeout=timeout).output or ""

    def list(self, action: str, fields: Optional[Fields] = None, /, *, timeout: Optional[float] = None,
             **headers: Value) -> ListStream:
        """The items of a list as they come: for channel in pbx.list("CoreShowChannels")."""
        return ListStream(self, Action(action, fields, headers, timeout=timeout))

    def events(self, *patterns: str) -> EventStream:
        """Events by name or glob, from now on; see ami.Client.events()."""
        with self._core.changed:
            return EventStream(self, *self._core.subscribe(patterns))

    # ----------------------------------------------------------------------------------- waiting

    def _wait(self, condition: Callable[[], bool], timeout: Optional[float] = None) -> bool:
        """Takes in what comes until the condition holds; False when it does not in time."""
        end = None if timeout is None else time.monotonic() + timeout
        with self._core.changed:
            while not condition():
                if self._core.is_closed:
                    raise Error.of(lib.AMI_ESTATE, "the client is closed")
                if not self._core.is_ours:
                    raise Error.of(lib.AMI_EFORK)
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    return False
                # Our own thread may be the poller, and we in the handler of a signal that it took.
                if self._ends or self._poller not in (None, threading.get_ident()):
                    self._core.changed.wait(left)
                else:
                    self._take_in(left)
            return True

    def _take_in(self, timeout: Optional[float]) -> None:
        """One thread waits for the descriptor, unlocked; a signal's handler can run meanwhile."""
        self._poller = threading.get_ident()
        waiter = select.poll()  # not shared: the handler of a signal may come here again
        waiter.register(self._core.descriptor, select.POLLIN)
        waiter.register(self._bell, select.POLLIN)
        self._core.changed.release()
        try:
            waiter.poll(None if timeout is None else timeout * 1000)
        finally:
            self._core.changed.acquire()
            self._poller = None
            if not self._core.is_closed:
                self._core.poll()
            self._core.changed.notify_all()


class _Stream:
    """What iterates over a buffer; one thread at a time."""

    def __init__(self, client: Client, buffer: Buffer) -> None:
        self._client = client
        self._buffer = buffer
        self._taken: Iterator[Message] = iter(())  # from the buffer, and not yet given on

    def _fill(self, timeout: Optional[float] = None) -> bool:
        """Waits until there is something in the buffer; False when nothing will come. Raises when it broke off."""
        buffer = self._buffer
        if not buffer.size and not self._client._wait(lambda: buffer.size > 0 or buffer.is_over, timeout):
            raise Error.of(lib.AMI_ETIMEDOUT, f"no message in {timeout} s")
        if not buffer.size and buffer.error is not None:
            raise buffer.error
        return buffer.size > 0

    def get(self, timeout: Optional[float] = None) -> Message:
        """The next message; StopIteration when there will be none, TimeoutError after so many seconds."""
        while True:
            for message in self._taken:
                return message
            if not self._fill(timeout):
                raise StopIteration
            self._take()

    def __iter__(self) -> Iterator[Message]:
        # Messages that a loop leaves behind by break are there for the next one.
        while True:
            yield from self._taken
            if not self._fill():
                return
            self._take()

    def rows(self, *keys: str) -> Iterator[list[Row]]:
        """The fastest way: no messages, but some rows at a time; see ami.Client."""
        columns = Columns(keys)
        while self._fill():
            with self._client._core.changed:
                rows = self._buffer.take_rows(columns)
            yield rows

    def _take(self) -> None:
        with self._client._core.changed:
            self._taken = iter(self._buffer.take())

    def close(self) -> None:
        with self._client._core.changed:
            self._buffer.is_over = True
            self._buffer.discard()
            self._taken = iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_taken"):
            self.close()


class EventStream(_Stream):
    """Events as they come. close(), leaving a with block, or letting go of it ends the subscription."""

    def __init__(self, client: Client, buffer: Buffer, subscriptions: list[int]) -> None:
        self._subscriptions = subscriptions
        super().__init__(client, buffer)

    def close(self) -> None:
        with self._client._core.changed:
            self._client._core.unsubscribe(self._subscriptions)
        super().close()


class ListStream(_Stream):
    """The items of a list as they come; reply is the reply once the last has come. Leaving the loop early, and letting go
    of the stream, cancels the action."""

    def __init__(self, client: Client, action: Action) -> None:
        self._answers: list[Reply] = []
        buffer = Buffer(None)
        with client._core.changed:
            self._number = client._core.send(action, self._answers.append, buffer)
        super().__init__(client, buffer)

    @property
    def reply(self) -> Optional[Reply]:
        return self._answers[0] if self._answers else None

    def close(self) -> None:
        with self._client._core.changed:
            if not self._answers:
                self._client._core.cancel(self._number)
        super().close()
