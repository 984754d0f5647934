"""`ami shell` that reads its lines from a file or a pipe."""

import json
import os
import signal
import subprocess
import unittest

from program import LIMIT, Mock, ProgramTest, Running, refusing_port, run
from server import Server


class ShellTest(ProgramTest):
    def shell(self, server, *lines, arguments=(), code=0, err="", **more):
        """stdout of a shell that reads these lines."""
        result = run("shell", "--url", server.url(more.pop("user", "admin")), *arguments, input="\n".join(lines).encode(),
                     **more)
        self.assert_ended(result, code, err=err)
        return result.stdout.decode()


class Lines(ShellTest):
    @classmethod
    def setUpClass(cls):
        cls.mock = cls.enterClassContext(Mock())

    def replies(self, *lines, **more):
        return [json.loads(line) for line in self.shell(self.mock, *lines, **more).splitlines()]

    def test_actions_in_their_order(self):
        replies = self.replies("Ping", "", "  QueueStatus   Queue=support ", "# Logoff", "Ping\r")
        self.assertEqual([(reply["action"], reply["status"]) for reply in replies],
                         [("Ping", 0), ("QueueStatus", 0), ("Ping", 0)])
        self.assertEqual({item["fields"]["Queue"] for item in replies[1]["items"]}, {"support"})

    def test_nothing_to_do(self):
        self.assertEqual(self.shell(self.mock), "")

    def test_text(self):
        self.assertTrue(self.shell(self.mock, "Ping", arguments=["--text"]).startswith("Success\n  Ping       Pong\n"))
        self.assertTrue(self.shell(self.mock, "Ping --text").startswith("Success\n  Ping       Pong\n"))

    def test_commands(self):
        self.assertIn("0 active channels\n", self.shell(self.mock, "!core show channels", "! core show channels"))
        self.shell(self.mock, "!core show nonsense", code=1, err="ami: line 1: Asterisk answered Command with an error")

    def test_a_table(self):
        lines = self.shell(self.mock, "\\l QueueStatus Queue=support").splitlines()
        self.assertEqual(lines[0].split()[:2], ["Event", "Queue"])
        self.assertIn("Local One", lines[2])

    def test_the_greatest_exit_code(self):
        self.shell(self.mock, "Ping", "Originate Channel=Local/1", "Ping", code=1, user="reader",
                   err="ami: line 2: Asterisk answered Originate with an error (Permission denied)\n")
        self.shell(self.mock, "Originate Channel=Local/1", "Hangup", code=2, user="reader", err="ami: line 2: Hangup lacks")

    def test_help(self):
        self.assertIn("\\f GLOB", self.shell(self.mock, "\\?"))

    def test_the_end(self):
        self.assertEqual(len(self.replies("Ping", "\\q", "Ping", "nonsense")), 1)

    def test_events_that_are_asked_for(self):
        lines = ["UserEvent UserEvent=One", "\\f UserEvent UserEvent=T*", "UserEvent UserEvent=Two",
                 "UserEvent UserEvent=Other", "\\f -User*", "UserEvent UserEvent=Three", "\\f off",
                 "UserEvent UserEvent=Tour", "\\f on", "UserEvent UserEvent=Five", "Ping"]
        got = [json.loads(line) for line in self.shell(self.mock, *lines).splitlines()]
        self.assertEqual([message["fields"]["UserEvent"] for message in got if message.get("name") == "UserEvent"],
                         ["Two", "Five"])
        self.assertNotIn('"Two"', self.shell(self.mock, lines[2], "Ping", arguments=["--", "-User*"]))
        got = [json.loads(line) for line in self.shell(self.mock, lines[0], "Ping", arguments=["UserEvent"]).splitlines()]
        self.assertEqual([message["fields"]["UserEvent"] for message in got if message.get("name") == "UserEvent"], ["One"])


    def test_what_comes_behind_a_reply_is_shown_behind_it(self):
        answer = b"Response: Success\r\n{id}Ping: Pong\r\n\r\nEvent: After\r\n\r\n"
        with Server({"ping": b"Event: Before\r\n\r\n" + answer}) as server:
            out = self.shell(server, "Ping", "Wait --force", arguments=["Before", "After"])
        got = [json.loads(line) for line in out.splitlines()]
        self.assertEqual([line.get("name", line.get("action")) for line in got], ["Before", "Ping", "After", "Wait"])


