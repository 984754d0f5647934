"""`ami send` with actions from stdin, and --dry-run."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import tempfile
import unittest

from program import LIMIT, Mock, ProgramTest, Running, refusing_port, run, terminal_text
from server import Server

PING = {"Action": "Ping"}


def lines(*actions):
    return b"".join(json.dumps(action).encode() + b"\n" for action in actions)


def replies(out):
    return [json.loads(line) for line in out.splitlines()]


class Sent(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.mock = cls.enterClassContext(Mock())

    def send(self, text, *arguments, code=0, err="", user="admin"):
        result = run("send", "--url", self.mock.url(user), *arguments, input=text)
        self.assert_ended(result, code, err=err)
        return sorted(replies(result.stdout), key=lambda reply: reply["line"])

    def test_each_has_a_reply(self):
        got = self.send(lines(PING, {"Action": "QueueStatus"}, PING))
        self.assertEqual([(reply["line"], reply["action"], reply["status"], reply["fate"]) for reply in got],
                         [(1, "Ping", 0, "answered"), (2, "QueueStatus", 0, "answered"), (3, "Ping", 0, "answered")])
        self.assertEqual(got[0]["response"]["fields"]["Ping"], "Pong")
        self.assertEqual((got[1]["items"][0]["kind"], got[1]["end"]["name"]), ("listitem", "QueueStatusComplete"))

    def test_a_dash_is_stdin_too(self):
        self.assertEqual(len(self.send(lines(PING), "-")), 1)
        self.assertEqual(self.send(b"", "-"), [])

    def test_lines_of_every_form(self):
        text = b' {"Action":"Ping"}\r\n\n   \n{"action": "ping"}'
        self.assertEqual([reply["line"] for reply in self.send(text)], [1, 4])

    def test_until(self):
        call = {"Action": "Originate", "Channel": "Local/106@test", "Application": "Wait", "Data": 1, "Async": True}
        got = self.send(lines(call, call), "--until", "OriginateResponse")
        self.assertEqual([reply["end"]["name"] for reply in got], ["OriginateResponse"] * 2)

    def test_an_error_is_told_with_its_line(self):
        got = self.send(lines(PING, {"Action": "Originate", "Channel": "Local/1"}), code=1, user="reader",
                        err="ami: line 2: Asterisk answered Originate with an error (Permission denied)\n")
        self.assertEqual([reply["error"] for reply in got], [None, "AMI_EREPLY"])

    def test_text(self):
        result = run("send", "--url", self.mock.url(), "--text", input=lines(PING))
        self.assert_ended(result, 0, err="")
        self.assertRegex(result.stdout.decode(), r"\A1 Ping: Success\n  Ping       Pong\n  Timestamp  [\d.]+\n\Z")


class BadLines(ProgramTest):
    BAD = ((b"ping", "is no JSON (at byte 1)"), (b'{"Action":"Ping"', "is no JSON (at byte 17)"), (b"[1]", "no object"),
           (b'{"Channel":"x"}', "there is no Action"), (b'{"Action":1.5}', "(1.5)"),
           (b'{"Action":"Ping","X":null}', "(null)"), (b'{"Action":"Ping","X":{"a":1}}', '({"a":1})'),
           (b'{"Action":"Ping","X":[["a"]]}', '(["a"])'), (b'{"Action":"Ping","X":"1","X":"2"}', '"X" stands there twice'),
           (b'{"Action":"Ping","action":"Logoff"}', "header Action"), (b'{"Action":"Ping","a=b":"c"}', "(a=b)"),
           (b'{"Action":"Ping","":"c"}', "without a key"), (b'{"Action":"Ping","X":"a\\r\\nAction: Logoff"}', "holds CR"),
           (b'{"Action":"Ping","X":"a\\u0000"}', "holds NUL"), (b'{"Action":"Ping\\nX: y"}', "holds LF"),
           (b'{"Action":"Orignate"}', "did you mean Originate?"), (b'{"Action":"Hangup"}', "requires (Channel)"),
           (b'{"Action":"Originate","Chanel":"x"}', "did you mean Channel?"), (b'{"Action":"Queues"}', "queue show"),
           (b'{"Action":"Ping","X":"' + b"y" * 1022 + b'"}', "1022"), (b'{"Action":"\xff"}', "is no JSON (at byte 12)"),
           (b'{"Action":"Ping","X":' + b"[" * 200000 + b"]" * 200000 + b"}", "nested too deep"))

    def test_each_is_told_and_the_others_are_sent(self):
        text = b"".join(bad + b"\n" + lines(PING) for bad, _ in self.BAD)
        with Server() as server:
            result = run("send", "--url", server.url(), input=text)
            server.wait_for_end()
            self.assertEqual([name for name, _ in server.actions],
                             ["challenge", "login", *["ping"] * len(self.BAD), "logoff"])
        self.assert_ended(result, 2)
        errors = result.stderr.decode().splitlines()
        self.assertEqual(len(errors), len(self.BAD))
        for number, (error, (bad, why)) in enumerate(zip(errors, self.BAD)):
            self.assertTrue(error.startswith(f"ami: line {2 * number + 1}: "), error)
            self.assertIn(why, error, bad)
        got = sorted(replies(result.stdout), key=lambda reply: reply["line"])
        self.assertEqual([reply["line"] for reply in got], list(range(1, 2 * len(self.BAD) + 1)))
        self.assertEqual([(reply["error"], reply["fate"]) for reply in got],
                         [("AMI_EINVAL", "not_sent"), (None, "answered")] * len(self.BAD))
        self.assertIsNone(got[0]["action"])

    def test_a_line_without_end(self):
        with Server() as server:
            result = run("send", "--url", server.url(), input=b"x" * (2 << 20))
        self.assert_ended(result, 2, out=b"", err="line 1 is longer than any action")

    def test_a_header_of_the_command_line(self):
        self.assert_ended(run("send", "-", "X=1"), 2, out=b"", err="(X=1)")


class Bytes(ProgramTest):
    def test_repeats_types_and_bytes_that_are_no_utf8(self):
        action = {"Action": "SetVar", "Variable": ["a=1", "b=\uefe9\u00e9\uefee\uefbe\uef80"], "Value": 7, "Flag": True}
        with Server() as server:
            self.assert_ended(run("send", "--url", server.url(), input=lines(action)), 0, err="")
            sent = server.wait_for("setvar")
        for line in (b"Variable: a=1", b"Variable: b=\xe9\xc3\xa9\xee\xbe\x80", b"Value: 7", b"Flag: true"):
            self.assertIn(line, sent)


class Jobs(ProgramTest):
    @staticmethod
    def answer(server, name, number, head=b""):
        """The action of that name and number."""
        sent = [action for known, action in server.actions if known == name]
        action_id = next(line for line in sent[number - 1] if line.startswith(b"ActionID: "))
        server.push(head + b"Response: Success\r\n" + action_id + b"\r\n\r\n")

    def test_no_more_than_that_are_under_way(self):
        hangup = {"Action": "Hangup", "Channel": "x"}
        with Server({"hangup": b""}) as server, Running("send", "--url", server.url(), "--jobs", "3",
                                                        stdin=subprocess.PIPE) as running:
            running.process.stdin.write(lines(*[hangup] * 6))
            running.process.stdin.flush()
            for number in range(1, 7):  # each answer makes room for one more, and no more
                under_way = min(number + 2, 6)
                server.wait_for("hangup", under_way)
                self.assertEqual([name for name, _ in server.actions].count("hangup"), under_way)
                self.answer(server, "hangup", number)
                self.assertEqual(json.loads(running.line())["line"], number)
            self.assertEqual(running.end(), (0, b"", b""))

    def test_the_order_is_that_of_the_ends(self):
        answer = b"Response: Success\r\n{id}Message: Originate successfully queued\r\n\r\n"
        call = {"Action": "Originate", "Channel": "x", "Async": True}
        with Server({"originate": answer}) as server, Running("send", "--url", server.url(), "--until", "OriginateResponse",
                                                              stdin=subprocess.PIPE) as running:
            running.process.stdin.write(lines(call, call))
            running.process.stdin.flush()
            server.wait_for("originate", 2)
            for number in (2, 1):
                self.answer(server, "originate", number, b"Event: OriginateResponse\r\n")
                self.assertEqual(json.loads(running.line())["line"], number)
            self.assertEqual(running.end(), (0, b"", b""))

    def test_a_pipe_is_not_waited_for(self):
        with Server() as server, Running("send", "--url", server.url(), stdin=subprocess.PIPE) as running:
            for number in (1, 2, 3):
                running.process.stdin.write(lines(PING))
                running.process.stdin.flush()
                self.assertEqual(json.loads(running.line())["line"], number)
            running.process.stdin.close()
            running.process.stdin = None
            self.assertEqual(running.end(), (0, b"", b""))

    def test_more_than_the_library_takes_at_a_time(self):
        with Server() as server:
            result = run("send", "--url", server.url(), "--jobs", "50", "-o", "inflight.max=2", input=lines(*[PING] * 20))
        self.assert_ended(result, 0, err="")
        self.assertEqual(result.stdout.count(b"answered"), 20)

    def test_numbers(self):
        for bad in ("0", "-1", "many", "65537"):
            self.assert_ended(run("send", "--jobs", bad), 2, out=b"", err="--jobs")


class Ends(ProgramTest):
    def test_a_lost_connection(self):
        with Server({"ping": None}) as server:
            result = run("send", "--url", server.url(), "--jobs", "1", input=lines(PING, PING, PING))
        self.assert_ended(result, 3, err="; line 2 and what follows were not sent\n")
        self.assertIn("ami: line 1: Ping: ", result.stderr.decode())
        got = replies(result.stdout)
        self.assertEqual([(reply["line"], reply["error"], reply["fate"]) for reply in got], [(1, "AMI_ELOST", "maybe_run")])

    def test_no_connection(self):
        with refusing_port() as port:
            self.assert_ended(run("send", "--url", f"ami://admin@127.0.0.1:{port}", input=lines(PING)), 3, out=b"",
                              err=f"127.0.0.1:{port}")

    def test_a_signal(self):
        with Server({"ping": b""}) as server, Running("send", "--url", server.url(), "--jobs", "2",
                                                      stdin=subprocess.PIPE) as running:
            running.process.stdin.write(lines(PING, PING, PING))
            running.process.stdin.flush()
            server.wait_for("ping", 2)
            running.signal(signal.SIGINT)
            code, out, err = running.end()
        self.assertEqual(code, 130)
        self.assertEqual([(reply["line"], reply["error"], reply["fate"]) for reply in replies(out)],
                         [(line, "AMI_ECANCELED", "maybe_run") for line in (1, 2)])
        self.assertIn(b"ami: interrupted: line 3 and what follows were not sent\n", err)

    def test_a_signal_at_the_end_of_the_input(self):
        with Server({"ping": b""}) as server, Running("send", "--url", server.url(), stdin=subprocess.PIPE) as running:
            running.process.stdin.write(lines(PING))
            running.process.stdin.close()
            running.process.stdin = None
            server.wait_for("ping")
            running.signal(signal.SIGTERM)
            code, out, err = running.end()
        self.assertEqual((code, [reply["error"] for reply in replies(out)]), (143, ["AMI_ECANCELED"]))
        self.assertEqual(err.count(b"\n"), 1, err)

    def test_nobody_reads(self):
        reader, writer = os.pipe()
        os.close(reader)
        with Server() as server, Running("send", "--url", server.url(), stdin=subprocess.PIPE, stdout=writer) as running:
            os.close(writer)
            running.process.stdin.write(lines(PING))
            running.process.stdin.flush()
            self.assertEqual(running.end()[::2], (0, b""))
            server.wait_for("logoff")

    def test_a_time_out(self):
        with Server({"ping": b""}) as server:
            result = run("send", "--url", server.url(), "--timeout", "100", input=lines(PING))
        self.assert_ended(result, 5, err="line 1: Ping: timed out")

    def test_the_connection_comes_back(self):
        with Server({"ping": None}) as server, Running("send", "--url", server.url(), "-o", "reconnect=1",
                                                       stdin=subprocess.PIPE) as running:
            running.process.stdin.write(lines(PING))
            running.process.stdin.flush()
            self.assertEqual(json.loads(running.line())["error"], "AMI_ELOST")
            running.process.stdin.write(lines({"Action": "Status"}))
            running.process.stdin.flush()
            self.assertEqual(json.loads(running.line())["error"], None)
            code, out, err = running.end()
        self.assertEqual((code, out, err.count(b"\n")), (3, b"", 1))


class Progress(ProgramTest):
    def shown(self, stdin):
        master, slave = pty.openpty()
        self.addCleanup(os.close, master)
        with Server() as server:
            with Running("send", "--url", server.url(), stdin=stdin, stdout=subprocess.DEVNULL, stderr=slave) as running:
                os.close(slave)
                if stdin == subprocess.PIPE:
                    running.process.stdin.write(lines(PING, PING))
                    running.process.stdin.close()
                    running.process.stdin = None
                self.assertEqual(running.process.wait(LIMIT), 0)
        return terminal_text(master).decode()

    def test_of_a_file(self):
        with tempfile.TemporaryFile() as file:
            file.write(lines(PING, PING))
            file.seek(0)
            text = self.shown(file)
        self.assertTrue(text.endswith(f"\r\x1b[K[{'#' * 30}] 100 %  2 done, 0 failed, 0 under way\r\n"), text)

    def test_of_a_pipe(self):
        text = self.shown(subprocess.PIPE)
        self.assertTrue(text.endswith("\r\x1b[K2 done, 0 failed, 0 under way\r\n"), text)
        self.assertNotIn("%", text)


class DryRun(ProgramTest):
    """There is no server."""

    def test_the_bytes(self):
        result = run("send", "--dry-run", "originate", "Channel=Local/1", "Variable=a=1", "Variable=b", "ActionID=x",
                     password=None)
        self.assert_ended(result, 0, err="", out=b"Action: originate\r\nActionID: x\r\nChannel: Local/1\r\n"
                                                 b"Variable: a=1\r\nVariable: b\r\n\r\n")
        self.assert_ended(run("send", "--dry-run", "Ping"), 0, out=b"Action: Ping\r\n\r\n", err="")

    def test_what_would_be_refused(self):
        for arguments, why in ((["Orignate"], "did you mean Originate?"), (["Ping", "X=a\nb"], "LF"),
                               (["Queues"], "queue show"),
                               (["Originate", "Channel=x", "--until", "OriginateResponse"], "Async: true")):
            self.assert_ended(run("send", "--dry-run", *arguments), 2, out=b"", err=why)

    def test_of_stdin(self):
        result = run("send", "--dry-run", input=lines(PING, {"Action": "Queues"}, {"Action": "Hangup", "Channel": "x"}))
        self.assert_ended(result, 2, out=b"Action: Ping\r\n\r\nAction: Hangup\r\nChannel: x\r\n\r\n")
        self.assertTrue(result.stderr.startswith(b"ami: line 2: action Queues"), result.stderr)

    def test_a_signal_while_the_reader_is_slow(self):
        with tempfile.TemporaryFile() as file:
            file.write(lines(PING) * 20000)
            file.seek(0)
            reader, writer = os.pipe()
            self.addCleanup(os.close, reader)
            fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, 4096)  # far less than is to come
            with Running("send", "--dry-run", stdin=file, stdout=writer) as running:
                os.close(writer)
                os.read(reader, 1)
                running.signal(signal.SIGINT)
                self.assertEqual(running.process.wait(LIMIT), 130)

    def test_what_is_sent_is_the_same(self):
        arguments = ["SetVar", "Variable=x", "Value=1"]
        shown = run("send", "--dry-run", *arguments).stdout.split(b"\r\n")
        with Server() as server:
            run("send", "--url", server.url(), *arguments)
            sent = server.wait_for("setvar")
        self.assertEqual([line for line in sent if not line.startswith(b"ActionID")], shown[:-2])


if __name__ == "__main__":
    unittest.main()
