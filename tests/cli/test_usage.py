"""Help, versions, and what is refused before anything is sent."""

import unittest
from urllib.parse import quote

from program import ProgramTest, run
from server import Server

VERBS = ("events", "send", "command", "mock")


class Help(ProgramTest):
    def test_version(self):
        result = run("--version")
        self.assert_ended(result, 0, err="")
        self.assertRegex(result.stdout.decode(), r"\Aami \d+\.\d+\.\d+\n\Z")

    def test_help_shows_an_example_of_each_verb_and_the_exit_codes(self):
        result = run("--help")
        self.assert_ended(result, 0, err="")
        for verb in VERBS:
            self.assertIn(f"  ami {verb} ", result.stdout.decode())
        for text in ("0 done", "1 Asterisk", "2 wrong", "3 no conn", "4 no login", "5 time-out"):
            self.assertIn(text, result.stdout.decode())

    def test_help_of_a_verb_has_examples_and_the_server_options(self):
        for verb in VERBS[:3]:
            result = run(verb, "--help")
            self.assert_ended(result, 0, err="")
            for text in (f"  ami {verb} ", "--url", "--password-file", "-o ", "--json", "--raw"):
                self.assertIn(text, result.stdout.decode(), verb)

    def test_help_fits_a_terminal(self):
        for arguments in (["--help"], *([verb, "--help"] for verb in VERBS)):
            for line in run(*arguments).stdout.decode().splitlines():
                self.assertLessEqual(len(line), 90, line)

    def test_help_of_the_mock(self):
        result = run("mock", "--help")
        self.assert_ended(result, 0, err="")
        for text in ("  ami mock ", "--port", "--user", "--tls", "--version", "--scene"):
            self.assertIn(text, result.stdout.decode())


class Refused(ProgramTest):
    def assert_usage(self, arguments, *texts, **more):
        result = run(*arguments, **more)
        self.assert_ended(result, 2, out=b"")
        err = result.stderr.decode()
        self.assertTrue(err.startswith("ami: "), err)
        for text in texts:
            self.assertIn(text, err)
        return err

    def test_no_verb_and_unknown_verb_list_the_verbs(self):
        self.assert_usage([], *VERBS)
        self.assert_usage(["sned", "Ping"], "(sned)", *VERBS)
        self.assert_usage(["--url", "ami://admin@localhost", "sned"], "(sned)", *VERBS)

    def test_unknown_option(self):
        self.assert_usage(["--colour", "events"], "(--colour)", "--help")
        self.assert_usage(["events", "--colour"], "--colour", "--help")

    def test_missing_arguments(self):
        self.assert_usage(["list"], "ACTION", "ami list --help")
        self.assert_usage(["command"], "WORDS", "ami command --help")

    def test_numbers(self):
        for arguments in (["events", "--count", "0"], ["events", "--count", "many"], ["events", "--for", "-1"],
                          ["send", "Ping", "--timeout", "-1"], ["send", "Ping", "--timeout", "soon"]):
            self.assert_usage(arguments, arguments[-2], arguments[-1])

    def test_two_formats(self):
        self.assert_usage(["events", "--json", "--raw"], "--json", "--raw", "exclude")

    def test_no_server(self):
        self.assert_usage(["events"], "--url", "AMI_URL")

    def test_no_password(self):
        self.assert_usage(["send", "Ping", "--url", "ami://admin@127.0.0.1"], "admin@127.0.0.1", "AMI_PASSWORD",
                          "--password-file", password=None)

    def test_library_options(self):
        url = ["--url", "ami://admin@127.0.0.1"]
        self.assert_usage(["events", *url, "-o", "recconect=1"], "recconect", "reconnect")
        self.assert_usage(["events", *url, "-o", "reconnect=perhaps"], "reconnect", "perhaps")
        self.assert_usage(["events", *url, "-o", "reconnect"], "(reconnect)", "NAME=VALUE")
        self.assert_usage(["events", *url, "-o", "=1"], "(=1)", "NAME=VALUE")
        self.assert_usage(["events", *url, "-o", f"url={url[1]}"], "--url")

    def test_urls(self):
        self.assert_usage(["events", "--url", "http://admin@localhost"], "ami://")
        self.assert_usage(["events", "--url", "ami://admin@localhost:0"], "port", "65535")
        self.assert_usage(["events", "--url", "ami://admin@localhost:70000"], "port", "70000")


