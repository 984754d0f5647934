"""`ami events`: which messages are shown, and how."""

import csv
import io
import json
import unittest

from program import ProgramTest, Running, run
from server import Server

ONE = b"Event: Newchannel\r\nChannel: PJSIP/100-1\r\nChanVariable: a=1\r\nChanVariable: b=2\r\nText: say \"x\", y\r\n\r\n"
TWO = b"Event: VarSet\r\nChannel: PJSIP/200-1\r\nVariable: a\r\n\r\n"
END = b"Event: End\r\nChannel: PJSIP/100-9\r\nChanVariable: b=2\r\n\r\n"


class LayoutTest(ProgramTest):
    def shown(self, *arguments, pushed=(ONE, TWO, END), last="End"):
        """stdout, from the login on, up to the line that holds the last event's name."""
        with Server() as server, Running("events", "--url", server.url(), *arguments) as running:
            server.wait_for("login")
            for event in pushed:
                server.push(event)
            lines = []
            while not lines or last not in lines[-1]:
                lines.append(running.line())
                self.assertTrue(lines[-1], lines)
            return lines

    def names(self, *arguments):
        return [json.loads(line)["name"] for line in self.shown("--since-ready", *arguments)]


class Selected(LayoutTest):
    def test_since_ready(self):
        self.assertEqual(self.names(), ["Newchannel", "VarSet", "End"])

    def test_not(self):
        self.assertEqual(self.names("--not", "varset"), ["Newchannel", "End"])
        self.assertEqual(self.names("--not", "V?rSet", "--not", "New*"), ["End"])

    def test_not_holds_for_notices(self):
        names = [json.loads(line)["name"] for line in self.shown("--not", "connection-*", "--not", "login")]
        self.assertEqual(names, ["ready", "Newchannel", "VarSet", "End"])

    def test_where(self):
        self.assertEqual(self.names("--where", "channel=pjsip/100-*"), ["Newchannel", "End"])
        self.assertEqual(self.names("--where", "Channel=*-?"), ["Newchannel", "VarSet", "End"])

    def test_where_looks_at_every_value(self):
        self.assertEqual(self.names("--where", "ChanVariable=b=2"), ["Newchannel", "End"])
        self.assertEqual(self.names("--where", "ChanVariable=b=*", "--where", "Channel=*9"), ["End"])

    def test_where_lets_notices_pass(self):
        names = [json.loads(line)["name"] for line in self.shown("--where", "Channel=*-9")]
        self.assertEqual(names, ["connection-connect", "login", "ready", "End"])

    def test_count_is_of_what_is_shown(self):
        with Server() as server, Running("events", "--url", server.url(), "--since-ready", "--not", "VarSet", "--count",
                                         "2") as running:
            server.wait_for("login")
            for event in (TWO, ONE, TWO, END, ONE):
                server.push(event)
            code, out, _ = running.end()
        self.assertEqual(code, 0)
        names = [json.loads(line)["name"] for line in out.splitlines()]
        self.assertEqual(names, ["Newchannel", "End", "connection-close"])


class Formats(LayoutTest):
    def test_fields_of_json(self):
        line = self.shown("--since-ready", "--fields", "chanvariable,CHANNEL")[0]
        self.assertEqual(json.loads(line)["fields"], {"Channel": "PJSIP/100-1", "ChanVariable": ["a=1", "b=2"]})

    def test_fields_of_text(self):
        line = self.shown("--since-ready", "--format", "text", "--fields", "Channel,Text")[0]
        self.assertRegex(line, r'^\d\d:\d\d:\d\d\.\d{3}  Newchannel +Channel=PJSIP/100-1 Text="say \\"x\\", y"$')

    def test_pattern(self):
        lines = self.shown("--since-ready", "--format", "%n|%k|%{channel}|%{None}|100%%")
        self.assertEqual(lines[0], "Newchannel|event|PJSIP/100-1||100%")
        self.assertRegex(self.shown("--format", "%s %t %n %l")[-1], r"^\d+ \d{4}-\d\d-\d\dT[\d:.]{12}Z End $")

    def test_csv(self):
        text = "".join(line + "\n" for line in self.shown("--since-ready", "--format", "csv", "--fields", "Channel,Text"))
        rows = list(csv.reader(io.StringIO(text, newline="")))
        self.assertEqual(rows[0], ["time", "label", "name", "Channel", "Text"])
        self.assertEqual([row[2:] for row in rows[1:]], [["Newchannel", "PJSIP/100-1", 'say "x", y'],
                                                         ["VarSet", "PJSIP/200-1", ""], ["End", "PJSIP/100-9", ""]])

    def test_raw(self):
        self.assertEqual(self.shown("--since-ready", "--format", "raw")[0], "Event: Newchannel\r")


class Refused(ProgramTest):
    def assert_refused(self, text, *arguments):
        result = run("events", "--url", "ami://admin@127.0.0.1:1", *arguments)
        self.assert_ended(result, 2, out=b"", err=text)

    def test_all(self):
        self.assert_refused("(xml)", "--format", "xml")
        self.assert_refused("(%q)", "--format", "x%q")
        self.assert_refused("(%{)", "--format", "%{Channel")
        self.assert_refused("(%)", "--format", "100%")
        self.assert_refused("--fields", "--format", "csv")
        self.assert_refused("exclude each other", "--format", "csv", "--json", "--fields", "A")
        self.assert_refused("(Channel)", "--where", "Channel")
        self.assert_refused("(=x)", "--where", "=x")


if __name__ == "__main__":
    unittest.main()
