"""`ami record`, `ami replay` and `ami mock --serve`: a session as it was."""

import fcntl
import json
import os
import pathlib
import re
import resource
import signal
import subprocess
import tempfile
import time
import unittest

from program import LIMIT, Mock, ProgramTest, Running, run
from server import Server

HEAD = b"ami-recording 1\n"


def entry(kind, body, number=1, when="1795481411.000000000"):
    return f"{kind} {number} {when} {len(body)}\n".encode() + body + b"\n"


def event(name, *headers, number=1, **more):
    lines = [f"Event: {name}", "Privilege: user,all", *headers, "", ""]
    return entry("event", "\r\n".join(lines).encode(), number, **more)


def body_of(text):
    return text.partition(b"\n")[2][:-1]


class RecordTest(ProgramTest):
    def setUp(self):
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.folder = pathlib.Path(folder)
        self.file = self.folder / "office.rec"

    def write(self, *entries):
        self.file.write_bytes(HEAD + b"".join(entries))
        return self.file

    def replay(self, *arguments, file=None, code=0, err=""):
        result = run("replay", str(file or self.file), *arguments)
        self.assert_ended(result, code, err=err)
        return result.stdout

    def record(self, url, *arguments, file=None, err="", code=0):
        result = run("record", str(file or self.file), "--url", url, *arguments)
        self.assert_ended(result, code, out=b"", err=err)


    def await_ready(self):
        """Until the recording has its login."""
        end = time.monotonic() + LIMIT
        while not self.file.exists() or b"Event: ready\r\n" not in self.file.read_bytes():
            self.assertLess(time.monotonic(), end, "no login is in the recording")
            os.sched_yield()


