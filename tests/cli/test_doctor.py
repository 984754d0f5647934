"""`ami doctor`: each finding, on a server that has it."""

import json
import pathlib
import subprocess
import tempfile
import unittest

from program import Mock, ProgramTest, Running, refusing_port, run
from server import Server

COMMANDS = b"Response: Success\r\n{id}Ping: Keepalive command.  (Priv: <none>)\r\n\r\n"
SETTINGS = b"Response: Success\r\n{id}AsteriskVersion: %s\r\n\r\n"
NO = b"Response: Error\r\n{id}Message: Permission denied\r\n\r\n"


def openssl(*arguments, folder):
    subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)


def certificate(folder, end):
    """Of 127.0.0.1, until end (YYMMDDHHMMSSZ); as CERT:KEY."""
    (folder / "index").write_text("")
    (folder / "conf").write_text(
        "[ca]\ndefault_ca = me\n[me]\ndatabase = index\nnew_certs_dir = .\nrand_serial = yes\ndefault_md = sha256\n"
        "policy = any\nx509_extensions = here\n[any]\ncommonName = supplied\n[here]\nsubjectAltName = IP:127.0.0.1\n"
        "[req]\ndistinguished_name = name\n[name]\n")
    openssl("req", "-config", "conf", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=here", "-keyout", "key",
            "-out", "request", folder=folder)
    openssl("ca", "-config", "conf", "-batch", "-selfsign", "-keyfile", "key", "-in", "request", "-out", "cert",
            "-notext", "-startdate", "200101000000Z", "-enddate", end, folder=folder)
    return f"{folder / 'cert'}:{folder / 'key'}"


class DoctorTest(ProgramTest):
    def doctor(self, url, *arguments, seconds="0.05", code=0, err="", **more):
        """The findings as (level, text, advice) by subject."""
        result = run("doctor", "--json", "--for", seconds, "--url", url, *arguments, **more)
        self.assert_ended(result, code, err=err)
        found = {}
        for line in result.stdout.splitlines():
            finding = json.loads(line)
            found.setdefault(finding["subject"], []).append((finding["level"], finding["text"], finding["advice"]))
        return found

    def assert_found(self, found, subject, level, text, advice=None):
        told = [each for each in found[subject] if each[0] == level and text in each[1]]
        self.assertTrue(told, f"no {level} with {text!r} in {found[subject]}")
        if advice:
            self.assertIn(advice, told[0][2])