class Refused(ShellTest):
    LINES = (("Orignate", "did you mean Originate?"), ("Originate Chanel=x", "did you mean Channel?"),
             ("Hangup", "requires (Channel)"), ("Ping X", "(X)"), ("Ping =x", "(=x)"), ("Ping 'X=1", "a ' without its end"),
             ('Ping X="1', 'a " without its end'), ("Ping X=1\\", "at the end of the line"), ("Ping --colour", "--colour"),
             ("Ping --timeout soon", "soon"), ("Queues", "queue show"), ("Ping X=" + "y" * 1022, "1022"),
             ("Ping 'X: Y=1'", "X: Y"), ("!", "core show channels"), ("! ", "core show channels"), ("\\", "(\\)"),
             ("\\x y", "(\\x)"), ("\\l", "CoreShowChannels"), ("\\f =x", "(=x)"), ("--force", "an action needs a name"),
             ("Ping --json --text", "exclude each other"), ("Ping X=1\0 --dry-run", "NUL"), ("!core show\0x", "NUL"))

    def test_each_is_told_and_nothing_is_sent(self):
        with Server() as server:
            result = run("shell", "--url", server.url(), input="\n".join(line for line, _ in self.LINES).encode())
            server.wait_for_end()
            self.assertEqual([name for name, _ in server.actions], ["challenge", "login", "logoff"])
        self.assert_ended(result, 2, out=b"")
        errors = result.stderr.decode().splitlines()
        self.assertEqual(len(errors), len(self.LINES), errors)
        for number, (error, (line, why)) in enumerate(zip(errors, self.LINES), 1):
            self.assertTrue(error.startswith(f"ami: line {number}: "), error)
            self.assertIn(why, error, line)

    def test_of_the_command_line(self):
        self.assert_ended(run("shell", "--url", "ami://admin@127.0.0.1:1", "=x"), 2, out=b"", err="(=x)")


class Sent(ShellTest):
    def test_quotes(self):
        with Server() as server:
            self.shell(server, """SetVar Variable=a=1 Value="it's \\"so\\"" Flag='a "b"' Path=a\\ b Empty= "Key=caf\u00e9" """)
            lines = server.wait_for("setvar")
        for line in (b"Variable: a=1", b"Value: it's \"so\"", b'Flag: a "b"', b"Path: a b", b"Empty: ",
                     "Key: caf\u00e9".encode()):
            self.assertIn(line, lines)

    def test_force_and_dry_run(self):
        with Server() as server:
            out = self.shell(server, "Wombat --force", "Ping X=1 --dry-run")
            server.wait_for("wombat")
            server.wait_for_end()
            self.assertNotIn("ping", [name for name, _ in server.actions])
        self.assertTrue(out.endswith("Action: Ping\r\nX: 1\r\n\r\n"), out)

    def test_until(self):
        with Mock() as mock:
            out = self.shell(mock, "Originate Channel=Local/106@test Application=Wait Async=true --until OriginateResponse")
        self.assertEqual(json.loads(out)["end"]["name"], "OriginateResponse")

    def test_timeout(self):
        with Server({"ping": b""}) as server:
            self.shell(server, "Ping --timeout 100", code=5, err="ami: line 1: Ping: timed out")


class Ends(ShellTest):
    def test_no_connection(self):
        with refusing_port() as port:
            self.assert_ended(run("shell", "--url", f"ami://admin@127.0.0.1:{port}", input=b"Ping"), 3, out=b"",
                              err=f"127.0.0.1:{port}")

    def test_no_login(self):
        with Mock() as mock:
            self.shell(mock, "Ping", password="wrong", code=4, err="Authentication failed")

    def test_a_lost_connection(self):
        with Server({"ping": None}) as server:
            out = self.shell(server, "Ping", "Status", "Status", code=3, err="; what follows line 1 was not sent\n")
            self.assertNotIn("status", [name for name, _ in server.actions])
        self.assertEqual(json.loads(out)["fate"], "maybe_run")

    def test_a_signal(self):
        for line in ("Ping", ""):
            with Server({"ping": b""}) as server, Running("shell", "--url", server.url(), stdin=subprocess.PIPE) as running:
                running.process.stdin.write(line.encode() + b"\n")
                running.process.stdin.flush()
                server.wait_for("ping" if line else "login")
                running.signal(signal.SIGINT)
                running.process.wait(LIMIT)  # before stdin ends, which would end it, too
                code, out, err = running.end()
            self.assertEqual((code, out), (130, b""))
            self.assertTrue(err.startswith(b"ami: interrupted: "), err)

    def test_nobody_reads(self):
        reader, writer = os.pipe()
        os.close(reader)
        with Server() as server, Running("shell", "--url", server.url(), stdin=subprocess.PIPE, stdout=writer) as running:
            os.close(writer)
            running.process.stdin.write(b"Ping\n")
            running.process.stdin.flush()
            self.assertEqual(running.end()[::2], (0, b""))

    def test_the_disk_is_full(self):
        with open("/dev/full", "wb") as full, Server() as server:
            with Running("shell", "--url", server.url(), stdin=subprocess.PIPE, stdout=full) as running:
                running.process.stdin.write(b"Ping\nStatus\n")
                running.process.stdin.close()
                running.process.stdin = None
                code, _, err = running.end()
            server.wait_for_end()
            self.assertNotIn("status", [name for name, _ in server.actions])
        self.assertEqual((code, err.count(b"\n")), (6, 1), err)
        self.assertIn(b"No space left on device", err)

    def test_a_pipe_is_not_waited_for(self):
        with Server() as server, Running("shell", "--url", server.url(), stdin=subprocess.PIPE) as running:
            for _ in range(3):
                running.process.stdin.write(b"Ping\n")
                running.process.stdin.flush()
                self.assertEqual(json.loads(running.line())["action"], "Ping")
            running.process.stdin.close()
            running.process.stdin = None
            self.assertEqual(running.end(), (0, b"", b""))
            server.wait_for("logoff")


if __name__ == "__main__":
    unittest.main()
