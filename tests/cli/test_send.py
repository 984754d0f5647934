"""`ami send`: replies in every form, and every exit code."""

import json
import signal
import unittest

from program import Mock, ProgramTest, Running, refusing_port, restored, run
from server import Server


def sent(url, *arguments, **more):
    return run("send", "--url", url, *arguments, **more)


class Replies(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.mock = cls.enterClassContext(Mock())

    def reply(self, *arguments, code=0, user="admin"):
        result = sent(self.mock.url(user), *arguments)
        self.assert_ended(result, code)
        self.assertEqual(result.stdout.count(b"\n"), 1, result.stdout)
        return json.loads(result.stdout)

    def test_success(self):
        reply = self.reply("Ping")
        self.assertEqual(list(reply), ["action", "status", "error", "fate", "response", "items", "end", "output"])
        self.assertEqual(reply["action"], "Ping")
        self.assertEqual((reply["status"], reply["error"], reply["fate"]), (0, None, "answered"))
        self.assertEqual((reply["items"], reply["end"], reply["output"]), ([], None, None))
        response = reply["response"]
        self.assertEqual((response["kind"], response["name"]), ("response", "Success"))
        self.assertEqual(response["fields"]["Ping"], "Pong")
        self.assertRegex(response["time"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        self.assertGreater(response["seq"], 0)

    def test_error(self):
        result = sent(self.mock.url(), "NoSuchAction", "--force")
        self.assert_ended(result, 1, err="ami: Asterisk answered NoSuchAction with an error (Invalid/unknown command")
        reply = json.loads(result.stdout)
        self.assertEqual((reply["error"], reply["fate"]), ("AMI_EREPLY", "answered"))
        self.assertLess(reply["status"], 0)
        self.assertEqual(reply["response"]["name"], "Error")

    def test_no_permission(self):
        result = sent(self.mock.url("reader"), "Originate", "Channel=Local/1")
        self.assert_ended(result, 1, err="(Permission denied)")

    def test_list(self):
        reply = self.reply("QueueStatus")
        self.assertEqual(reply["status"], 0)
        self.assertGreater(len(reply["items"]), 0)
        for item in reply["items"]:
            self.assertEqual(item["kind"], "listitem")
            self.assertIn("Queue", item["fields"])
        self.assertEqual(reply["end"]["name"], "QueueStatusComplete")

    def test_the_first_equals_sign_parts_key_and_value(self):
        with Server() as server:
            self.assert_ended(sent(server.url(), "Setvar", "Variable=a=1", "Value= = ", "Empty=", "Variable=b"), 0)
            lines = server.wait_for("setvar")
        for line in (b"Variable: a=1", b"Value:  = ", b"Empty: ", b"Variable: b"):
            self.assertIn(line, lines)
        self.assertLess(lines.index(b"Variable: a=1"), lines.index(b"Variable: b"))

    def test_bytes_of_any_kind_pass(self):
        with Server() as server:
            self.assert_ended(sent(server.url(), "UserEvent", "UserEvent=x", b"Name=caf\xe9 \xc3\xa9"), 0)
            self.assertIn(b"Name: caf\xe9 \xc3\xa9", server.wait_for("userevent"))

    def test_raw(self):
        result = sent(self.mock.url(), "QueueStatus", "--raw")
        self.assert_ended(result, 0, err="")
        blocks = result.stdout.split(b"\r\n\r\n")
        self.assertTrue(blocks[0].startswith(b"Response: Success\r\n"), blocks[0])
        self.assertTrue(blocks[1].startswith(b"Event: Queue"), blocks[1])
        self.assertTrue(blocks[-2].startswith(b"Event: QueueStatusComplete\r\n"), blocks[-2])
        self.assertEqual(blocks[-1], b"")

    def test_text(self):
        result = sent(self.mock.url(), "QueueStatus", "--text")
        self.assert_ended(result, 0, err="")
        lines = result.stdout.decode().splitlines()
        self.assertEqual(lines[0], "Success")
        self.assertRegex(lines[1], r"^  Message  Queue status will follow$")
        self.assertRegex(lines[2], r"^QueueParams +Queue=\S+ ")
        self.assertRegex(lines[-1], r"^QueueStatusComplete +ListItems=\d+$")
        self.assertNotIn("ActionID", result.stdout.decode())
        self.assertNotIn("\x1b", result.stdout.decode())

    def test_until(self):
        reply = self.reply("Originate", "Channel=Local/100@demo", "Application=Wait", "Data=1", "Async=true",
                           "--until", "OriginateResponse", code=0)
        self.assertEqual(reply["end"]["name"], "OriginateResponse")
        self.assertEqual(reply["end"]["fields"]["Response"], "Success")

    def test_server_of_the_environment_and_options_before_the_verb(self):
        self.assert_ended(run("send", "Ping", extra={"AMI_URL": self.mock.url()}), 0, err="")
        self.assert_ended(run("--url", self.mock.url(), "-o", "auth=plain", "send", "Ping"), 0, err="")
        # What stands behind the verb holds.
        self.assert_ended(run("--url", "ami://admin@127.0.0.1:1", "send", "Ping", "--url", self.mock.url()), 0)


class OddReplies(ProgramTest):
    def test_bytes_that_are_no_text_can_be_restored(self):
        value = b"caf\xe9 \xc3\xa9 \xf0\x9f\x93\x9e \xed\xa0\x80 \x00\x1b[31m \xee\xbe\x80 \"\\ \xff"
        answer = b"Response: Success\r\n{id}K\xe9y: " + value + b"\r\n\r\n"
        with Server({"odd": answer}) as server:
            result = sent(server.url(), "Odd", "--force")
        self.assert_ended(result, 0, err="")
        result.stdout.decode("utf-8")  # valid throughout
        fields = json.loads(result.stdout)["response"]["fields"]
        self.assertIn(value, {restored(key): restored(text) for key, text in fields.items()}[b"K\xe9y"], fields)
        self.assertIn("\u00e9 \U0001f4de", json.dumps(fields, ensure_ascii=False))

    def test_repeats_and_their_order(self):
        answer = (b"Response: Success\r\n{id}Rule: a\r\nRule: b\r\nList: x\r\nno colon\r\n\r\n",
                  b"Response: Success\r\n{id}List: x\r\nRule: a\r\nList: y\r\nRule: b\r\n\r\n")
        with Server({"near": answer[0], "far": answer[1]}) as server:
            near = json.loads(sent(server.url(), "Near", "--force").stdout)["response"]
            far = json.loads(sent(server.url(), "Far", "--force").stdout)["response"]
        self.assertEqual(near["fields"]["Rule"], ["a", "b"])
        self.assertEqual(near["fields"][""], "no colon")
        self.assertEqual(list(near["fields"]), ["Response", "ActionID", "Rule", "List", ""])
        self.assertNotIn("order", near)
        self.assertEqual((far["fields"]["List"], far["fields"]["Rule"]), (["x", "y"], ["a", "b"]))
        self.assertEqual(far["order"], ["Response", "ActionID", "List", "Rule", "List", "Rule"])


class FailedCall(ProgramTest):
    """The event that --until waits for tells of the outcome by its own header Response."""

    ARGUMENTS = ("Originate", "Channel=Local/103@test", "Application=Wait", "Data=1", "Async=true",
                 "--until", "OriginateResponse")

    @classmethod
    def setUpClass(cls):
        cls.mock = cls.enterClassContext(Mock())

    def test_reason(self):
        result = sent(self.mock.url(), *self.ARGUMENTS)
        self.assert_ended(result, 1, err="ami: Asterisk answered Originate with an error (OriginateResponse: reason ")
        self.assertEqual(json.loads(result.stdout)["end"]["fields"]["Response"], "Failure")

    def test_text(self):
        result = sent(self.mock.url(), *self.ARGUMENTS, "--text")
        self.assertEqual(result.stdout.splitlines()[0], b"Success")
        self.assertRegex(result.stdout.decode().splitlines()[-1], r"^OriginateResponse +Response=Failure ")


class ExitCodes(ProgramTest):
    """0, 1 and 2 are above and in test_usage.py."""

    def test_3_refused_connection(self):
        with refusing_port() as port:
            result = sent(f"ami://admin@127.0.0.1:{port}", "Ping")
        self.assert_ended(result, 3, out=b"", err=f"127.0.0.1:{port}")

    def test_3_unknown_host(self):
        self.assert_ended(sent("ami://admin@host.invalid", "Ping"), 3, out=b"", err="host.invalid")

    def test_3_no_ami(self):
        with Server(banner=b"SSH-2.0-OpenSSH_9.2\r\n") as server:
            self.assert_ended(sent(server.url(), "Ping"), 3, out=b"", err="SSH")

    def test_3_lost_on_the_way(self):
        with Server({"ping": None}) as server:
            result = sent(server.url(), "Ping")
        self.assert_ended(result, 3, err="Ping was sent, and Asterisk may have run it")
        reply = json.loads(result.stdout)
        self.assertEqual((reply["error"], reply["fate"], reply["response"]), ("AMI_ELOST", "maybe_run", None))

    def test_4_login(self):
        with Mock() as mock:
            self.assert_ended(sent(mock.url(), "Ping", password="wrong"), 4, out=b"", err="Authentication failed")
            self.assert_ended(sent(mock.url("nobody"), "Ping"), 4, out=b"", err="Authentication failed")

    def test_4_filter(self):
        refusal = b"Response: Error\r\n{id}Message: Filter did not compile\r\n\r\n"
        with Server({"filter": refusal}) as server:
            result = sent(server.url(), "Ping", "-o", "filter=(")
        self.assert_ended(result, 4, out=b"", err="Filter did not compile")

    def test_5_silent_server(self):
        with Server(banner=b"") as server:
            self.assert_ended(sent(server.url(), "Ping", "-o", "login.timeout_ms=200"), 5, out=b"", err="200")

    def test_5_slow_action(self):
        with Server({"ping": b""}) as server:
            result = sent(server.url(), "Ping", "--timeout", "200")
        self.assert_ended(result, 5, err="(AMI_ETIMEDOUT): Ping was sent, and Asterisk may have run it")
        reply = json.loads(result.stdout)
        self.assertEqual((reply["error"], reply["fate"]), ("AMI_ETIMEDOUT", "maybe_run"))

    def test_6_full_disk(self):
        with Mock() as mock, open("/dev/full", "wb") as full:
            with Running("send", "Ping", "--url", mock.url(), stdout=full) as running:
                code, _, err = running.end()
        self.assertEqual(code, 6)
        self.assertIn(b"(No space left on device)", err)

    def test_130_and_143_signals(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with Server({"ping": b""}) as server, Running("send", "Ping", "--url", server.url()) as running:
                server.wait_for("ping")
                running.signal(number)
                code, out, err = running.end()
            self.assertEqual((code, out), (128 + number, b""))
            self.assertIn(b"interrupted", err)

    def test_signal_while_connecting(self):
        with Server(banner=b"") as server:
            with Running("send", "Ping", "--url", server.url()) as running:
                server.wait_for_connection()
                running.signal(signal.SIGINT)
                code, out, err = running.end()
        self.assertEqual((code, out), (130, b""))
        self.assertIn(b"nothing was sent", err)

    def test_logs_off(self):
        with Server() as server:
            self.assert_ended(sent(server.url(), "Ping"), 0)
            server.wait_for("logoff")


if __name__ == "__main__":
    unittest.main()
