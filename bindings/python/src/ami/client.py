"""The client for asyncio."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import AsyncIterator, Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Callable, Optional

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
    """A client that `async with` or `await` connects: ami.connect("ami://user:secret@pbx", reconnect=True).

    Leaving the block disconnects in good order.
    """
    return Client(url, **options)


class Client(BaseClient):
    """One login on one Asterisk, for one event loop. Everything runs on the loop: no thread of Python's, no lock."""

    def __init__(self, url: Optional[str] = None, **options: Unpack[Options]) -> None:
        super().__init__(url, **options)
        self._loop: Optional[asyncio.AbstractEventLoop] = None
        self._reads = False
        self._changed: set[asyncio.Future[None]] = set()  # of those who wait for the connection to be ready or to end

    # --------------------------------------------------------------------------------------- life

    async def connect(self) -> Self:
        """Connects, and waits until the login is accepted, or raises why it was not."""
        self._attach()
        self._core.connect()
        try:
            await self._until(lambda: self._core.is_ready or self._core.is_idle)
            if self._core.error is not None:
                raise self._core.error
            if not self._core.is_ready:
                raise Error.of(lib.AMI_ECLOSED, "disconnected before the login was accepted")
        except BaseException:
            self.abort()
            raise
        return self

    async def disconnect(self) -> None:
        """Lets actions in flight finish (disconnect_grace_ms), logs off and closes. Twice does no harm."""
        if self._core.is_closed:
            return
        try:
            self._core.disconnect()
            await self._until(lambda: self._core.is_idle)
        finally:
            self.abort()

    def abort(self) -> None:
        """Closes at once. What is still awaited ends with an error."""
        if self._core.is_closed:
            return
        if self._core.is_ours:
            self._pause()
        self._core.close(answers=self._loop is not None and not self._loop.is_closed())
        self._tell()

    def __await__(self) -> Generator[Any, None, Self]:
        return self.connect().__await__()

    async def __aenter__(self) -> Self:
        return await self.connect()

    async def __aexit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                        trace: Optional[TracebackType]) -> None:
        await self.disconnect()

    def __del__(self) -> None:
        core = getattr(self, "_core", None)
        if core is None or core.is_closed:
            return
        if core.is_ours and not core.is_idle:
            warnings.warn(f"{self!r} was never disconnected", ResourceWarning, source=self, stacklevel=2)
        self.abort()

    # ----------------------------------------------------------------------------------- actions

    async def send(self, action: str, fields: Optional[Fields] = None, /, *,
                   variables: Optional[Mapping[str, Scalar]] = None, until: Optional[str] = None,
                   timeout: Optional[float] = None, **headers: Value) -> Reply:
        """Sends an action, and waits for its reply: await pbx.send("Getvar", Channel=channel, Variable="DIALSTATUS").

        Headers are keyword arguments, or fields, a mapping or pairs; a list is a repeated header and None is left out.
        variables are channel variables, escaped. until waits for that event of the action's ("OriginateResponse").
        timeout is seconds. Raises ReplyError when Asterisk says Error, and another Error when no answer came; its
        fate tells whether the action may have run. Cancelling the task cancels the action.
        """
        reply = await self._send(Action(action, fields, headers, variables=variables, until=until, timeout=timeout))
        error = reply.error()
        if error is not None:
            raise error
        return reply

    async def command(self, command: str, *, timeout: Optional[float] = None) -> str:
        """Runs a command of Asterisk's command line; its text."""
        return (await self.send("Command", Command=command, timeout=timeout)).output or ""

    def list(self, action: str, fields: Optional[Fields] = None, /, *, timeout: Optional[float] = None,
             **headers: Value) -> ListStream:
        """The items of a list as they come: async for channel in pbx.list("CoreShowChannels")."""
        self._attach()
        return ListStream(self, Action(action, fields, headers, timeout=timeout))

    def events(self, *patterns: str) -> EventStream:
        """Events by name or glob, from now on: async for event in pbx.events("Queue*", "gap").

        Names are those of Asterisk's events and those of the library (ready, gap, connection-close ... see ami.h); none
        stands for "*". The loop ends when this side disconnects, and raises when the connection is lost for good.
        """
        return EventStream(self, *self._core.subscribe(patterns))

    async def _send(self, action: Action, items: Optional[Buffer] = None) -> Reply:
        loop = self._attach()
        future: asyncio.Future[Reply] = loop.create_future()
        number = self._core.send(action, lambda reply: None if future.done() else future.set_result(reply), items)
        self._resume()
        try:
            return await future
        except asyncio.CancelledError:
            self._core.cancel(number)
            raise

    # ------------------------------------------------------------------------------ the event loop

    def _attach(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
            self._resume()
        return self._loop

    def _resume(self) -> None:
        if self._loop is not None and not self._reads and not self._core.is_closed and not self._core.is_full:
            self._loop.add_reader(self._core.descriptor, self._read)
            self._reads = True

    def _pause(self) -> None:
        if self._loop is not None and self._reads:
            self._reads = False
            if not self._loop.is_closed():
                self._loop.remove_reader(self._core.descriptor)

    def _read(self) -> None:
        core = self._core
        was = core.is_ready, core.is_idle
        core.poll()
        if was != (core.is_ready, core.is_idle):
            self._tell()
        if core.is_full:
            self._pause()

    async def _until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._changed.add(changed)
            await self._waiting(changed)
            self._changed.discard(changed)

    async def _waiting(self, future: asyncio.Future[None]) -> None:
        """Awaits it, and takes in what comes meanwhile."""
        self._core.waiting += 1
        self._resume()
        try:
            await future
        finally:
            self._core.waiting -= 1

    def _tell(self) -> None:
        for future in self._changed:
            if not future.done():
                future.set_result(None)


class _Bell:
    """Rung when something has come. Not the stream itself, which must be able to go while its subscription stays."""

    def __init__(self) -> None:
        self._rung: Optional[asyncio.Future[None]] = None

    def ring(self) -> None:
        if self._rung is not None and not self._rung.done():
            self._rung.set_result(None)

    def next(self) -> asyncio.Future[None]:
        """Done when it is rung."""
        self._rung = asyncio.get_running_loop().create_future()
        return self._rung


class _Stream:
    """What iterates over a buffer; one task at a time."""

    def __init__(self, client: Client, buffer: Buffer) -> None:
        self._client = client
        self._buffer = buffer
        self._taken: Iterator[Message] = iter(())  # from the buffer, and not yet given on
        self._bell = _Bell()
        buffer.wake = self._bell.ring

    async def _fill(self) -> bool:
        """Waits until there is something in the buffer; False when nothing will come. Raises when it broke off."""
        while not self._buffer.size:
            if self._buffer.is_over:
                if self._buffer.error is not None:
                    raise self._buffer.error
                return False
            self._client._attach()
            await self._client._waiting(self._bell.next())
        return True

    async def get(self) -> Message:
        """The next message; StopAsyncIteration when there will be none."""
        while True:
            for message in self._taken:
                return message
            if not await self._fill():
                raise StopAsyncIteration
            self._taken = iter(self._buffer.take())

    async def __aiter__(self) -> AsyncIterator[Message]:
        # Messages that a loop leaves behind by break are there for the next one.
        while True:
            for message in self._taken:
                yield message
            if not await self._fill():
                return
            self._taken = iter(self._buffer.take())

    async def rows(self, *keys: str) -> AsyncIterator[list[Row]]:
        """The fastest way: no messages, but some rows at a time, of the first values of these headers; None for one that
        a message does not have. async for rows in stream.rows("Event", "Channel"): for event, channel in rows: ..."""
        columns = Columns(keys)
        while await self._fill():
            yield self._buffer.take_rows(columns)

    def close(self) -> None:
        self._buffer.is_over = True
        self._buffer.discard()
        self._taken = iter(())
        self._buffer.wake()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __del__(self) -> None:
        if hasattr(self, "_bell"):
            self.close()


class EventStream(_Stream):
    """Events as they come. close(), leaving a with block, or letting go of it ends the subscription."""

    def __init__(self, client: Client, buffer: Buffer, subscriptions: list[int]) -> None:
        self._subscriptions = subscriptions
        super().__init__(client, buffer)

    def close(self) -> None:
        self._client._core.unsubscribe(self._subscriptions)
        super().close()


class ListStream(_Stream):
    """The items of a list as they come; reply is the reply once the last has come. Leaving the loop early, and letting go
    of the stream, cancels the action."""

    def __init__(self, client: Client, action: Action) -> None:
        self._answers: list[Reply] = []
        buffer = Buffer(None)
        self._number = client._core.send(action, self._answers.append, buffer)
        super().__init__(client, buffer)
        client._resume()

    @property
    def reply(self) -> Optional[Reply]:
        return self._answers[0] if self._answers else None

    def close(self) -> None:
        if not self._answers:
            self._client._core.cancel(self._number)
        super().close()
