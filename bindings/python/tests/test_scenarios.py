"""bindings/scenarios, played by both clients."""

import asyncio
import json
import os
import pathlib
import unittest

import ami
import ami.sync
from pbx import LIMIT, Mock

SCENARIOS = json.loads(pathlib.Path(os.environ["SCENARIOS"]).read_text(encoding="utf-8"))


class Asynchronous:
    """The client for asyncio, as the player uses it."""

    def __init__(self, options):
        self.client = ami.Client(**options)

    async def connect(self):
        await self.client.connect()

    async def disconnect(self):
        await self.client.disconnect()

    async def send(self, *arguments, **options):
        return await self.client.send(*arguments, **options)

    async def get(self, stream):
        return await asyncio.wait_for(stream.get(), LIMIT)

    async def rest(self, stream):
        """What is left of a closed stream."""
        return [message async for message in stream]


class Synchronous:
    """The client for scripts, as the player uses it."""

    def __init__(self, options):
        self.client = ami.sync.Client(**options)

    async def connect(self):
        self.client.connect()

    async def disconnect(self):
        self.client.disconnect()

    async def send(self, *arguments, **options):
        return self.client.send(*arguments, **options)

    async def get(self, stream):
        return stream.get(LIMIT)

    async def rest(self, stream):
        return list(stream)


class Player:
    """Plays one scenario. Each verb is a method, and takes its expectations out of the step."""

    def __init__(self, test, driver, mock, scenario):
        self.test, self.mock = test, mock
        options = {"host": mock.host, "port": mock.port, "username": "admin", "password": "secret"}
        for name, value in scenario.pop("client", {}).items():
            options[name.replace(".", "_", 1)] = mock.authority if value == "$AUTHORITY" else value
        self.options, self.make = options, driver
        self.driver = None
        self.before = []  # subscriptions, made with the client
        self.streams = {}

    async def play(self, steps):
        for step in steps:
            verb = next(iter(step))
            step = dict(step)
            with self.test.subTest(step=step):
                await getattr(self, "do_" + verb)(step.pop(verb), step)
                self.test.assertEqual(step, {}, "expectations that this player does not know")
        if self.driver is not None:
            await self.driver.disconnect()

    def open(self):
        if self.driver is None:
            self.driver = self.make(self.options)
        return self.driver

    async def do_mock(self, command, step):
        answer = self.mock.ask(command)
        if "answer" in step:
            self.test.assertEqual(answer, step.pop("answer"))

    async def do_on(self, name, step):
        self.streams[step.pop("as")] = self.open().client.events(name)

    async def do_off(self, word, step):
        self.streams[word].close()

    async def do_connect(self, succeeds, step):
        if succeeds:
            await self.open().connect()
            return
        with self.test.assertRaises(ami.Error) as raised:
            await self.open().connect()
        self.driver = None
        self.check_error(raised.exception, step.pop("error"), step)

    async def do_disconnect(self, _, step):
        await self.driver.disconnect()

    async def do_event(self, word, step):
        self.check_fields(await self.driver.get(self.streams[word]), step.pop("is"))

    async def do_await(self, word, step):
        wanted = step.pop("is")
        while True:
            message = await self.driver.get(self.streams[word])
            if all(message.get(key) == value for key, value in wanted.items()):
                return

    async def do_none(self, word, step):
        self.test.assertEqual(await self.driver.rest(self.streams[word]), [])

    async def do_flood(self, text, step):
        client, count = self.driver.client, step.pop("count")
        events, gaps = self.streams[step.pop("events")], self.streams[step.pop("gaps")]
        before = client.stat("events")
        self.mock.tell(f"emit_many {count} {text}")
        while client.stat("events") < before + count:
            os.sched_yield()
        seen = dropped = 0
        last = None
        while last != str(count - 1):
            last = (await self.driver.get(events))["Number"]
            seen += 1
        while seen + dropped < count:
            gap = await self.driver.get(gaps)
            self.test.assertEqual(gap["Cause"], "overflow")
            dropped += int(gap["Dropped"])
        self.test.assertEqual(seen + dropped, count)
        self.test.assertGreater(dropped, 0)

    async def do_send(self, action, step):
        options = {"variables": step.pop("variables", None), "until": step.pop("until", None)}
        if "timeout_ms" in step:
            options["timeout"] = step.pop("timeout_ms") / 1000
        arguments = action, step.pop("fields", [])
        failure = step.pop("refused", None) or step.get("error")
        if failure is None:
            reply = await self.driver.send(*arguments, **options)
        else:
            with self.test.assertRaises(ami.Error) as raised:
                await self.driver.send(*arguments, **options)
            reply = raised.exception.reply
            self.test.assertEqual(reply is None, step.pop("error", None) is None)
            self.check_error(raised.exception, failure, step)
        if reply is not None:
            self.check_reply(reply, step)

    def check_error(self, error, name, step):
        self.test.assertEqual(error.name, name, str(error))
        self.test.assertIn(step.pop("says", ""), str(error))

    def check_reply(self, reply, step):
        self.test.assertEqual(reply.fate.name.lower(), step.pop("fate", "answered"))
        for part in "response", "end":
            if part in step:
                self.check_fields(getattr(reply, part), step.pop(part))
        if "items" in step:
            wanted = step.pop("items")
            self.test.assertEqual(len(reply), len(wanted))
            for item, fields in zip(reply, wanted):
                self.check_fields(item, fields)
        if "output" in step:
            self.test.assertEqual(reply.output, step.pop("output"))

    def check_fields(self, message, wanted):
        if wanted is None:
            self.test.assertIsNone(message)
            return
        for key, value in wanted.items():
            found = message.getall(key) if isinstance(value, list) else message.get(key)
            self.test.assertEqual(found, value, f"{key} of {message!r}")


class ScenarioTest(unittest.TestCase):
    maxDiff = None


def test_of(driver, scenario):
    def test(self):
        with Mock(*scenario.get("mock", [])) as mock:
            player = Player(self, driver, mock, dict(scenario))
            asyncio.run(asyncio.wait_for(player.play(scenario["steps"]), LIMIT))
            self.assertLessEqual(set(scenario), {"name", "mock", "client", "steps"})
    test.__doc__ = f"{driver.__name__}: {scenario['name']}"
    return test


for _scenario in SCENARIOS:
    for _driver in Asynchronous, Synchronous:
        _words = "_".join(_scenario["name"].replace(",", "").split())
        setattr(ScenarioTest, f"test_{_driver.__name__.lower()}_{_words}", test_of(_driver, _scenario))

if __name__ == "__main__":
    unittest.main()
