"""The client for scripts: what the scenarios do not ask."""

import gc
import os
import signal
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor

import ami
import ami.sync
from ami.core import BATCH
from pbx import LIMIT, Mock


class SyncTest(unittest.TestCase):
    def setUp(self):
        self.mock = Mock()
        self.addCleanup(self.mock.__exit__)

    def connected(self, **options):
        client = ami.sync.connect(self.mock.url, **options)
        self.addCleanup(client.disconnect)
        return client

    def test_a_block_disconnects(self):
        with ami.sync.connect(self.mock.url) as pbx:
            self.assertTrue(pbx.is_ready)
            self.assertEqual(pbx.option("server.version"), "11.0.0")
        self.assertEqual(self.mock.tell("count action:Logoff"), 1)
        with self.assertRaises(ami.StateError):
            pbx.send("Ping")
        pbx.disconnect()

    def test_the_loop_ends_when_this_side_disconnects(self):
        pbx = self.connected()
        events = pbx.events("Hello")
        self.mock.emit("Hello")
        pbx.send("Ping")
        pbx.disconnect()
        self.assertEqual([event.name for event in events], ["Hello"])
        with self.assertRaises(StopIteration):
            events.get()

    def test_the_loop_breaks_off_when_the_connection_is_lost(self):
        events = self.connected().events("Hello")
        self.mock.emit("Hello")
        self.mock.tell("kick")
        self.assertEqual(events.get(LIMIT).name, "Hello")
        with self.assertRaises(ami.LostError):
            next(iter(events))

    def test_get_has_a_limit(self):
        events = self.connected().events("Hello")
        with self.assertRaises(TimeoutError):
            events.get(0.01)

    def test_list(self):
        pbx = self.connected()
        self.assertEqual(len([channel["Uniqueid"] for channel in pbx.list("CoreShowChannels", Items=1000)]), 1000)
        self.mock.tell("fault endless_list")
        for _ in pbx.list("CoreShowChannels", Items=5):
            break
        gc.collect()
        self.assertEqual(pbx._core._pending.keys() - pbx._core._buffers.keys(), set())

    def test_rows(self):
        events = self.connected().events("Hello")
        self.mock.tell("emit_many 3000 Event: Hello\\nPrivilege: user,all\\nNumber: {n}\\n")
        seen = []
        for rows in events.rows("Number", "None"):
            seen += rows
            if len(seen) == 3000:
                break
        self.assertEqual(seen, [(str(number), None) for number in range(3000)])

    def test_many_threads(self):
        pbx = self.connected()
        events = pbx.events("Hello")
        with ThreadPoolExecutor(8) as pool:
            reader = pool.submit(lambda: [events.get(LIMIT)["Number"] for _ in range(200)])
            replies = list(pool.map(lambda n: pbx.send("Getvar", Variable=f"DB(a/{n})")["Variable"], range(400)))
            for number in range(200):
                self.mock.emit("Hello", Number=number)
            self.assertEqual(replies, [f"DB(a/{n})" for n in range(400)])
            self.assertEqual(reader.result(LIMIT), [str(number) for number in range(200)])

    def test_a_signal_interrupts_waiting(self):
        pbx = self.connected()
        events = pbx.events("Hello")

        class Interrupted(Exception):
            pass

        def interrupt(*_):
            raise Interrupted

        before = signal.signal(signal.SIGALRM, interrupt)
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        with self.assertRaises(Interrupted):
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            events.get()
        self.mock.emit("Hello")
        self.assertEqual(events.get(LIMIT).name, "Hello")
        self.assertEqual(pbx.send("Ping")["Ping"], "Pong")

    def test_a_signal_handler_may_disconnect(self):
        pbx = self.connected()
        events = pbx.events("Hello")
        before = signal.signal(signal.SIGALRM, lambda *_: pbx.disconnect())
        self.addCleanup(signal.signal, signal.SIGALRM, before)
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        self.assertEqual(list(events), [])
        self.assertEqual(self.mock.tell("count action:Logoff"), 1)

    def test_a_signal_handler_may_send_while_messages_are_given(self):
        pbx = self.connected()
        streams = pbx.events("Hit"), pbx.events("H*")
        wake = streams[0]._buffer.wake
        before = signal.signal(signal.SIGALRM, lambda *_: pbx.send("Ping"))
        self.addCleanup(signal.signal, signal.SIGALRM, before)

        def wake_once():
            streams[0]._buffer.wake = wake
            signal.raise_signal(signal.SIGALRM)

        streams[0]._buffer.wake = wake_once
        # Half of the first crossing's are given to the one, half to the other, in turns; those of the next, the other way.
        self.mock.tell(f"emit_many {BATCH // 2} Event: Hit\\nPrivilege: user,all\\nNumber: {{n}}\\n")
        self.mock.emit("Hello", Number=-1)
        self.mock.tell(f"emit_many {BATCH // 2} Event: Hit\\nPrivilege: user,all\\nNumber: {{n}}\\n")
        end = time.monotonic() + LIMIT
        while pbx.stat("events") < BATCH + 1:
            self.assertLess(time.monotonic(), end)
        numbers = sorted([*range(BATCH // 2)] * 2)
        for stream, expected in zip(streams, (numbers, [-1, *numbers])):
            self.assertEqual(sorted(int(stream.get(LIMIT)["Number"]) for _ in expected), expected)
            self.assertEqual(stream._buffer.size, 0)

    def test_an_abort_ends_what_another_thread_awaits(self):
        pbx = self.connected()
        self.mock.tell("fault no_response 1")
        with ThreadPoolExecutor(1) as pool:
            ping = pool.submit(pbx.send, "Ping")
            self.mock.tell("wait action:Ping 1")
            pbx.abort()
            with self.assertRaises(ami.LostError) as raised:
                ping.result(LIMIT)
        self.assertEqual(raised.exception.fate, ami.Fate.MAYBE_RUN)

    def test_a_client_that_is_forgotten_warns(self):
        pbx = ami.sync.connect(self.mock.url)
        with self.assertWarns(ResourceWarning):
            del pbx
            gc.collect()
        self.mock.tell("wait open 0")

    def test_in_a_forked_child_while_another_thread_waits(self):
        pbx = self.connected()
        events = pbx.events("Hello")
        waiting = threading.Thread(target=events.get)
        waiting.start()
        child = os.fork()
        if child == 0:
            names = []
            try:
                for use in lambda: pbx.send("Ping"), lambda: events.get(1):
                    try:
                        use()
                    except ami.StateError as error:
                        names.append(error.name)
                pbx.abort()
            finally:
                os._exit(0 if names == ["AMI_EFORK"] * 2 else 1)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        self.mock.emit("Hello")
        waiting.join(LIMIT)
        self.assertEqual(pbx.send("Ping")["Ping"], "Pong")


if __name__ == "__main__":
    unittest.main()