class AccountOfAll(DoctorTest):
    """The mock's admin."""

    @classmethod
    def setUpClass(cls):
        cls.mock = cls.enterClassContext(Mock("--user", "patient:secret:call:reporting:writetimeout=5000",
                                              "--user", "hasty:secret:all:all:writetimeout=100"))

    def test_findings(self):
        found = self.doctor(self.mock.url())
        self.assert_found(found, "connection", "right", "(127.0.0.1) is reached in")
        self.assert_found(found, "login", "right", "admin is logged in (Asterisk Call Manager/11.0.0)")
        self.assert_found(found, "tls", "right", "none is needed on this machine")
        self.assert_found(found, "rights", "risk", "command, system, originate", "alone")
        self.assert_found(found, "mask", "right", "the mask is on, of the read classes system,call,")
        self.assert_found(found, "settings", "right", f"it listens on 127.0.0.1:{self.mock.port}, for all who reach it")
        self.assert_found(found, "writetimeout", "risk", "100 ms, as none is set", "writetimeout = 5000")
        self.assert_found(found, "version", "right", "22.10.1, of which no flaw")
        self.assert_found(found, "round trip", "right", " ms (")
        self.assert_found(found, "events", "note", " a second, ")

    def test_the_least_account(self):
        found = self.doctor(self.mock.url("patient"))
        self.assert_found(found, "rights", "right", "none by which it owns the machine")
        self.assert_found(found, "settings", "note", "may not run commands")
        self.assert_found(found, "writetimeout", "note", "not to be seen")

    def test_write_timeouts(self):
        self.assert_found(self.doctor(self.mock.url("hasty")), "writetimeout", "risk", "100 ms. Asterisk cuts")
        with Mock("--user", "steady:secret:all:all:writetimeout=5000") as mock:
            self.assert_found(self.doctor(mock.url("steady")), "writetimeout", "right", "5000 ms")

    def test_masks(self):
        self.assert_found(self.doctor(self.mock.url(), "-o", "events=off"), "mask", "note", "the mask is off: no event")
        self.assert_found(self.doctor(self.mock.url("quiet")), "mask", "note", "no read class: no event comes")
        self.assert_found(self.doctor(self.mock.url(), "-o", "filter=!Event: VarSet"), "mask", "right",
                          "filtered by !Event: VarSet")

    def test_for_eyes(self):
        result = run("doctor", "--for", "0.05", "--url", self.mock.url())
        self.assert_ended(result, 0, err="")
        lines = result.stdout.decode().splitlines()
        self.assertRegex(lines[0], r"^right  connection   127\.0\.0\.1 port \d+ \(127\.0\.0\.1\) is reached in [\d.]+ ms")
        self.assertIn(" " * 20 + "-> set writetimeout = 5000 for the account in manager.conf", lines)
        self.assertRegex(lines[-1], r"^0 wrong, 2 risky, \d right$")

    def test_it_sees_events(self):
        with Mock("--scene", "storm 2000") as mock:
            for _ in range(20):  # on a machine that is busy, half a second can pass without one
                rate, _, words = self.doctor(mock.url(), seconds="0.5")["events"][0][1].partition(" ")
                if float(rate) > 0:
                    break
        self.assertGreater(float(rate), 0)
        self.assertRegex(words, r"^a second, \d+\.\d KiB/s, in 0\.5 s$")

    def test_nothing_is_changed(self):
        with Server({"listcommands": COMMANDS}) as server:
            self.doctor(server.url())
            server.wait_for_end()
            asked = {name for name, _ in server.actions}
        self.assertEqual(asked, {"challenge", "login", "listcommands", "coresettings", "ping", "logoff"})

    def test_a_signal(self):
        with Running("doctor", "--for", "1000", "--url", self.mock.url()) as running:
            self.assertTrue(any(" round trip " in line for line in iter(running.line, "")))
            running.signal(2)
            code, _, err = running.end()
        self.assertEqual((code, err), (130, b"ami: interrupted: the examination is not over\n"))


class NoConnection(DoctorTest):
    def test_refused(self):
        with refusing_port() as port:
            found = self.doctor(f"ami://x@127.0.0.1:{port}", code=3)
        self.assert_found(found, "connection", "wrong", "refused", "enabled, port and bindaddr")

    def test_no_such_name(self):
        found = self.doctor("ami://x@nosuch.invalid", code=3)
        self.assert_found(found, "connection", "wrong", "nosuch.invalid", "look at the name")

    def test_silence(self):
        with Server(banner=b"") as server:
            found = self.doctor(server.url(), "-o", "login.timeout_ms=50", code=5)
        self.assert_found(found, "login", "wrong", "", "whether it is the port")

    def test_not_ami(self):
        with Server(banner=b"SSH-2.0-OpenSSH_9.2p1\r\n") as server:
            self.assert_found(self.doctor(server.url(), code=3), "login", "wrong", "SSH server", "5038")

    def test_login(self):
        with Mock() as mock:
            found = self.doctor(mock.url(), code=4, password="wrong")
        self.assert_found(found, "login", "wrong", "Authentication failed", "permit, deny")

    def test_lost(self):
        with Server({"listcommands": None}) as server:
            result = run("doctor", "--url", server.url())
        self.assertEqual(result.returncode, 3, result)


