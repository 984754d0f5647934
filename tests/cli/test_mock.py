"""`ami mock`: the fake Asterisk as a program."""

import signal
import socket
import unittest

from program import LIMIT, Mock, ProgramTest, run


class MockProgram(ProgramTest):
    def test_listens_on_a_free_port(self):
        with Mock() as mock, socket.create_connection(("127.0.0.1", mock.port), LIMIT) as client:
            self.assertEqual(client.recv(64), b"Asterisk Call Manager/11.0.0\r\n")

    def test_version_and_users(self):
        with Mock("--version", "16", "--user", "wallboard:quiet:call") as mock:
            with socket.create_connection(("127.0.0.1", mock.port), LIMIT) as client:
                self.assertEqual(client.recv(64), b"Asterisk Call Manager/5.0.4\r\n")
            self.assert_ended(run("send", "Ping", "--url", mock.url("wallboard"), password="quiet"), 0, err="")

    def test_signals_end_it(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with Mock() as mock:
                mock.signal(number)
                self.assertEqual(mock.end()[0], 0)

    def test_wrong_usage(self):
        for arguments, allowed in ((["--port", "65536"], "0 to 65535"), (["--port", "many"], "0 to 65535"),
                                   (["--port", "1", "--port", "2"], "--port"), (["--port"], "--port"),
                                   (["--version", "0.9"], "22, 20, 18, 16, 13"), (["--version", ""], "22, 20"),
                                   (["--scene", "calls"], "call, queue, bridge"), (["--scene", ""], "call, queue"),
                                   (["--scene", "storm x"], "storm N"), (["--scene", "call twice"], "once"),
                                   (["--user", "name"], "NAME:SECRET"), (["--user", ":secret"], "NAME:SECRET"),
                                   (["--user", "a:b:calls"], "call,"), (["--user", "a:b:all:calls"], "call,"),
                                   (["--user", "a:b:all:all:loud"], "single"), (["--tls", "one"], '"one"'),
                                   (["--nonsense"], "--help"), (["--user", "a:b", "nonsense"], "--help")):
            result = run("mock", *arguments)
            self.assert_ended(result, 2, out=b"")
            self.assertTrue(result.stderr.startswith(b"ami mock: "), result)
            self.assertIn(allowed.encode(), result.stderr)
            self.assertIn(arguments[-1].partition(":")[0].encode(), result.stderr)

    def test_port_in_use(self):
        with Mock() as mock:
            result = run("mock", "--port", str(mock.port))
        self.assertEqual(result.returncode, 3, result)
        self.assertIn(str(mock.port).encode(), result.stderr)


if __name__ == "__main__":
    unittest.main()