class Record(RecordTest):
    def test_what_is_in_it(self):
        with Mock("--scene", "call") as mock:
            self.record(mock.url(), "--count", "12", "-o", "identifier=pbx1")
        kinds = re.findall(rb"^([a-z]+) (\d+) \d+\.\d{9} \d+$", self.file.read_bytes(), re.M)
        self.assertTrue(self.file.read_bytes().startswith(HEAD + b"session 0 "))
        self.assertEqual([int(number) for kind, number in kinds[1:]], list(range(1, len(kinds))))
        self.assertEqual([kind for kind, _ in kinds[1:]].count(b"response"), 2)  # to Challenge and Login
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o600)

    def test_secrets_are_removed(self):
        shown = (b"Event: ChallengeResponseFailed\r\nPrivilege: security,all\r\nAccountID: bob\r\n"
                 b"Challenge: nonce1\r\nResponse: nonce2\r\nExpectedResponse: nonce3\r\n\r\n"
                 b"Event: VarSet\r\nPrivilege: dialplan,all\r\nVariable: SIP_PASSWORD\r\nValue: nonce4\r\n\r\n"
                 b"Event: UserEvent\r\nPrivilege: user,all\r\nVariable: DBSECRET=nonce5\r\nVariable: CITY\r\n"
                 b"Value: K\xf6ln\r\nNote: password: none\r\n\r\n")
        with Server() as server, Running("record", str(self.file), "--url", server.url(), "--count", "3") as running:
            login = server.wait_for("login")
            server.push(shown)
            self.assertEqual(running.end(), (0, b"", b""))
        own = re.search(rb"ActionID: (.*)", b"\n".join(login)).group(1)
        recorded = self.file.read_bytes()
        for secret in (b"nonce", b"123456789", own):
            self.assertNotIn(secret, recorded)
        for kept in (b"AccountID: bob\r\nChallenge: ***\r\nResponse: ***\r\nExpectedResponse: ***\r\n",
                     b"Variable: SIP_PASSWORD\r\nValue: ***\r\n", b"Variable: DBSECRET=***\r\n",
                     b"Variable: CITY\r\nValue: K\xf6ln\r\nNote: password: none\r\n",
                     b"Response: Success\r\nActionID: ***\r\nChallenge: ***\r\n\r\n"):
            self.assertIn(kept, recorded)

    def test_is_added_to(self):
        with Mock("--scene", "call") as mock:
            self.record(mock.url(), "--count", "5")
            first = self.file.read_bytes()
            self.record(mock.url(), "--count", "5")
        self.assertTrue(self.file.read_bytes().startswith(first + b"session 0 "))
        self.assertEqual(self.file.read_bytes().count(HEAD), 1)

    def test_a_torn_end_is_cut_off(self):
        whole = HEAD + event("A")
        for torn in (b"event", event("B")[:-1], event("B")[:30], b"\0" * 5000, event("B")[:-20] + b"\0" * 20):
            self.file.write_bytes(whole + torn)
            with Mock() as mock:
                self.record(mock.url(), "--count", "2", err=f"its last {len(torn)} bytes are cut off")
            self.assertTrue(self.file.read_bytes().startswith(whole + b"session 0 "))
            self.assertIn(b"Event: A", self.replay("--raw"))

    def test_what_is_no_recording_is_left_alone(self):
        for text in (b"dear diary\n", HEAD + b"event one\n" + event("A"), HEAD + b"\0" + event("A"),
                     HEAD + event("A")[:-1] + b"x" + event("B")):
            self.file.write_bytes(text)
            self.record("ami://x@127.0.0.1:1", code=2, err="is no recording, or damaged at byte")
            self.assertEqual(self.file.read_bytes(), text)

    def test_rotated_by_size(self):
        with Mock("--scene", "storm 500") as mock:
            self.record(mock.url(), "--rotate", "8K", "--count", "60")
        old = sorted(self.folder.glob("office.rec.2*Z*"))
        self.assertGreater(len(old), 1)
        for file in [*old, self.file]:
            text = file.read_bytes()
            self.assertTrue(text.startswith(HEAD + b"session 0 "))
            self.assertLessEqual(len(text), 8192)
            self.assertEqual(self.replay("--raw", file=file).count(b"Event: "), text.count(b"Event: "))
        self.assertIn(b"Banner: Asterisk Call Manager/11.0.0\r\n", self.file.read_bytes()[:300])

    def test_rotated_by_age(self):
        self.write(event("A", when="1600000000.000000000"))
        with Mock() as mock:
            self.record(mock.url(), "--rotate", "1d", "--count", "2")
        old = self.folder / "office.rec.20200913T122640Z"
        self.assertIn(b"Event: A", self.replay("--raw", file=old))
        self.assertNotIn(b"Event: A", self.replay("--raw"))

    def test_no_old_file_is_written_over(self):
        self.write(event("A", when="1600000000.000000000"))
        old = self.folder / "office.rec.20200913T122640Z"
        old.write_bytes(b"mine")
        with Mock() as mock:
            self.record(mock.url(), "--rotate", "1d", "--count", "2")
        self.assertEqual(old.read_bytes(), b"mine")
        self.assertIn(b"Event: A", self.replay("--raw", file=old.with_name(old.name + "-2")))

    def test_a_signal_ends_it_whole(self):
        with Mock("--scene", "call") as mock, Running("record", str(self.file), "--url", mock.url()) as running:
            self.await_ready()
            with Running("events", "--url", mock.url(), "--count", "3") as events:
                self.assertEqual(events.end()[0], 0)
            running.signal(signal.SIGTERM)
            self.assertEqual(running.end(), (143, b"", b""))
        notices = [json.loads(line) for line in self.replay("--json").splitlines()]
        self.assertEqual((notices[-1]["name"], notices[-1]["fields"]["Final"]), ("connection-close", "true"))

    def test_what_does_not_fit_leaves_it_whole(self):
        with Mock("--scene", "storm 500") as mock:
            limit = {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))}
            result = run("record", str(self.file), "--url", mock.url(), **limit)
            self.assert_ended(result, 6, out=b"", err=f"{self.file} cannot be written (File too large)")
        self.assertIn(b"Event: ", self.replay("--raw"))

    def test_to_stdout(self):
        with Mock() as mock:
            result = run("record", "-", "--url", mock.url(), "--count", "2")
        self.assert_ended(result, 0, err="")
        printed = run("replay", "-", "--all", "--raw", input=result.stdout)
        self.assert_ended(printed, 0, err="")
        self.assertEqual(printed.stdout.count(b"Response: Success"), 2)

    def test_no_two_write_one_file(self):
        self.write()
        with open(self.file, "rb") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            self.record("ami://x@127.0.0.1:1", code=2, err="in use by another ami record")

    def test_refused(self):
        with Mock() as mock:
            url = mock.url()
            for arguments, text in (([str(self.folder)], "Is a directory"), (["/dev/null"], "no file"),
                                    ([str(self.folder / "no" / "file")], "No such file"),
                                    (["-", "--rotate", "1M"], "- is stdout")):
                result = run("record", *arguments, "--url", url)
                self.assertIn(result.returncode, (2, 6))
                self.assertIn(text, result.stderr.decode())
            for size in ("1", "0M", "-1M", "M", "1T", "1 M", "1MM", "99999999999G"):
                result = run("record", str(self.file), "--rotate", size, "--url", url)
                self.assert_ended(result, 2, out=b"", err=f"({size})")
            self.assertFalse(self.file.exists())
            self.assert_ended(run("record", str(self.file), "--url", url, password="wrong"), 4, err="Authentication")


