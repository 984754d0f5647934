"""`ami events`: the stream, its ends, and what happens on the way."""

import json
import os
import signal
import unittest

from program import Mock, ProgramTest, Running, refusing_port, restored, run
from server import Server

CALL = (b"Event: Newchannel\r\nPrivilege: call,all\r\nChannel: PJSIP/100-1\r\nAccountCode: \r\n"
        b"ChanVariable: a=1\r\nChanVariable: b=2\r\n\r\n")
HANGUP = b"Event: Hangup\r\nPrivilege: call,all\r\nChannel: PJSIP/100-1\r\nCause-txt: Normal Clearing\r\n\r\n"


class StreamTest(ProgramTest):
    """With a server of its own and a program that is ready."""

    def setUp(self):
        self.server = self.enterContext(Server())
        self.started = 0

    def start(self, *arguments, **more):
        running = self.enterContext(Running("events", "--url", self.server.url(), *arguments, **more))
        self.started += 1
        self.server.wait_for("login", self.started)
        return running

    def ready(self, *arguments, **more):
        running = self.start(*arguments, **more)
        running.message("ready")
        return running


class Lines(StreamTest):
    def test_json(self):
        running = self.ready()
        self.server.push(CALL)
        message = json.loads(running.line())
        self.assertEqual(list(message), ["seq", "time", "kind", "name", "fields"])
        self.assertRegex(message["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertEqual((message["kind"], message["name"]), ("event", "Newchannel"))
        self.assertEqual(list(message["fields"].items()),
                         [("Event", "Newchannel"), ("Privilege", "call,all"), ("Channel", "PJSIP/100-1"),
                          ("AccountCode", ""), ("ChanVariable", ["a=1", "b=2"])])

    def test_notices_are_lines(self):
        running = self.start()
        names = []
        while "ready" not in names:
            message = json.loads(running.line())
            self.assertEqual(message["kind"], "notice")
            names.append(message["name"])
        self.assertEqual(names, ["connection-connect", "login", "ready"])

    def test_each_line_comes_at_once_and_in_order(self):
        running = self.ready()
        last = 0
        for event in (CALL, HANGUP, CALL):
            self.server.push(event)  # the next is not sent before this one was seen
            message = json.loads(running.line())
            self.assertGreater(message["seq"], last)
            last = message["seq"]

    def test_label(self):
        running = self.ready("-o", "identifier=pbx1")
        self.server.push(CALL)
        self.assertEqual(json.loads(running.line())["label"], "pbx1")

    def test_odd_bytes(self):
        running = self.ready()
        value = bytes(range(1, 256)).replace(b"\r", b"").replace(b"\n", b"")
        self.server.push(b"Event: Odd\r\nValue: " + value + b"\r\n\r\n")
        message = json.loads(running.line())
        self.assertEqual(restored(message["fields"]["Value"]), value)

    def test_raw(self):
        running = self.start("--raw", "--count", "2")
        self.server.push(CALL + HANGUP)
        code, out, err = running.end()
        self.assertEqual((code, err), (0, b""))
        self.assertIn(CALL, out)
        self.assertIn(HANGUP, out)
        self.assertTrue(out.startswith(b"Event: connection-connect\r\n"), out)

    def test_text(self):
        running = self.start("--text", "--count", "2")
        self.server.push(CALL + HANGUP)
        code, out, err = running.end()
        self.assertEqual((code, err), (0, b""))
        lines = out.decode().splitlines()
        self.assertIn("login", lines[1])
        self.assertRegex(lines[3], r"^\d\d:\d\d:\d\d\.\d{3}  Newchannel            Channel=PJSIP/100-1 "
                                   r"ChanVariable=a=1 ChanVariable=b=2$")
        self.assertRegex(lines[4], r"  Hangup                Channel=PJSIP/100-1 Cause-txt=\"Normal Clearing\"$")


class Choice(StreamTest):
    def names(self, *globs):
        running = self.start("--count", "2", *globs)
        self.server.push(CALL + HANGUP + b"Event: NewExten\r\n\r\n" + CALL + CALL + CALL)
        code, out, _ = running.end()
        self.assertEqual(code, 0)
        messages = [json.loads(line) for line in out.splitlines()]
        self.assertIn("ready", [message["name"] for message in messages])
        return [message["name"] for message in messages if message["kind"] == "event"]

    def test_a_name(self):
        self.assertEqual(self.names("newchannel"), ["Newchannel", "Newchannel"])

    def test_globs(self):
        self.assertEqual(self.names("New*", "Hang?p"), ["Newchannel", "Hangup"])
        self.assertEqual(self.names("NewE*", "Hang?p"), ["Hangup", "NewExten"])

    def test_an_event_that_many_globs_match_is_one_line(self):
        self.assertEqual(self.names("New*", "Newchannel", "*channel", "Hangup"), ["Newchannel", "Hangup"])

    def test_notices_come_once_too(self):
        running = self.start("*", "gap", "ready", "connection-*")
        names = [json.loads(running.line())["name"] for _ in range(3)]
        self.assertEqual(names, ["connection-connect", "login", "ready"])
        running = self.start("*e*")
        names = [json.loads(running.line())["name"] for _ in range(3)]
        self.assertEqual(names, ["connection-connect", "login", "ready"])


class Ends(StreamTest):
    def test_signals(self):
        for count, number in enumerate((signal.SIGINT, signal.SIGTERM, signal.SIGHUP), 1):
            running = self.ready()
            running.signal(number)
            code, out, err = running.end()
            self.assertEqual((code, err), (128 + number, b""))
            last = json.loads(out.splitlines()[-1])
            self.assertEqual((last["name"], last["fields"]["Final"]), ("connection-close", "true"))
            self.server.wait_for("logoff", count)

    def test_count(self):
        running = self.start("--count", "3")
        self.server.push(CALL * 10)
        code, out, _ = running.end()
        kinds = [json.loads(line)["kind"] for line in out.splitlines()]
        self.assertEqual((code, kinds.count("event")), (0, 3))
        self.server.wait_for("logoff")

    def test_time(self):
        for seconds in ("0.5", "2", "8", "20"):  # the login counts, and takes its time on a busy machine
            with Running("events", "--url", self.server.url(), "--for", seconds) as running:
                code, _, err = running.end()
            if code != 5:
                break
        self.assertEqual((code, err), (0, b""))
        self.server.wait_for("logoff")

    def test_closed_pipe(self):
        running = self.ready()
        running.process.stdout.close()
        self.server.push(CALL)
        running.process.stdout = None
        code, _, err = running.end()
        self.assertEqual((code, err), (0, b""))

    def test_closed_pipe_without_an_event(self):
        running = self.ready()
        running.process.stdout.close()
        running.process.stdout = None
        code, _, err = running.end()
        self.assertEqual((code, err), (0, b""))
        self.server.wait_for("logoff")

    def test_head_in_a_pipeline(self):
        reader, writer = os.pipe()
        running = self.start(stdout=writer)
        os.close(writer)
        with open(reader, "rb") as stream:
            stream.readline()
        self.assertEqual(running.end()[::2], (0, b""))

    def test_signal_while_the_reader_sleeps(self):
        reader, writer = os.pipe()
        running = self.start(stdout=writer)
        os.close(writer)
        self.server.push(CALL * 2000)  # more than a pipe holds
        self.server.push(b"Response: Success\r\nActionID: nobody\r\n\r\n")
        with open(reader, "rb") as stream:
            stream.readline()
            running.signal(signal.SIGINT)
            code, _, err = running.end()
        self.assertEqual((code, err), (130, b""))

    def test_full_disk(self):
        with open("/dev/full", "wb") as full:
            with Running("events", "--url", self.server.url(), stdout=full) as running:
                code, _, err = running.end()
        self.assertEqual(code, 6)
        self.assertIn(b"(No space left on device)", err)


class Reconnects(StreamTest):
    def test_the_stream_goes_on_with_a_gap(self):
        running = self.ready("-o", "reconnect=10")
        self.server.drop()
        gap = running.message("gap")
        self.assertEqual((gap["kind"], gap["fields"]["Cause"]), ("notice", "reconnect"))
        self.server.wait_for("login", 2)
        self.server.push(CALL)
        self.assertEqual(running.message("Newchannel")["kind"], "event")

    def test_without_reconnect_the_loss_is_an_error(self):
        running = self.ready("-o", "reconnect=false")
        self.server.drop()
        code, out, err = running.end()
        self.assertEqual(code, 3)
        self.assertEqual(json.loads(out.splitlines()[-1])["name"], "connection-close")
        self.assertTrue(err.startswith(b"ami: "), err)


class Overflow(StreamTest):
    def test_what_a_slow_reader_misses_is_told(self):
        running = self.ready("-o", "queue.max_items=10")
        self.server.push(CALL * 5000)  # far more comes in one piece than waits for its turn
        gap = running.message("gap")
        self.assertEqual((gap["kind"], gap["fields"]["Cause"]), ("notice", "overflow"))
        self.assertGreater(int(gap["fields"]["Dropped"]), 0)
        running.signal(signal.SIGTERM)
        self.assertEqual(running.end()[0], 143)


class Failures(ProgramTest):
    def assert_failed(self, result, code, reason):
        """Ended by the first attempt's failure: the last line and the complaint tell the same."""
        self.assert_ended(result, code, err=reason)
        last = json.loads(result.stdout.splitlines()[-1])
        self.assertEqual(last["name"], "connection-close")
        self.assertEqual(result.stderr.decode(), f"ami: {last['fields']['Reason']}\n")

    def test_login_refused(self):
        with Mock() as mock:
            result = run("events", "--url", mock.url(), password="wrong")
        self.assert_failed(result, 4, "Authentication failed")

    def test_logged_in_already(self):
        with Mock() as mock, Running("events", "--url", mock.url("single")) as first:
            first.message("ready")
            self.assert_failed(run("events", "--url", mock.url("single")), 4, "Already In Use")

    def test_filter_refused(self):
        with Server({"filter": b"Response: Error\r\n{id}Message: Filter did not compile\r\n\r\n"}) as server:
            result = run("events", "--url", server.url(), "-o", "filter=(")
        self.assert_failed(result, 4, "Filter did not compile")

    def test_no_server(self):
        with refusing_port() as port:
            for option in ("reconnect=true", "reconnect=false"):
                result = run("events", "--url", f"ami://admin@127.0.0.1:{port}", "-o", option)
                self.assert_failed(result, 3, f"127.0.0.1:{port}")

    def test_no_ami(self):
        with Server(banner=b"HTTP/1.1 400 Bad Request\r\n\r\n") as server:
            self.assert_failed(run("events", "--url", server.url()), 3, "HTTP")

    def test_silent_server(self):
        with Server(banner=b"") as server:
            result = run("events", "--url", server.url(), "-o", "login.timeout_ms=200")
            self.assert_failed(result, 5, "200")
            self.assert_ended(run("events", "--url", server.url(), "--for", "0.3"), 5, err="--for")


class WithMock(ProgramTest):
    def test_a_call(self):
        with Mock("--scene", "call") as mock:
            with Running("events", "--url", mock.url()) as running:
                created = running.message("Newchannel")
                self.assertIn("Uniqueid", created["fields"])
                running.message("Hangup")
                running.signal(signal.SIGTERM)
                self.assertEqual(running.end()[::2], (143, b""))


if __name__ == "__main__":
    unittest.main()