class RefusedFields(ProgramTest):
    """Nothing is sent: there is not even a connection."""

    def assert_refused(self, arguments, *texts):
        with Server() as server:
            result = run("send", "--url", server.url(), *arguments)
            self.assert_ended(result, 2, out=b"")
            for text in texts:
                self.assertIn(text, result.stderr.decode())
            self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)
            self.assertEqual(server.accepted, 0)

    def test_no_equals_sign(self):
        self.assert_refused(["Originate", "Channel"], "(Channel)", "Key=Value")

    def test_empty_key(self):
        self.assert_refused(["Originate", "=PJSIP/100"], "(=PJSIP/100)", "Key=Value")

    def test_line_ends(self):
        self.assert_refused(["Originate", "Channel=PJSIP/1\r\nAction: Command"], "PJSIP/1\\x0d\\x0aAction: Command")
        self.assert_refused(["Originate", "Channel=one\ntwo"], "one\\x0atwo")
        self.assert_refused(["Originate", "Chan\rnel=one"], "Chan\\x0dnel")

    def test_keys_that_would_break_out(self):
        self.assert_refused(["Originate", "Chan:nel=x"], "Chan:nel")
        self.assert_refused(["Originate", "Chan nel=x"], "Chan nel")

    def test_names_that_would_break_out(self):
        self.assert_refused(["Ping\r\nAction: Logoff"], "Ping\\x0d\\x0aAction: Logoff")
        self.assert_refused([""], "name")

    def test_too_long(self):
        self.assert_refused(["UserEvent", "x=" + "y" * 1022], "1022")
        self.assert_refused(["UserEvent", *(f"k{i}=v" for i in range(128))], "128")

    def test_of_other_verbs(self):
        """Each place where a verb puts text into an action or into an option."""
        places = [["command"], ["command", "core"], ["list"], ["list", "channels", "X="], ["originate"],
                  ["originate", "Local/1@x", "--app"], ["originate", "Local/1@x", "--app", "Wait", "--data"],
                  ["originate", "Local/1@x", "--app", "Wait", "--var", "a="], ["events", "-o", "filter="],
                  ["events", "-o", "identifier="], ["ping", "-o", "username="]]
        with Server() as server:
            for verb, *before in places:
                for text in ("evil\nAction: Logoff", "y" * 2000):
                    if before and before[-1].endswith("="):
                        given = [*before[:-1], before[-1] + text]
                    else:
                        given = [*before, text]
                    more = ["--app", "Wait"] if [verb, *before] == ["originate"] else []
                    with self.subTest((verb, *before, text[:4])):
                        result = run(verb, "--url", server.url(), *given, *more)
                        self.assert_ended(result, 2, out=b"")
                        self.assertRegex(result.stderr.decode(), "holds LF|hold CR, LF|has 20.. bytes|not allowed")
                        self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)
            self.assertEqual(server.accepted, 0)

    def test_what_no_asterisk_has(self):
        self.assert_refused(["Orignate"], "(Orignate)", "did you mean Originate?", "--force")
        self.assert_refused(["Wombat"], "(Wombat)", "--force")
        self.assert_refused(["originate", "Chanel=x"], "(Chanel)", "did you mean Channel?", "--force")
        self.assert_refused(["Redirect", "channel=x", "exten=1", "PRIORITY=1"], "(Context)", "--force")

    def test_what_asterisk_has_in_any_case(self):
        for arguments in (["PING"], ["originate", "channel=x", "Chanel=y", "--force"], ["Wombat", "--force"],
                          ["UserEvent", "UserEvent=x", "Header2=y"], ["Hangup", "Channel=x", "Own=y"]):
            with Server() as server:
                self.assert_ended(run("send", "--url", server.url(), *arguments), 0, err="")
                server.wait_for(arguments[0].lower())

    def test_bad_action_id(self):
        self.assert_refused(["Ping", "ActionID=" + "x" * 65], "64")

    def test_until(self):
        self.assert_refused(["Ping", "--until", "UserEvent"], "UserEvent")

    def test_until_that_cannot_come(self):
        with Server() as server:
            result = run("send", "--url", server.url(), "Originate", "Channel=x", "--until", "OriginateResponse")
            self.assert_ended(result, 2, out=b"", err="Async")
            server.wait_for_end()
            self.assertEqual([name for name, _ in server.actions], ["challenge", "login"])


