"""The configuration file: profiles, what goes before what, and secrets."""

import json
import os
import pathlib
import signal
import tempfile
import unittest

from program import LIMIT, Mock, ProgramTest, Running, run
from server import Server

NOWHERE = "ami://nobody@nowhere.invalid"


class ProfileTest(ProgramTest):
    @classmethod
    def setUpClass(cls):
        cls.mock = cls.enterClassContext(Mock())

    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.file = self.folder / "ami" / "config"
        self.file.parent.mkdir()

    def configure(self, text, mode=0o600):
        self.file.write_text(text.replace("URL", self.mock.url()))
        self.file.chmod(mode)

    def ami(self, *arguments, extra=None, password=None):
        return run(*arguments, password=password, extra={"XDG_CONFIG_HOME": str(self.folder), **(extra or {})})

    def label(self, *arguments, **more):
        """What the server of a Ping is called."""
        result = self.ami(*arguments, "send", "Ping", **more)
        self.assert_ended(result, 0, err="")
        return json.loads(result.stdout)["response"].get("label", "")

    def assert_refused(self, *texts, arguments=("ping", "-p", "office"), **more):
        result = self.ami(*arguments, **more)
        self.assert_ended(result, 2, out=b"")
        self.assertEqual(result.stderr.count(b"\n"), 1, result.stderr)
        for text in texts:
            self.assertIn(text, result.stderr.decode())


class Chosen(ProfileTest):
    PROFILES = "".join(f"[{name}]\nurl = URL\nidentifier = {name}\npassword = secret\n"
                       for name in ("default", "office", "lab"))

    def test_precedence(self):
        self.configure(self.PROFILES)
        url = self.mock.url()
        lab = {"AMI_PROFILE": "lab"}
        self.assertEqual(self.label(), "default")
        self.assertEqual(self.label(extra=lab), "lab")
        self.assertEqual(self.label(extra={**lab, "AMI_URL": url}, password="secret"), "")
        self.assertEqual(self.label("--url", url, extra=lab, password="secret"), "")
        self.assertEqual(self.label("-o", f"port={self.mock.port}", "-o", "host=127.0.0.1", "-o", "username=admin",
                                    extra=lab, password="secret"), "")
        self.assertEqual(self.label("-p", "office", extra={**lab, "AMI_URL": NOWHERE}), "office")

    def test_the_command_line_goes_before_the_profile(self):
        self.configure(self.PROFILES + "[far]\nurl = " + NOWHERE + "\nidentifier = far\npassword = secret\n")
        self.assertEqual(self.label("-p", "far", "--url", self.mock.url()), "far")
        self.assertEqual(self.label("-p", "office", "-o", "identifier=mine"), "mine")

    def test_before_and_behind_the_verb(self):
        self.configure(self.PROFILES)
        for arguments in (("-p", "office", "send", "Ping"), ("send", "Ping", "--profile", "office")):
            self.assertIn(b'"label":"office"', self.ami(*arguments).stdout)

    def test_in_the_home(self):
        (self.folder / ".config").symlink_to(self.folder)
        self.configure(self.PROFILES)
        for folder in ("", "relative"):
            self.assertEqual(self.label(extra={"HOME": str(self.folder), "XDG_CONFIG_HOME": folder}), "default")

    def test_options_of_every_kind(self):
        self.configure("# ours\n[office]\nhost = 127.0.0.1 ; near\nport: %d\n\nUsername = admin\nPassword = secret\n"
                       "reconnect.max_ms = 5\nidentifier=office\n" % self.mock.port)
        self.assertEqual(self.label("-p", "office"), "office")

    def test_several_are_one_stream(self):
        self.configure(self.PROFILES)
        with Running("events", "-p", "office", "-p", "lab", "ready", password=None,
                     extra={"XDG_CONFIG_HOME": str(self.folder)}) as running:
            labels = {running.message("ready")["label"] for _ in range(2)}
        self.assertEqual(labels, {"office", "lab"})


