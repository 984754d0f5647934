"""first.py URL: the first program of the README."""

import asyncio
import sys

import ami


async def main() -> None:
    async with ami.connect(sys.argv[1]) as pbx:
        print(await pbx.command("core show version"))
        async for channel in pbx.list("CoreShowChannels"):
            print(channel["Channel"], channel["ChannelStateDesc"])


asyncio.run(main())
