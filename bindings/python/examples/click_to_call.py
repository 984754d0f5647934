"""click_to_call.py URL CHANNEL EXTEN [CONTEXT]

Rings CHANNEL, connects it with EXTEN, and prints how that ended: after minutes it may be, since people take their time.
"""

import asyncio
import sys

import ami

# The Reason of OriginateResponse: what Asterisk calls a control frame, or 0.
REASONS = {"0": "no such extension or number", "1": "hung up", "3": "ringing, but not answered", "4": "answered",
           "5": "busy", "8": "congested or not reachable"}


async def call(pbx: ami.Client, channel: str, exten: str, context: str) -> bool:
    try:
        reply = await pbx.send("Originate", Channel=channel, Exten=exten, Context=context, Priority=1,
                               CallerID=f"Click to call <{exten}>", Timeout=30000, Async=True,
                               variables={"CLICKED_BY": "the website, \"call me\""}, until="OriginateResponse")
    except ami.ReplyError as error:
        end = error.reply.end if error.reply else None
        print(f"{channel}: {REASONS.get(end['Reason'], 'failed') if end else error}")
        return False
    except ami.Error as error:
        may_ring = error.fate is ami.Fate.MAYBE_RUN
        print(f"{channel}: {error}" + ("; it may ring all the same: do not call again" if may_ring else ""))
        return False
    end = reply.end
    print(f"{channel}: answered, and on its way to {exten} as {end['Uniqueid'] if end else 'unknown'}")
    return True


async def main(url: str, channel: str, exten: str, context: str = "default") -> int:
    async with ami.connect(url) as pbx:
        return 0 if await call(pbx, channel, exten, context) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main(*sys.argv[1:])))
