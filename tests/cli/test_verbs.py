"""`ami list`, `ami originate` and `ami ping`."""

import csv
import io
import json
import re
import signal
import unittest

from program import Mock, ProgramTest, Running, run
from server import Server


class MockTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.mock = cls.enterClassContext(Mock())

    def ami(self, verb, *arguments, code=0, err="", user="admin"):
        result = run(verb, "--url", self.mock.url(user), *arguments)
        self.assert_ended(result, code, err=err)
        return result.stdout.decode()


class List(MockTest):
    def test_table(self):
        lines = self.ami("list", "QueueStatus").splitlines()
        heads = lines[0].split()
        self.assertEqual(heads[:2], ["Event", "Queue"])
        self.assertNotIn("ActionID", heads)
        at = lines[0].index("Name")
        self.assertEqual(lines[2][at:at + 10].strip(), "Local One")
        self.assertEqual(lines[2][:lines[0].index("Queue")].strip(), "QueueMember")

    def test_fields(self):
        lines = self.ami("list", "QueueStatus", "Queue=support", "--fields", "name,Status").splitlines()
        self.assertEqual(lines[0].split(), ["name", "Status"])
        self.assertEqual(lines[2].split(), ["Local", "One", "0"])

    def test_csv(self):
        rows = list(csv.DictReader(io.StringIO(self.ami("list", "QueueStatus", "--csv"), newline="")))
        self.assertEqual([row["Name"] for row in rows if row["Event"] == "QueueMember"],
                         ["Local One", "Local Two", "Alice"])

    def test_json(self):
        items = [json.loads(line) for line in self.ami("list", "QueueStatus", "--json").splitlines()]
        self.assertEqual({item["kind"] for item in items}, {"listitem"})

    def test_an_answer_without_items_is_a_row(self):
        lines = self.ami("list", "Ping").splitlines()
        self.assertEqual(lines[0].split(), ["Ping", "Timestamp"])
        self.assertEqual(lines[1].split()[0], "Pong")

    def test_an_empty_list(self):
        self.assertEqual(self.ami("list", "CoreShowChannels"), "")

    def test_an_error(self):
        self.assertEqual(self.ami("list", "Nosuch", code=1, err="Invalid/unknown command"), "")

    def test_nothing_in_an_item_breaks_the_table(self):
        answer = (b"Response: Success\r\n{id}EventList: start\r\n\r\nEvent: Item\r\n{id}Name: a\x1b[31m\nb\r\n\r\n"
                  b"Event: CoreShowChannelsComplete\r\n{id}EventList: Complete\r\nListItems: 1\r\n\r\n")
        with Server({"coreshowchannels": answer}) as server:
            result = run("list", "--url", server.url(), "CoreShowChannels")
        self.assert_ended(result, 0, out=b"Name\na\\x1b[31m\\nb\n", err="")


class Originate(MockTest):
    def test_answered(self):
        text = self.ami("originate", "Local/106@test", "--app", "Wait", "--data", "1", "--var", "a=b,c")
        self.assertRegex(text, r"^Local/106@test has answered \(call [\d.]+\)\n$")

    def test_not_answered(self):
        text = self.ami("originate", "Local/nosuch@nowhere", "--exten", "1", code=1)
        self.assertTrue(text.startswith("Local/nosuch@nowhere was not connected: "), text)

    def test_json(self):
        reply = json.loads(self.ami("originate", "Local/106@test", "--app", "Wait", "--json"))
        self.assertEqual((reply["end"]["name"], reply["fate"]), ("OriginateResponse", "answered"))

    def test_reasons(self):
        answer = (b"Response: Success\r\n{id}Message: Originate successfully queued\r\n\r\n"
                  b"Event: OriginateResponse\r\n{id}Response: Failure\r\nReason: %d\r\nUniqueid: <unknown>\r\n\r\n")
        for reason, words in ((3, "nobody answered in time"), (5, "it is busy"), (8, "all circuits are busy"),
                              (77, "reason 77")):
            with Server({"originate": answer % reason}) as server:
                result = run("originate", "--url", server.url(), "PJSIP/1", "--exten", "2")
            self.assert_ended(result, 1, out=f"PJSIP/1 was not connected: {words}\n".encode(), err="")

    def test_what_is_sent(self):
        with Server({"originate": b"Response: Error\r\n{id}Message: No\r\n\r\n"}) as server:
            result = run("originate", "--url", server.url(), "PJSIP/1", "--exten", "2", "--context", "in", "--caller-id",
                         "Bob <1>", "--var", "v=1,2", "--ring", "5000")
            lines = server.wait_for("originate")
        self.assert_ended(result, 1, out=b"", err="(No)")
        for line in (b"Channel: PJSIP/1", b"Async: true", b"Timeout: 5000", b"Exten: 2", b"Context: in", b"Priority: 1",
                     b"CallerID: Bob <1>"):
            self.assertIn(line, lines)
        self.assertTrue(any(line.startswith(b"Variable: v=") for line in lines), lines)

    def test_refused(self):
        for arguments, text in ((["X"], "--exten"), (["X", "--exten", "1", "--app", "Y"], "--exten"),
                                (["X", "--exten", "1", "--var", "a"], "(a)"),
                                (["X\r\nY: 1", "--exten", "1"], "Channel")):
            self.assertEqual(self.ami("originate", *arguments, code=2, err=text), "")


class Ping(MockTest):
    def test_count(self):
        text = self.ami("ping", "--count", "3", "--interval", "0")
        self.assertEqual(re.findall(r"seq=(\d+) time=[\d.]+ ms", text), ["1", "2", "3"])
        self.assertIn("\n3 sent, 3 answered, 0 % lost\nround trip min/median/mean/max = ", text)

    def test_until_a_signal(self):
        with Running("ping", "--url", self.mock.url(), "--interval", "1000") as running:
            running.line()
            self.assertIn("seq=1", running.line())
            running.signal(signal.SIGINT)
            code, out, _ = running.end()
        self.assertEqual(code, 130)
        self.assertIn(b"1 sent, 1 answered", out)

    def test_no_answer(self):
        with Server({"ping": b""}) as server:
            result = run("ping", "--url", server.url(), "--count", "1", "--timeout", "1")
        self.assert_ended(result, 5, err="")
        self.assertIn(b"1 sent, 0 answered, 100 % lost", result.stdout)

    def test_lost_connection(self):
        with Server({"ping": None}) as server:
            result = run("ping", "--url", server.url(), "--interval", "0")
        self.assertEqual(result.returncode, 3, result)
        self.assertIn(b"1 sent, 0 answered", result.stdout)


if __name__ == "__main__":
    unittest.main()
