"""The client for asyncio: what the scenarios do not ask."""

import asyncio
import gc
import os
import threading
import time
import unittest
import weakref

import ami
from ami.columns import Columns
from ami.options import Options
from ami.stream import ENOUGH
from pbx import LIMIT, Mock


class ClientTest(unittest.IsolatedAsyncioTestCase):
    def setUp(self):
        self.mock = Mock()
        self.addCleanup(self.mock.__exit__)

    async def connected(self, **options):
        client = await ami.connect(self.mock.url, **options)
        self.addAsyncCleanup(client.disconnect)
        return client

    async def get(self, stream):
        return await asyncio.wait_for(stream.get(), LIMIT)

    async def until(self, condition):
        """A turn of the loop at a time; IsolatedAsyncioTestCase has no limit of its own."""
        end = time.monotonic() + LIMIT
        while not condition():
            self.assertLess(time.monotonic(), end)
            await asyncio.sleep(0)

    # ------------------------------------------------------------------------------------- life

    async def test_a_block_connects_and_disconnects(self):
        async with ami.connect(self.mock.url) as pbx:
            self.assertTrue(pbx.is_ready)
            self.assertEqual(pbx.option("server.banner"), "Asterisk Call Manager/11.0.0")
            self.assertEqual(pbx.option("queue.max_items"), "65536")
        self.assertFalse(pbx.is_ready)
        self.assertEqual(self.mock.tell("count action:Logoff"), 1)
        with self.assertRaises(ami.StateError):
            await pbx.send("Ping")
        await pbx.disconnect()

    async def test_no_thread_of_python(self):
        before = threading.active_count()
        await (await self.connected()).send("Ping")
        self.assertEqual(threading.active_count(), before)

    async def test_a_login_that_is_refused(self):
        with self.assertRaises(ami.LoginError) as raised:
            await ami.connect(self.mock.url, password="wrong")
        self.assertIsInstance(raised.exception, ConnectionError)
        self.assertEqual(raised.exception.fate, ami.Fate.NOT_SENT)
        self.assertNotIn("wrong", str(raised.exception))

    async def test_options(self):
        for options in {"no_such": 1}, {"port": 70000}, {"host": "a\0b"}, {"queue_overflow": "never"}:
            with self.subTest(options), self.assertRaises(ami.InvalidError) as raised:
                ami.connect(**options)
            self.assertIsInstance(raised.exception, ValueError)
        with self.assertRaises(ami.InvalidError):
            (await self.connected()).stat("nonsense")
        url = "ami://pbx?encoding=latin1"
        for client, encoding in (ami.Client(), "utf-8"), (ami.Client(url), "latin1"), (ami.Client(url, encoding="ascii"), "ascii"):
            self.assertEqual(client.option("encoding"), encoding)

    async def test_the_types_know_every_option(self):
        with self.assertRaises(ami.InvalidError) as raised:
            ami.connect(no_such=1)
        known = str(raised.exception).split("known are ")[1].split(", ")
        self.assertEqual({name.replace(".", "_", 1) for name in known} - {"url"}, set(Options.__annotations__))

    async def test_an_abort_answers_what_is_awaited(self):
        pbx = await self.connected()
        self.mock.tell("fault no_response 1")
        ping = asyncio.ensure_future(pbx.send("Ping"))
        stream = pbx.events("Nothing")
        event = asyncio.ensure_future(stream.get())
        await self.until(lambda: self.mock.tell("count action:Ping") == 1)
        pbx.abort()
        with self.assertRaises(ami.LostError) as raised:
            await asyncio.wait_for(ping, LIMIT)
        self.assertEqual(raised.exception.fate, ami.Fate.MAYBE_RUN)
        with self.assertRaises(StopAsyncIteration):
            await asyncio.wait_for(event, LIMIT)

    async def test_a_client_that_is_forgotten_warns(self):
        pbx = await ami.connect(self.mock.url)
        pbx._pause()
        with self.assertWarns(ResourceWarning):
            del pbx
            gc.collect()
        self.mock.tell("wait open 0")

    async def test_an_end_breaks_loops_off(self):
        pbx = await self.connected()
        stream = pbx.events("Nothing")
        self.mock.tell("kick")
        with self.assertRaises(ami.LostError) as raised:
            async for _ in stream:
                self.fail("nothing comes")
        self.assertEqual(raised.exception.name, "AMI_ELOST")

    # ----------------------------------------------------------------------------------- actions

    async def test_values(self):
        pbx = await self.connected()
        events = pbx.events("UserEvent")
        await pbx.send("UserEvent", {"UserEvent": "x", "Number": 5, "Yes": True, "None": None},
                       Many=["a", "b"], Bytes=b"raw", Empty="")
        event = await self.get(events)
        fields = [pair for pair in event.fields() if pair[0] not in ("Event", "Privilege", "ActionID")]
        self.assertEqual(fields, [("UserEvent", "x"), ("Number", "5"), ("Yes", "true"), ("Many", "a"), ("Many", "b"),
                                  ("Bytes", "raw"), ("Empty", "")])
        with self.assertRaises(TypeError):
            await pbx.send("UserEvent", UserEvent=[{}])
        for wrong in 0, -1, 1e12, float("nan"):
            with self.subTest(wrong), self.assertRaises(ami.InvalidError):
                await pbx.send("Ping", timeout=wrong)

    async def test_many_actions_at_once(self):
        pbx = await self.connected()
        replies = await asyncio.gather(*(pbx.send("Getvar", Variable=f"BASE64_DECODE({n})") for n in range(500)))
        self.assertEqual([reply["Variable"] for reply in replies], [f"BASE64_DECODE({n})" for n in range(500)])

    async def test_a_task_that_is_cancelled_cancels_its_action(self):
        pbx = await self.connected()
        self.mock.tell("fault hold 1")
        ping = asyncio.ensure_future(pbx.send("Ping"))
        await self.until(lambda: self.mock.tell("count action:Ping") == 1)
        ping.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await ping
        await self.until(lambda: pbx.stat("inflight") == 0)
        self.mock.tell("release")
        pong = await pbx.send("Ping")
        self.assertTrue(pong)
        self.assertEqual((len(pong), pong["Ping"]), (0, "Pong"))

    async def test_reply(self):
        pbx = await self.connected()
        reply = await pbx.send("CoreShowChannels", Items=3)
        self.assertEqual((len(reply), reply.status, reply.fate), (3, 0, ami.Fate.ANSWERED))
        self.assertEqual([item["Uniqueid"] for item in reply], [item["Uniqueid"] for item in reply[0:3]])
        self.assertEqual(reply[-1]["Uniqueid"], reply[2]["Uniqueid"])
        self.assertEqual(reply["EventList"], "start")
        self.assertIsNone(reply.get("Nothing"))
        self.assertEqual(reply.end["ListItems"], "3")
        self.assertEqual(reply[0].kind, ami.Kind.LISTITEM)
        for wrong in 3, -4:
            with self.assertRaises(IndexError):
                reply[wrong]
        with self.assertRaises(KeyError):
            reply["Nothing"]
        kept = reply[1]
        del reply
        self.assertEqual(kept["Channel"], "PJSIP/bench-00000001")

    async def test_list(self):
        pbx = await self.connected()
        channels = pbx.list("CoreShowChannels", Items=2000)
        self.assertEqual(len({channel["Uniqueid"] async for channel in channels}), 2000)
        self.assertEqual(channels.reply.end["ListItems"], "2000")
        self.mock.tell("fault error_in_list 2")
        seen = []
        with self.assertRaisesRegex(ami.ReplyError, "The list broke off"):
            async for channel in pbx.list("CoreShowChannels", Items=5):
                seen.append(channel)
        self.assertEqual(len(seen), 2)
        self.mock.tell("fault endless_list")
        async for _ in pbx.list("CoreShowChannels", Items=5):
            break
        gc.collect()
        await self.until(lambda: pbx.stat("inflight") == 0)

    async def test_command(self):
        pbx = await self.connected()
        self.assertRegex(await pbx.command("core show version"), "^Asterisk 22")
        with self.assertRaisesRegex(ami.ReplyError, "No such command"):
            await pbx.command("nonsense")

    # ------------------------------------------------------------------------------------ events

    async def test_message(self):
        pbx = await self.connected(identifier="desk")
        events = pbx.events("Hello")
        before = time.time_ns()
        self.mock.emit("Hello", Key="value", Twice="1")
        self.mock.tell("emit Event: Hello\\nPrivilege: user,all\\nTwice: 1\\nTWICE: 2\\nnocolon\\nAccent: ü\\n")
        first, second = await self.get(events), await self.get(events)
        self.assertEqual(dict(first), {"Event": "Hello", "Privilege": "user,all", "Key": "value", "Twice": "1"})
        self.assertEqual((first.name, first.kind, first.label), ("Hello", ami.Kind.EVENT, "desk"))
        self.assertEqual((first["kEy"], first.get("None"), first.get("None", "no"), "KEY" in first, 5 in first),
                         ("value", None, "no", True, False))
        self.assertEqual((len(first), len(second), second.getall("twice")), (4, 5, ["1", "2"]))
        self.assertEqual(second.fields()[2:], [("Twice", "1"), ("TWICE", "2"), ("", "nocolon"), ("Accent", "ü")])
        self.assertTrue(first.raw.startswith(b"Event: Hello\r\n") and first.raw.endswith(b"\r\n\r\n"))
        self.assertGreater(second.seq, first.seq)
        self.assertTrue(before - 10**9 < first.time_ns < time.time_ns() + 10**9)
        self.assertEqual(round(first.time.timestamp()), round(first.time_ns / 1e9))
        self.assertIsNone(first.output)
        self.assertIn("Key='value'", repr(first))
        with self.assertRaises(KeyError):
            first["None"]

    async def test_bytes_that_are_no_text(self):
        pbx = await self.connected(encoding="binary")
        events = pbx.events("UserEvent")
        await pbx.send("UserEvent", UserEvent=b"\xff\xfe")
        event = await self.get(events)
        self.assertEqual(event["UserEvent"].encode("utf-8", "surrogateescape"), b"\xff\xfe")
        await pbx.send("UserEvent", UserEvent=event["UserEvent"])
        self.assertEqual((await self.get(events))["UserEvent"], event["UserEvent"])
        strict = await self.connected()
        with self.assertRaises(ami.InvalidError) as raised:
            await strict.send("UserEvent", UserEvent=b"\xff")
        self.assertEqual(raised.exception.name, "AMI_EENCODING")

    async def test_what_a_loop_reads_is_fetched_with_the_messages(self):
        pbx = await self.connected()
        events = pbx.events("Hello")
        keys = [f"Key{n}" for n in range(12)]
        for turn in range(3):
            for number in range(4):
                self.mock.emit("Hello", Turn=turn, Number=number, Odd=number % 2 or "", **{key: key for key in keys})
            await pbx.send("Ping")
            for number in range(4):
                event = await self.get(events)
                self.assertEqual((event["Turn"], event["Number"], event.get("None", "no")),
                                 (str(turn), str(number), "no"))
                self.assertEqual(event["Odd"], str(number % 2 or ""))
                self.assertEqual([event[key] for key in keys], keys)
        self.assertEqual(event._columns.keys, ("Turn", "Number", "None", "Odd", *keys[:4]))

    async def test_rows(self):
        pbx = await self.connected()
        events = pbx.events("Hello")
        self.mock.tell("emit_many 3000 Event: Hello\\nPrivilege: user,all\\nNumber: {n}\\nEmpty: \\n")
        seen = []
        async for rows in events.rows("number", "None", "Empty"):
            seen += rows
            if len(seen) == 3000:
                break
        self.assertEqual(seen, [(str(number), None, "") for number in range(3000)])

    async def test_rows_with_a_nul_or_long_values(self):
        pbx = await self.connected(encoding="binary")
        events = pbx.events("Hello")
        long = "x" * 900
        self.mock.emit("Hello", Text=long)
        self.mock.emit("Hello")
        await pbx.send("Ping")
        messages = [await self.get(events) for _ in range(2)]
        from ami._ami import ffi
        msgs = ffi.new("void *[]", [message._msg for message in messages])
        self.assertEqual(Columns(("Text",)).rows(msgs, 2), [(long,), (None,)])
        self.assertEqual(Columns(("Text", "Event"))._one_by_one(msgs, 2), [(long, "Hello"), (None, "Hello")])
        self.assertEqual(Columns(()).rows(msgs, 2), [(), ()])

    async def test_an_event_that_two_names_match_comes_once(self):
        pbx = await self.connected()
        events = pbx.events("Hel*", "*lo", "Other")
        for name in "Hello", "Help", "Other", "Hello":
            self.mock.emit(name)
        self.assertEqual([(await self.get(events)).name for _ in range(4)], ["Hello", "Help", "Other", "Hello"])

    async def test_what_a_loop_leaves_is_there_for_the_next(self):
        pbx = await self.connected()
        events = pbx.events("Hello")
        self.mock.tell("emit_many 10 Event: Hello\\nPrivilege: user,all\\nNumber: {n}\\n")
        seen = []
        while len(seen) < 10:
            async for event in events:
                seen.append(event["Number"])
                break
        self.assertEqual(seen, [str(number) for number in range(10)])

    async def test_a_stream_that_is_let_go_ends_its_subscription(self):
        pbx = await self.connected()
        buffers = len(pbx._core._buffers)
        with pbx.events("Hello", "Other"):
            self.assertEqual(len(pbx._core._buffers), buffers + 2)
        self.assertEqual(len(pbx._core._buffers), buffers)
        stream = pbx.events("Hello")
        gone = weakref.ref(stream)
        del stream
        gc.collect()
        self.assertIsNone(gone())
        self.assertEqual(len(pbx._core._buffers), buffers)

    async def test_a_stream_may_be_let_go_while_others_are_looked_at(self):
        class Collecting:
            @property
            def size(self):
                gc.collect()
                return 0

        client = ami.Client()
        client._core._buffers[0] = Collecting()
        stream = client.events("Hello")
        stream.itself = stream
        del stream
        self.assertFalse(client._core.is_full)
        self.assertEqual(len(client._core._buffers), 1)

    async def test_a_stream_that_nobody_reads_holds_up_no_other(self):
        for names in ("Hit",), ("Hit", "H*"):
            with self.subTest(names):
                await self.leave_unread(names)

    async def leave_unread(self, names):
        pbx = await self.connected(queue_max_items=100)
        unread, last = pbx.events(*names), pbx.events("Last")
        waits = asyncio.ensure_future(last.get())
        count = seen = 0
        while unread._buffer._dropped == 0:  # the library may drop some itself, where it is faster
            self.mock.tell("emit_many 50 Event: Hit\\nPrivilege: user,all\\n")
            count += 50
            await pbx.send("Ping")
        self.mock.emit("Last")
        await asyncio.wait_for(waits, LIMIT)
        self.assertLessEqual(unread._buffer.size, ENOUGH + 512)
        first = await self.get(unread)
        self.assertEqual((first.name, first.kind, first["Cause"]), ("gap", ami.Kind.NOTICE, "overflow"))
        self.assertEqual(first["dropped"], first.getall("DROPPED")[0])
        self.assertEqual(dict(first.fields())["Event"], "gap")
        while unread._buffer.size:
            seen += len(unread._buffer.take())
        self.assertGreaterEqual(count, seen + int(first["Dropped"]))

    async def test_a_full_stream_stops_the_reading(self):
        pbx = await self.connected()
        events = pbx.events("Hit")
        self.mock.tell(f"emit_many {ENOUGH * 3} Event: Hit\\nPrivilege: user,all\\nNumber: {{n}}\\n")
        await self.until(lambda: not pbx._reads)
        self.assertLessEqual(events._buffer.size, ENOUGH + 512)
        number = 0
        async for event in events:
            self.assertEqual(event["Number"], str(number))
            number += 1
            if number == ENOUGH * 3:
                break
        self.assertEqual((await pbx.send("Ping"))["Ping"], "Pong")

    async def test_in_a_forked_child(self):
        pbx = await self.connected()
        event = await self._one_event(pbx)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                try:
                    pbx._core.send(ami.client.Action("Ping"), lambda reply: None)
                except ami.StateError as error:
                    if error.name == "AMI_EFORK" and event["Key"] == "x":
                        pbx.abort()
                        status = 0
            finally:
                os._exit(status)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.assertEqual((await pbx.send("Ping"))["Ping"], "Pong")

    async def _one_event(self, pbx):
        with pbx.events("Hello") as events:
            self.mock.emit("Hello", Key="x")
            return await self.get(events)


if __name__ == "__main__":
    unittest.main()
