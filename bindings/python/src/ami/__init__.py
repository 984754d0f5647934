"""libami: a client of the Asterisk Manager Interface.

    import ami, asyncio

    async def main():
        async with ami.connect("ami://admin:secret@pbx") as pbx:
            print(await pbx.command("core show version"))
            async for event in pbx.events("Queue*"):
                print(event.name, event["Queue"])

    asyncio.run(main())

ami.sync has the same without asyncio. The options and the library's notices (ready, gap ...) are those of ami.h.
"""

from ._border import lib as _lib
from ._border import text as _text
from .client import Client, EventStream, ListStream, connect
from .errors import (
    CanceledError,
    ConnectError,
    Error,
    Fate,
    InvalidError,
    LimitError,
    LoginError,
    LostError,
    ReplyError,
    StateError,
    TimeoutError,
    TLSError,
)
from .message import Kind, Message
from .reply import Reply

__version__ = _text(_lib.ami_version_string())

__all__ = [
    "CanceledError",
    "Client",
    "ConnectError",
    "Error",
    "EventStream",
    "Fate",
    "InvalidError",
    "Kind",
    "LimitError",
    "ListStream",
    "LoginError",
    "LostError",
    "Message",
    "Reply",
    "ReplyError",
    "StateError",
    "TLSError",
    "TimeoutError",
    "connect",
]