class Secrets(ProfileTest):
    """The password of a profile; that of the environment is for other servers."""

    def assert_known(self, lines):
        self.configure("[office]\nurl = URL\n" + lines)
        self.label("-p", "office", password="wrong")

    def test_file(self):
        (self.folder / "ami" / "secret").write_text("secret\n")
        for name in (self.folder / "ami" / "secret", "secret", "~/ami/secret"):
            self.configure(f"[office]\nurl = URL\npassword-file = {name}\n", mode=0o644)
            self.label("-p", "office", password="wrong", extra={"HOME": str(self.folder)})

    def test_command(self):
        self.assert_known("password-command = printf 'secret\\nuser: admin\\n'\n")
        self.assert_known('password-command = read line || echo "secr$(echo et)" # no input of ours\n')
        self.assert_known("password-command = echo secret && seq 100000\n")
        self.assert_known("password-command = yes secret | head -n 1\n")

    def test_own_password_goes_first(self):
        self.configure("[office]\nurl = " + self.mock.url().replace("@", ":secret@") + "\npassword-command = exit 1\n")
        self.label("-p", "office")

    def test_the_command_line_goes_before(self):
        self.configure("[office]\nurl = URL\npassword-command = exit 1\n")
        (self.folder / "given").write_text("secret")
        self.label("-p", "office", "--password-file", str(self.folder / "given"))

    def test_environment_where_the_profile_has_none(self):
        self.configure("[office]\nurl = URL\n", mode=0o644)
        self.label("-p", "office", password="secret")

    def test_command_that_fails(self):
        for command, text in (("exit 3", "exit code 3"), ("kill -9 $$", "signal 9"), ("true", "no password"),
                              ("echo; echo secret", "no password"), ("echo secret; exit 1", "exit code 1")):
            self.configure(f"[office]\nurl = URL\npassword-command = {command}\n")
            self.assert_refused(f"{self.file}:3: ", text)

    def test_command_that_hangs_is_left_at_a_signal(self):
        for begin in ("", "echo secret; "):
            self.configure(f"[office]\nurl = URL\npassword-command = {begin}echo begun >&2; exec sleep 1000\n")
            with Running("ping", "-p", "office", password=None, start_new_session=True,
                         extra={"XDG_CONFIG_HOME": str(self.folder)}) as running:
                self.assertEqual(running.process.stderr.readline(), b"begun\n")
                running.signal(signal.SIGTERM)
                self.assertEqual(running.process.wait(LIMIT), 143)
                os.killpg(running.process.pid, signal.SIGKILL)

    def test_others_may_not_read_a_password(self):
        for line in ("password = secret", "url = ami://admin:secret@127.0.0.1", "url = ami://x@y?password=secret"):
            self.configure(f"[office]\nurl = URL\n{line}\n", mode=0o640)
            self.assert_refused(f"({self.file})", f"chmod 600 {self.file}")

    def test_others_may_not_write_a_command(self):
        self.configure("[office]\nurl = URL\npassword-command = echo secret\n", mode=0o620)
        self.assert_refused(f"({self.file})", "chmod 600")

    def test_never_on_a_command_line(self):
        self.configure("[office]\nurl = URL\npassword-command = echo secret\n")
        with Running("events", "-p", "office", password=None, extra={"XDG_CONFIG_HOME": str(self.folder)}) as running:
            running.message("ready")
            seen = pathlib.Path(f"/proc/{running.process.pid}/cmdline").read_bytes()
        self.assertIn(b"office", seen)
        self.assertNotIn(b"secret", seen)


class Refused(ProfileTest):
    def assert_refused_file(self, text, *texts):
        self.configure(text)
        with Server() as server:
            self.assert_refused(*texts, arguments=("ping", "-p", "office", "--url", server.url()))
            self.assertEqual(server.accepted, 0)

    def test_no_such_profile(self):
        self.configure("[lab]\nurl = URL\n[hall]\nurl = URL\n")
        self.assert_refused("(office)", str(self.file), "lab, hall")
        self.assert_refused("(office)", extra={"AMI_PROFILE": "office"}, arguments=("ping",))

    def test_no_file(self):
        self.assert_refused("(office)", str(self.file), "ami --help")
        self.assert_refused("--url", "AMI_URL", str(self.file), arguments=("ping",))

    def test_a_folder(self):
        self.file.mkdir()
        self.assert_refused(str(self.file), "Is a directory")

    def test_no_url(self):
        self.configure("[office]\nusername = admin\n")
        self.assert_refused("office", str(self.file), "url = ami://")

    def test_lines(self):
        for text, line, word in (("[office]\nurl\n", 2, "NAME = VALUE"), ("[office\n", 1, "[PROFILE]"),
                                 ("\nurl = x\n", 2, "(url)"), ("[lab]\nurl =\n", 2, "(url)"),
                                 ("[office]\nrecconect = 1\n", 2, "recconect"),
                                 ("[office]\nreconnect = perhaps\n", 2, "perhaps"),
                                 ("[office]\ntls.verify = no\n", 2, "full, ca or none"),
                                 ("[office]\nidentifier = " + "x" * 200, 2, "longer than")):
            self.assert_refused_file(text, f"{self.file}:{line}: ", word)

    def test_a_bad_url(self):
        self.configure("[office]\nurl = http://pbx\n")
        self.assert_refused(f"{self.file}:2: ", "ami://")

    def test_no_secret_is_shown(self):
        self.configure("[office]\npassword secret\n")
        result = self.ami("ping", "-p", "office")
        self.assert_ended(result, 2, err=f"{self.file}:2: ")
        self.assertNotIn(b"secret", result.stderr)


if __name__ == "__main__":
    unittest.main()
