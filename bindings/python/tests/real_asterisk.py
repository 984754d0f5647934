"""asterisk.py: the clients on the Asterisk of tests/asterisk/run."""

import asyncio
import os
import unittest

import ami
import ami.sync
from pbx import LIMIT

URL = f"ami://admin:secret@{os.environ.get('ASTERISK_HOST', '127.0.0.1')}:{os.environ['ASTERISK_PORT']}"


class AsteriskTest(unittest.IsolatedAsyncioTestCase):
    async def test_a_call(self):
        async with ami.connect(URL) as pbx:
            with pbx.events("Hangup", "UserEvent") as events:
                reply = await pbx.send("Originate", Channel="Local/short@test", Application="Wait", Data="0.1", Async=True,
                                       variables={"quoted": 'a,b "c" \\d'}, until="OriginateResponse", timeout=LIMIT)
                self.assertEqual(reply.end["Reason"], "4")
                event = await asyncio.wait_for(events.get(), LIMIT)
                self.assertTrue(event["Channel"].startswith("Local/short@test"), event)
            self.assertRegex(await pbx.command("core show version"), "^Asterisk ")
            async for item in pbx.list("ListCommands"):
                self.fail(f"no list, but one response: {item}")
            with self.assertRaises(ami.ReplyError):
                await pbx.send("Nonsense")

    def test_in_a_script(self):
        with ami.sync.connect(URL) as pbx:
            self.assertEqual(pbx.send("Ping")["Ping"], "Pong")
            channels = pbx.list("CoreShowChannels")
            self.assertEqual([channel["Channel"] for channel in channels], [])
            self.assertEqual(channels.reply.end["ListItems"], "0")


if __name__ == "__main__":
    unittest.main()
