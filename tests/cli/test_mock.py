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
        for arguments in (["--port", "65536"], ["--port", "many"], ["--version", "0.9"], ["--scene", "nonsense"],
                          ["--user", "name"], ["--nonsense"]):
            result = run("mock", *arguments)
            self.assertEqual(result.returncode, 2, (arguments, result))
            self.assertIn(arguments[-1].encode(), result.stderr)

    def test_port_in_use(self):
        with Mock() as mock:
            result = run("mock", "--port", str(mock.port))
        self.assertEqual(result.returncode, 3, result)
        self.assertIn(str(mock.port).encode(), result.stderr)


if __name__ == "__main__":
    unittest.main()
