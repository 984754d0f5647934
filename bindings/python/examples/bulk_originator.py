"""bulk_originator.py URL AT_ONCE: calls the channels that stand one a line on stdin, at most AT_ONCE at a time.

Prints the result of each. What was not sent is tried once more; what may have rung is not.
"""

import asyncio
import sys
from collections.abc import Iterator

import ami


async def call(pbx: ami.Client, channel: str) -> str:
    for may_try_again in (True, False):
        try:
            reply = await pbx.send("Originate", Channel=channel, Application="Playback", Data="hello-world",
                                   Timeout=20000, Async=True, until="OriginateResponse", timeout=60)
            return f"answered, {reply.end['Uniqueid'] if reply.end else ''}"
        except ami.Error as error:
            if error.fate is not ami.Fate.NOT_SENT or not may_try_again or isinstance(error, ami.InvalidError):
                return f"{error.name} ({error.fate.name.lower()}): {error}"
    raise AssertionError


async def work(pbx: ami.Client, channels: Iterator[str]) -> None:
    for channel in channels:  # one iterator for all workers
        print(f"{channel}: {await call(pbx, channel)}", flush=True)


async def main(url: str, at_once: str) -> None:
    channels = (line.strip() for line in sys.stdin if line.strip())
    async with ami.connect(url, reconnect=True, offline="queue") as pbx:
        await asyncio.gather(*(work(pbx, channels) for _ in range(int(at_once))))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
