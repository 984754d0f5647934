"""Replies: all that came of an action."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional, Union, overload

from ._border import lib
from .errors import Error, Fate
from .message import Message


class Reply(Sequence[Message]):
    """The response to an action, and the items of a list as a sequence; [] of a header's name asks the response."""

    __slots__ = ("_action", "_reply")

    def __init__(self, reply: Any, action: str) -> None:
        self._reply = reply  # a reference of ours
        self._action = action

    def __del__(self, unref: Any = lib.ami_reply_unref) -> None:
        unref(self._reply)

    @property
    def status(self) -> int:
        """0, or the number of the error."""
        return int(lib.ami_reply_status(self._reply))

    @property
    def fate(self) -> Fate:
        return Fate(lib.ami_reply_fate(self._reply))

    @property
    def response(self) -> Optional[Message]:
        """None when there was none."""
        msg = lib.ami_reply_response(self._reply)
        return Message._borrowed(msg) if msg else None

    @property
    def end(self) -> Optional[Message]:
        """The event that ended the action: a list's last, or that of until; None when a response ended it."""
        msg = lib.ami_reply_end(self._reply)
        return Message._borrowed(msg) if msg else None

    @property
    def output(self) -> Optional[str]:
        """The text of a Command."""
        response = self.response
        return None if response is None else response.output

    def get(self, key: str, default: Any = None) -> Any:
        """The first value of that header of the response, or default."""
        response = self.response
        return default if response is None else response.get(key, default)

    def __bool__(self) -> bool:
        """A reply without items is one, too."""
        return True

    def __len__(self) -> int:
        return int(lib.ami_reply_count(self._reply))

    @overload
    def __getitem__(self, which: int) -> Message: ...
    @overload
    def __getitem__(self, which: slice) -> list[Message]: ...
    @overload
    def __getitem__(self, which: str) -> str: ...

    def __getitem__(self, which: Union[int, slice, str]) -> Union[Message, list[Message], str]:
        if isinstance(which, str):
            response = self.response
            if response is None:
                raise KeyError(which)
            return response[which]
        if isinstance(which, slice):
            return [self[place] for place in range(*which.indices(len(self)))]
        place = which + len(self) if which < 0 else which
        if not 0 <= place < len(self):
            raise IndexError(f"item {which} of {len(self)}")
        return Message._borrowed(lib.ami_reply_at(self._reply, place))

    def error(self) -> Optional[Error]:
        """What went wrong, or None."""
        status = self.status
        if status == 0:
            return None
        return Error.of(status, f"{self._action}: {self._reason(status)}", self)

    def _reason(self, status: int) -> str:
        if status == lib.AMI_EREPLY:
            end = self.end
            if end is not None and end.get("Response") == "Failure":
                return f"{end.name}: reason {end.get('Reason')}"
            for message in (end, self.response):
                said = message is not None and (message.output or message.get("Message"))
                if said:
                    return str(said).strip()
        plain = str(Error.of(status))
        return plain + {Fate.NOT_SENT: "; it was not sent", Fate.MAYBE_RUN: "; Asterisk may have run it",
                        Fate.ANSWERED: "; it was answered, but not to the end"}[self.fate]

    def __repr__(self) -> str:
        return f"<reply to {self._action}: {self.error() or 'success'}, {len(self)} items>"