class Replay(RecordTest):
    def test_is_what_events_had_printed(self):
        with Mock("--scene", "call") as mock, Running("record", str(self.file), "--url", mock.url()) as running:
            self.await_ready()
            with Running("events", "--url", mock.url(), "--count", "40", "--raw") as events:
                _, raw, _ = events.end()
            running.signal(signal.SIGINT)
            running.end()
        wanted = re.findall(rb"Event: (?:Newchannel|Hangup)\r\n.*?\r\n\r\n", raw, re.S)
        self.assertGreater(len(wanted), 0)
        self.assertIn(b"".join(wanted), self.replay("Newchannel", "Hangup", "--not", "c*", "--not", "ready",
                                                    "--not", "login", "--raw"))

    def test_every_layout(self):
        self.write(entry("session", b"Label: pbx1\r\n\r\n", 0),
                   event("Call", "Channel: PJSIP/1", number=7, when="1795481411.031462123"),
                   entry("notice", b"Event: gap\r\nCause: overflow\r\n\r\n", 8))
        lines = [json.loads(line) for line in self.replay("--json").splitlines()]
        self.assertEqual(lines[0], {"seq": 7, "time": "2026-11-24T00:50:11.031Z", "label": "pbx1", "kind": "event",
                                    "name": "Call", "fields": {"Event": "Call", "Privilege": "user,all",
                                                               "Channel": "PJSIP/1"}})
        self.assertEqual((lines[1]["kind"], lines[1]["name"]), ("notice", "gap"))
        self.assertEqual(self.replay("--format", "%t %s %l %{Channel}", "Call").splitlines()[0],
                         b"2026-11-24T00:50:11.031Z 7 pbx1 PJSIP/1")
        self.assertEqual(self.replay("--format", "csv", "--fields", "Channel", "--count", "1").splitlines()[1],
                         b"2026-11-24T00:50:11.031Z,pbx1,Call,PJSIP/1")
        self.assertIn(b"Channel=PJSIP/1", self.replay("--text"))

    def test_selection(self):
        self.write(event("QueueA", "Queue: x"), event("QueueB", "Queue: y"), event("Other", "Queue: x"),
                   entry("response", b"Response: Success\r\n\r\n"), entry("future", b"anything"))
        self.assertEqual(self.replay("--format", "%n"), b"QueueA\nQueueB\nOther\n")
        self.assertEqual(self.replay("queue*", "--where", "Queue=x", "--format", "%n"), b"QueueA\n")
        self.assertEqual(self.replay("--not", "Q*", "--all", "--format", "%n"), b"Other\nSuccess\n")
        self.assertEqual(self.replay("--count", "1", "--format", "%n"), b"QueueA\n")

    def test_cut_anywhere(self):
        whole = self.write(event("A"), event("B", number=2)).read_bytes()
        second = whole.index(b"event 2")
        for length in range(len(HEAD), len(whole)):
            self.file.write_bytes(whole[:length])
            result = run("replay", str(self.file), "--format", "%n")
            self.assertEqual(result.stdout, b"A\n" if length >= second else b"")
            ends = {len(HEAD): b"", second: b""}
            self.assertEqual(result.returncode, 0, result)
            self.assertEqual(result.stderr == b"", length in ends, result)

    def test_damage(self):
        for text in (b"nothing", HEAD + event("A") + b"Event: B\r\n\r\n", HEAD + event("A") + event("B")[:-1] + b"x",
                     HEAD + event("A") + entry("event", b"no message"), HEAD + event("A") + b"event 1 1.0 1\n"):
            self.file.write_bytes(text)
            printed = self.replay("--format", "%n", code=2, err="damaged")
            self.assertEqual(printed, b"A\n" if text.startswith(HEAD) else b"")
        self.replay(file=self.folder / "missing", code=2, err="No such file")
        self.replay(file=self.folder, code=2, err="no recording")

    def test_a_signal_ends_it(self):
        self.write(*[event("A")] * 100000)
        endless = ["sh", "-c", 'while cat "$1"; do :; done', "sh", str(self.file)]
        with open(self.folder / "printed", "wb") as printed, subprocess.Popen(endless, stdout=subprocess.PIPE) as writer, \
             Running("replay", "-", stdin=writer.stdout, stdout=printed) as running:
            writer.stdout.close()
            while os.fstat(printed.fileno()).st_size < 1000000 and running.process.poll() is None:
                pass  # neither waits for the other
            running.signal(signal.SIGTERM)
            self.assertEqual(running.end(), (143, b"", b""))

    def test_a_length_that_is_not_true(self):
        self.write(event("A"), b"event 2 1795481411.000000000 4294967295\nEvent: B\r\n\r\n\n")
        self.assertEqual(self.replay("--format", "%n", err="cut short"), b"A\n")

    def test_the_example_of_the_documentation(self):
        text = (pathlib.Path(__file__).parents[2] / "docs" / "record.md").read_text()
        example = re.search(r"^    event .*?\n\n", text, re.M | re.S).group()
        line, _, message = re.sub(r"^    ", "", example, flags=re.M).partition("\n")
        self.file.write_bytes(HEAD + f"{line}\n".encode() + message.replace("\n", "\r\n").encode() + b"\n")
        self.assertEqual(self.replay("--format", "%n %s %{Channel}"), b"Hangup 17 PJSIP/100-1\n")

    def test_joined_files(self):
        self.write(event("A"), HEAD, event("B"))
        self.assertEqual(self.replay("--format", "%n"), b"A\nB\n")


