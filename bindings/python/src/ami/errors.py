"""What can go wrong. Every exception of this package is an Error, and of a built-in kind too where one fits."""

from __future__ import annotations

import builtins
import enum
from typing import TYPE_CHECKING

from ._ami import ffi, lib

if TYPE_CHECKING:
    from .reply import Reply


class Fate(enum.IntEnum):
    """What became of an action."""

    NOT_SENT = 1
    """No byte left this process: it is safe to send it again."""
    MAYBE_RUN = 2
    """Sent, not answered: Asterisk may or may not have run it."""
    ANSWERED = 3


class Error(Exception):
    """The root: str() says what happened, with which value, and what to do.

    status is the number of the error (AMI_E*) and name its name. Where an action was under way, fate tells what became
    of it and reply is all that came.
    """

    def __init__(self, status: int, message: str, reply: Reply | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.name: str = ffi.string(lib.ami_err_name(status)).decode()
        self.reply = reply

    @property
    def fate(self) -> Fate:
        """Without a reply nothing was sent."""
        return Fate.NOT_SENT if self.reply is None else self.reply.fate

    @staticmethod
    def of(status: int, detail: str = "", reply: Reply | None = None) -> Error:
        """The exception that stands for this error."""
        said = ffi.string(lib.ami_strerror(status)).decode()
        return _KINDS.get(status, Error)(status, detail or said, reply)


class InvalidError(Error, ValueError):
    """A value that cannot be set or sent, and why."""


class StateError(Error):
    """Not possible now: not connected, say, or in a forked child."""


class LimitError(Error):
    """A bound of this client is reached."""


class ConnectError(Error, ConnectionError):
    """No connection, or none that could be used."""


class TLSError(ConnectError):
    """A connection without TLS, or with a certificate that is not the server's."""


class LoginError(ConnectError):
    """The login was refused."""


class LostError(Error, ConnectionError):
    """The connection was lost, or closed, while the answer was awaited."""


class TimeoutError(Error, builtins.TimeoutError):
    """No answer in time."""


class CanceledError(Error):
    """The action was canceled before its answer came."""


class ReplyError(Error):
    """Asterisk answered with an error; reply has its answer."""


_KINDS: dict[int, type[Error]] = {
    lib.AMI_EINVAL: InvalidError,
    lib.AMI_EOPTION: InvalidError,
    lib.AMI_EINJECT: InvalidError,
    lib.AMI_ETOOBIG: InvalidError,
    lib.AMI_EEXIST: InvalidError,
    lib.AMI_EENCODING: InvalidError,
    lib.AMI_ESTATE: StateError,
    lib.AMI_EFORK: StateError,
    lib.AMI_EFULL: LimitError,
    lib.AMI_ELIMIT: LimitError,
    lib.AMI_ERESOLVE: ConnectError,
    lib.AMI_ECONNECT: ConnectError,
    lib.AMI_EPROTO: ConnectError,
    lib.AMI_EFILTER: ConnectError,
    lib.AMI_ETLS: TLSError,
    lib.AMI_EAUTH: LoginError,
    lib.AMI_ELOST: LostError,
    lib.AMI_ECLOSED: LostError,
    lib.AMI_ETIMEDOUT: TimeoutError,
    lib.AMI_ENORESPONSE: TimeoutError,
    lib.AMI_ECANCELED: CanceledError,
    lib.AMI_EREPLY: ReplyError,
}