class RefusedTexts(ProgramTest):
    """What would be a line of its own on the wire, wherever the program takes text: there is not even a connection."""

    BREAKS = ("x\rAction: Logoff", "x\nAction: Logoff", "x\r\n\r\nAction: Logoff", "\n", "x\r")

    def assert_refused(self, make, **more):
        """make: the arguments for a server and a text."""
        with Server() as server:
            for text in self.BREAKS:
                result = run(*make(server, text), **more)
                self.assert_ended(result, 2, out=b"")
                self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)
                self.assertNotIn(b"\r", result.stderr)
            self.assertEqual(server.accepted, 0)

    def test_options(self):
        for option in ("username", "password", "filter", "events", "identifier", "host"):
            self.assert_refused(lambda server, text, name=option: (
                "send", "--url", server.url(), "-o", f"{name}={text}", "Ping"))

    def test_parts_of_a_url(self):
        for user, query in (("{}", ""), ("joe:{}", ""), ("joe:x", "?filter={}"), ("joe:x", "?username={}"),
                            ("joe:x", "?identifier={}"), ("joe:x", "?password={}")):
            for encode in (quote, str):
                self.assert_refused(lambda server, text, user=user, query=query, encode=encode: (
                    "send", "Ping", "--url", f"ami://{user}@127.0.0.1:{server.port}{query}".format(encode(text))))

    def test_password(self):
        with Server() as server:
            for text in self.BREAKS:
                result = run("send", "Ping", "--url", server.url(), password=text)
                self.assert_ended(result, 2, out=b"")
                self.assertNotIn(b"Logoff", result.stderr)
            self.assertEqual(server.accepted, 0)

    def test_words_and_fields(self):
        self.assert_refused(lambda server, text: ("command", "--url", server.url(), "core", text))
        for field in ("UserEvent={}", "Variable=a={}", "ActionID={}", "Secret={}", "{}=x"):
            self.assert_refused(lambda server, text, field=field: (
                "send", "--url", server.url(), "UserEvent", field.format(text)))
        self.assert_refused(lambda server, text: ("send", "--url", server.url(), "Event" + text))

    def test_lists(self):
        self.assert_refused(lambda server, text: ("list", "--url", server.url(), "Queue" + text))
        for field in ("Queue={}", "{}=x"):
            self.assert_refused(lambda server, text, field=field: (
                "list", "--url", server.url(), "QueueStatus", field.format(text)))

    def test_calls(self):
        self.assert_refused(lambda server, text: ("originate", "--url", server.url(), text, "--exten", "1"))
        for option in ("--context", "--priority", "--caller-id", "--var"):
            self.assert_refused(lambda server, text, option=option: (
                "originate", "--url", server.url(), "Local/1", "--exten", "1", f"{option}=a={text}"))
        for option in ("--exten", "--app", "--data"):
            self.assert_refused(lambda server, text, option=option: (
                "originate", "--url", server.url(), "Local/1", f"{option}={text}",
                *(("--app", "x") if option == "--data" else ())))


if __name__ == "__main__":
    unittest.main()