class Serve(RecordTest):
    """What was recorded goes through a server and a client again."""

    OWN = ("--not", "connection-*", "--not", "login", "--not", "ready", "--raw")

    def played(self, count, *arguments, **more):
        with Mock("--serve", str(self.file), "--speed", "0") as mock:
            result = run("events", "--url", mock.url(), "--count", str(count), *arguments, **more)
        self.assert_ended(result, 0, err="")
        return result.stdout

    def test_byte_equal(self):
        with Mock("--scene", "bridge") as mock:
            self.record(mock.url(), "--count", "248")
        events = self.replay(*self.OWN)
        count = events.count(b"\r\n\r\n")
        self.assertEqual(self.played(count, *self.OWN), events)
        again = self.folder / "again.rec"
        with Mock("--serve", str(self.file), "--speed", "0") as mock:
            self.record(mock.url(), "--count", "248", file=again)
        # Everything but the times, and the port.
        timeless = [re.sub(rb"(?m)^((?:[a-z]+) \d+) .*$|^Server: .*$|^(?:Port|From|To): .*$", rb"\1", file.read_bytes())
                    for file in (self.file, again)]
        self.assertEqual(timeless[1], timeless[0])

    def test_the_bytes_are_not_mended(self):
        odd = (b"Event: Odd\r\nPrivilege: user,all\r\nNoColon\r\nEmpty: \r\nTwo:  blanks \r\nLatin: K\xf6ln\r\n"
               b"LF: a\nb\r\n\n")
        self.write(entry("event", odd), event("End"))
        self.assertEqual(self.played(2, *self.OWN), odd + body_of(event("End")))

    def test_the_recorded_banner(self):
        self.write(entry("notice", b"Event: ready\r\nBanner: Asterisk Call Manager/5.0.4\r\n\r\n"), event("A"))
        ready = [json.loads(line) for line in self.played(1, "--json").splitlines()]
        self.assertIn("Asterisk Call Manager/5.0.4", [line["fields"].get("Banner") for line in ready])

    def test_pace(self):
        self.write(event("A", when="1795481411.000000000"), event("B", number=2, when="1795482011.000000000"))
        start = time.monotonic()
        with Mock("--serve", str(self.file), "--speed", "1000") as mock:
            self.assert_ended(run("events", "--url", mock.url(), "--count", "2"), 0, err="")
        self.assertGreaterEqual(time.monotonic() - start, 0.6)

    def test_masks_hold(self):
        self.write(event("A"), entry("event", b"Event: B\r\nPrivilege: call,all\r\n\r\n"))
        self.assertEqual(self.played(1, "--raw", "[A-Z]", "?", "-o", "events=call", *self.OWN),
                         b"Event: B\r\nPrivilege: call,all\r\n\r\n")

    def test_a_lost_connection_is_lost_again(self):
        login = entry("notice", b"Event: login\r\nStatus: Success\r\n\r\n")
        self.write(login, event("A"), login, event("B"))
        printed = [json.loads(line)["name"] for line in
                   self.played(2, "--json", "-o", "reconnect=1", "-o", "reconnect.max_ms=1").splitlines()]
        self.assertEqual([name for name in printed if name in ("A", "B", "gap")], ["A", "gap", "B"])

    def test_it_begins_anew_when_all_have_left(self):
        self.write(event("A"), event("B"))
        with Mock("--serve", str(self.file), "--speed", "0") as mock:
            for _ in range(2):
                result = run("events", "--url", mock.url(), "--count", "2", *self.OWN)
                self.assertEqual(result.stdout, body_of(event("A")) + body_of(event("B")))

    def test_actions_are_answered(self):
        self.write(event("A"))
        with Mock("--serve", str(self.file)) as mock:
            self.assert_ended(run("send", "Ping", "--url", mock.url()), 0, err="")

    def test_refused(self):
        for text, reason in ((HEAD, "no event"), (b"nothing", "cannot read")):
            self.file.write_bytes(text)
            result = run("mock", "--serve", str(self.file))
            self.assert_ended(result, 2, out=b"", err=reason)
            self.assertIn(str(self.file).encode(), result.stderr)


if __name__ == "__main__":
    unittest.main()
