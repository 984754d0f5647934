"""hangup_logger.py URL: a line for every call that ends. Goes on when the PBX restarts, and says what it may have missed.

Ends at Ctrl-C.
"""

import asyncio
import contextlib
import datetime
import sys

import ami


def at(seconds: str) -> str:
    return datetime.datetime.fromtimestamp(float(seconds)).isoformat(" ", "seconds")


def line(event: ami.Message) -> str:
    if event.name == "gap":
        lost = f"{event['Dropped']} events were dropped" if "Dropped" in event else "calls may be missing"
        return f"GAP ({event['Cause']}): {lost}" + (f", {at(event['From'])} to {at(event['To'])}" if "From" in event else "")
    if event.name == "connection-close":
        return f"LOST: {event.get('Reason', '')}"
    if event.name == "ready":
        return f"READY: {event['Banner']}"
    return (f"{event.time.astimezone().isoformat(' ', 'seconds')} {event['Channel']} from {event['CallerIDNum']}: "
            f"{event['Cause']} {event.get('Cause-txt', '')}")


async def main(url: str) -> None:
    pbx = ami.Client(url, reconnect=True, events="call")
    events = pbx.events("Hangup", "gap", "ready", "connection-close")
    async with pbx:
        async for event in events:
            print(line(event), flush=True)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(sys.argv[1]))
