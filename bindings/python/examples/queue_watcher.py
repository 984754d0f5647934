"""queue_watcher.py URL: the callers and members of every queue, live; a line whenever something changes. Ends at Ctrl-C.

The state is read by QueueStatus and kept by events. After a gap, whatever its cause, it is read again.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections import defaultdict

import ami

STATES = {"1": "free", "2": "talking", "3": "busy", "5": "away", "6": "ringing", "7": "talking", "8": "on hold"}


class Board:
    def __init__(self) -> None:
        self.callers: defaultdict[str, dict[str, str]] = defaultdict(dict)  # queue -> channel -> number
        self.members: defaultdict[str, dict[str, str]] = defaultdict(dict)  # queue -> name -> state

    async def read(self, pbx: ami.Client) -> None:
        self.callers.clear()
        self.members.clear()
        async for item in pbx.list("QueueStatus"):
            self.update(item)

    def update(self, event: ami.Message) -> str | None:
        """The queue that the event is about."""
        queue = event.get("Queue")
        if queue is None:
            return None
        members, callers = self.members[queue], self.callers[queue]
        if event.name in ("QueueCallerJoin", "QueueEntry"):
            callers[event["Channel"]] = event["CallerIDNum"]
        elif event.name in ("QueueCallerLeave", "QueueCallerAbandon"):
            callers.pop(event["Channel"], None)
        elif event.name == "QueueMemberRemoved":
            members.pop(event["MemberName"], None)
        elif event.name.startswith("QueueMember"):
            name = event.get("MemberName") or event["Name"]  # an event, or an item of QueueStatus
            members[name] = "paused" if event["Paused"] == "1" else STATES.get(event["Status"], "unknown")
        return str(queue)

    def line(self, queue: str) -> str:
        members = ", ".join(f"{name} {state}" for name, state in sorted(self.members[queue].items()))
        return f"{queue}: {len(self.callers[queue])} waiting ({' '.join(self.callers[queue].values())}); {members}"


async def main(url: str) -> None:
    async with ami.connect(url, reconnect=True) as pbx:
        board = Board()
        events = pbx.events("Queue*", "gap", "ready")  # before the state is read, so that nothing falls between
        await board.read(pbx)
        for queue in sorted(board.members):
            print(board.line(queue), flush=True)
        async for event in events:
            if event.name in ("gap", "ready"):
                if event.get("Cause") != "reconnect":  # ready follows that one, when the login is done
                    with contextlib.suppress(ami.LostError, ami.StateError):  # lost anew: ready will follow
                        await board.read(pbx)
                continue
            changed = board.update(event)
            if changed is not None:
                print(board.line(changed), flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1]))
