"""The verbs on a real Asterisk, which the ASTERISK_... variables describe."""

import json
import os
import tempfile
import unittest

from program import ProgramTest, Running, run
from test_typing import Shell

URL = f"ami://admin@{os.environ['ASTERISK_HOST']}:{os.environ['ASTERISK_PORT']}"


class RealAsterisk(ProgramTest):
    def ami(self, verb, *arguments, code=0, **more):
        result = run(verb, "--url", URL, *arguments, **more)
        self.assert_ended(result, code)
        return result.stdout.decode()

    def test_send(self):
        reply = json.loads(self.ami("send", "CoreSettings"))
        self.assertEqual((reply["status"], reply["fate"], reply["response"]["name"]), (0, "answered", "Success"))
        reply = json.loads(self.ami("send", "Hangup", "Channel=PJSIP/nosuch-1", code=1))
        self.assertEqual((reply["error"], reply["response"]["name"]), ("AMI_EREPLY", "Error"))

    def test_send_many(self):
        lines = "".join(json.dumps({"Action": name}) + "\n" for name in ("Ping", "CoreShowChannels", "CoreStatus") * 30)
        replies = [json.loads(line) for line in self.ami("send", "--jobs", "20", input=lines.encode()).splitlines()]
        self.assertEqual(sorted(reply["line"] for reply in replies), list(range(1, 91)))
        self.assertEqual({(reply["status"], reply["fate"]) for reply in replies}, {(0, "answered")})

    def test_events(self):
        with Running("events", "--url", URL, "--where", "UserEvent=Hello*", "UserEvent", "--count", "1") as running:
            running.message("ready")
            self.ami("send", "UserEvent", "UserEvent=Other")
            self.ami("send", "UserEvent", "UserEvent=Hello", "Twice=a", "Twice=b")
            event = running.message("UserEvent")
            self.assertEqual((event["fields"]["UserEvent"], event["fields"]["Twice"]), ("Hello", ["a", "b"]))
            self.assertEqual(running.end()[0], 0)

    def test_command_ping_and_list(self):
        self.assertIn("Asterisk 22", self.ami("command", "core", "show", "version"))
        self.assertIn("2 sent, 2 answered, 0 % lost", self.ami("ping", "--count", "2", "--interval", "0"))
        lines = self.ami("list", "QueueStatus", "--fields", "Event,Queue").splitlines()
        self.assertEqual(lines[0].split(), ["Event", "Queue"])
        self.assertIn(["QueueParams", "support"], [line.split() for line in lines])

    def test_originate(self):
        self.assertRegex(self.ami("originate", "Local/short@test", "--app", "Wait", "--data", "1"), "has answered")
        self.assertRegex(self.ami("originate", "Local/busy@test", "--app", "Wait", code=1), "was not connected: it is busy")

    def test_shell(self):
        with tempfile.TemporaryDirectory() as state, Shell("--url", URL, "UserEvent", state=state) as shell:
            shell.until("This is Asterisk Call Manager/[^\n]*\n(?s:.*)> ")
            shell.type("!core show version\r")
            shell.until("Asterisk 22(?s:.*)> ")
            shell.type("UserEv\tUserEvent=Typed\r")
            shell.until("Success(?s:.*)> ")
            shell.type("\\q\r")
            self.assertEqual(shell.end(), 0)


class Doctor(ProgramTest):
    def doctor(self, user="admin", url=URL, *arguments, code=0):
        result = run("doctor", "--json", "--for", "0.1", "--url", url.replace("admin", user), *arguments)
        self.assert_ended(result, code, err="")
        return [tuple(json.loads(line).values())[:3] for line in result.stdout.splitlines()]

    def assert_found(self, found, level, subject, text):
        self.assertTrue([each for each in found if each[:2] == (level, subject) and text in each[2]], found)

    def test_admin(self):
        found = self.doctor()
        self.assert_found(found, "risk", "rights", "the write class command, system, originate, config it is root")
        self.assert_found(found, "right", "mask", "of the read classes system,call,")
        self.assert_found(found, "right", "settings", "it listens on 127.0.0.1:")
        self.assert_found(found, "right", "writetimeout", "5000 ms")
        self.assert_found(found, "right", "version", "no flaw")
        self.assert_found(found, "right", "round trip", " ms (")

    def test_others(self):
        self.assert_found(self.doctor("slow"), "risk", "writetimeout", "100 ms")
        self.assert_found(self.doctor("quiet"), "note", "mask", "no read class")
        self.assert_found(self.doctor("filtered"), "risk", "writetimeout", "100 ms, as none is set")
        limited = self.doctor("limited")
        self.assert_found(limited, "right", "rights", "it may run ")
        self.assert_found(limited, "note", "writetimeout", "not to be seen")
        self.assert_found(self.doctor("denied", code=4), "wrong", "login", "Authentication failed")

    def test_tls(self):
        url = f"amis://admin@{os.environ['ASTERISK_HOST']}:{os.environ['ASTERISK_TLSPORT']}"
        found = self.doctor("admin", url, "-o", f"tls.ca={os.environ['ASTERISK_CAFILE']}", "-o", "tls.verify=ca")
        self.assert_found(found, "right", "tls", "TLSv1.3, and the certificate is good for ")


if __name__ == "__main__":
    unittest.main()