class Answers(DoctorTest):
    """What a server says that is no mock."""

    def of(self, code=0, **answers):
        answers = {"listcommands": COMMANDS, "coresettings": NO, **answers}
        with Server(answers) as server:
            return self.doctor(server.url(), code=code)

    def test_advisories(self):
        three = ("33x6", "c4cg", "8857")
        for release, ids in ((b"18.20.0", three), (b"20.11.0", three[:1]), (b"20.11.1", ()), (b"19.7.1", three),
                             (b"16.28.0~dfsg-0+deb11u4", (*three, "AST-2022-009")), (b"16.6.1", ("AST-2019-007",)),
                             (b"1.8.11.0", ("AST-2012-004",)), (b"11.10.0", ("AST-2014-006",)), (b"22.1.0", three[:1]),
                             (b"22.1.1", ()), (b"23.0.0", ()), (b"1.6.2.17.2", ("AST-2011-006",))):
            found = self.of(coresettings=SETTINGS % release, code=7 if ids else 0)["version"]
            text = "\n".join(finding[1] for finding in found)
            for each in ids:
                self.assertIn(each, text, release)
            self.assertEqual({finding[0] for finding in found}, {"wrong"} if ids else {"right"}, release)
        for release, other in ((b"1.8.32.3", "AST-2014-006"), (b"19.7.1", "AST-2022-009"), (b"11.25.3", "AST-2019-007")):
            self.assertNotIn(other, str(self.of(coresettings=SETTINGS % release, code=7)["version"]))

    def test_versions_that_are_not_known(self):
        self.assert_found(self.of(), "version", "note", "needs the write class reporting")
        for release in (b"certified/18.9-cert13", b"GIT-master-1234"):
            self.assert_found(self.of(coresettings=SETTINGS % release), "version", "note", "no release whose flaws")

    def test_no_answer_to_a_ping(self):
        with Server({"listcommands": COMMANDS, "ping": b""}) as server:
            found = self.doctor(server.url(), "-o", "action.timeout_ms=2000", code=7)
        self.assert_found(found, "round trip", "wrong", "timed out", "core show threads")

    def test_everywhere(self):
        command = b"Command: Execute.  (Priv: command,all)\r\n\r\n"
        shown = (b"Response: Success\r\n{id}Message: Command output follows\r\n"
                 b"Output:   TCP Bindaddress:  0.0.0.0:5038\r\nOutput:   Web Manager (AMI/HTTP):    Yes  \r\nOutput:                ACL: no\r\n\r\n")
        found = self.of(listcommands=COMMANDS[:-2] + command, command=shown)
        self.assert_found(found, "settings", "risk", "every address (0.0.0.0:5038)", "permit")
        self.assert_found(found, "settings", "risk", "web server", "webenabled = no")


class Tls(DoctorTest):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))

    def of(self, end, *arguments, code=0):
        with Mock("--tls", certificate(self.folder, end)) as mock:
            return self.doctor(mock.url().replace("ami:", "amis:"), *arguments, code=code)

    def test_a_good_certificate(self):
        found = self.of("491231235959Z", "-o", f"tls.ca={self.folder / 'cert'}")
        self.assert_found(found, "tls", "right", "the certificate is good for ")

    def test_somebody_in_the_middle(self):
        found = self.of("491231235959Z", "-o", "tls.verify=none")
        self.assert_found(found, "tls", "risk", "tls.verify=none", "tls.pin")

    def test_a_certificate_that_has_ended(self):
        found = self.of("200201000000Z", "-o", "tls.verify=none", code=7)
        self.assert_found(found, "tls", "wrong", "the certificate ended ", "renew")
        found = self.of("200201000000Z", "-o", f"tls.ca={self.folder / 'cert'}", code=3)
        self.assert_found(found, "connection", "wrong", "expired on 2020-02-01", "tlscertfile")


class Use(DoctorTest):
    """The account that is printed can do what it is for."""

    USES = {"events": ("call", ["CoreStatus"], []), "queues": ("agent", [], ["QueuePause"]),
            "click-to-call": ("call", ["Command", "QueuePause"], ["Originate"]),
            "monitor": ("", ["Originate"], ["CoreShowChannels"])}

    def test_each(self):
        for use, (event_class, refused, allowed) in self.USES.items():
            result = run("doctor", "--for", "0.05", "--for-use", use, "--url", "ami://bob@127.0.0.1:1")
            lines = dict(line.split(" = ", 1) for line in result.stdout.decode().splitlines() if " = " in line)
            self.assertIn(b"\n[bob]\n", result.stdout)
            self.assertEqual(lines["writetimeout"], "5000")
            with Mock("--user", f"bob:secret:{lines.get('read', '')}:{lines.get('write', '')}") as mock:
                self.assertIn(event_class, lines.get("read", ""))
                level = "risk" if use == "click-to-call" else "right"
                self.assert_found(self.doctor(mock.url("bob")), "rights", level, "it may run")
                for name in refused + allowed:
                    sent = run("send", name, "--force", "--url", mock.url("bob"))
                    self.assertEqual(b"Permission denied" in sent.stdout, name in refused, (use, name, sent))

    def test_unknown(self):
        result = run("doctor", "--for-use", "everything", "--url", "ami://bob@127.0.0.1:1")
        self.assert_ended(result, 2, out=b"", err="events, click-to-call, queues, monitor")


if __name__ == "__main__":
    unittest.main()
