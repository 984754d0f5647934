"""What both clients tell of themselves without waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from .core import Core

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from .options import Options


class BaseClient:
    """One login on one Asterisk, as it is configured and as it fares."""

    def __init__(self, url: Optional[str] = None, **options: Unpack[Options]) -> None:
        self._core = Core(options if url is None else {"url": url, **options})

    @property
    def is_ready(self) -> bool:
        """Logged in."""
        return self._core.is_ready

    def option(self, name: str) -> str:
        """An option as ami.h names it ("queue.max_items"), or "server.banner", or "server.version"."""
        return self._core.option(name)

    def set_events(self, mask: str) -> None:
        """Changes which classes of events come: "on", "off", "call,agent"."""
        self._core.set_events(mask)

    def stat(self, name: str) -> int:
        """A counter of ami_stat(): "events", "dropped", "queued" ..."""
        return self._core.stat(name)
