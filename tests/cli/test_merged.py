"""`ami events` with several servers: one stream."""

import json
import unittest

from program import ProgramTest, Running, run
from server import Server

HELLO = b"Event: Hello\r\nFrom: %s\r\n\r\n"


class Merged(ProgramTest):
    def setUp(self):
        self.one = self.enterContext(Server())
        self.two = self.enterContext(Server())

    def ready(self, *urls, **more):
        arguments = [argument for url in urls for argument in ("--url", url)]
        running = self.enterContext(Running("events", *arguments, **more))
        for _ in urls:
            running.message("ready")
        return running

    def test_each_line_has_its_label(self):
        running = self.ready(self.one.url(), self.two.url())
        for server in (self.one, self.two, self.one):
            server.push(HELLO % str(server.port).encode())
            message = running.message("Hello")
            self.assertEqual(message["label"], f"127.0.0.1:{server.port}")
            self.assertEqual(message["fields"]["From"], str(server.port))

    def test_own_labels(self):
        running = self.ready(self.one.url() + "?identifier=office", self.two.url() + "?identifier=shop")
        self.two.push(HELLO % b"2")
        self.assertEqual(running.message("Hello")["label"], "shop")

    def test_one_goes_on_without_the_other(self):
        running = self.ready(self.one.url() + "?reconnect=60000", self.two.url())
        self.one.drop()
        self.assertEqual(running.message("connection-close")["label"], f"127.0.0.1:{self.one.port}")
        self.two.push(HELLO % b"2")
        running.message("Hello")

    def test_the_first_login_of_each_must_succeed(self):
        with Server({"login": b"Response: Error\r\n{id}Message: Authentication failed\r\n\r\n"}) as refusing:
            result = run("events", "--url", self.one.url(), "--url", refusing.url())
        self.assert_ended(result, 4, err="Authentication failed")

    def test_count_is_of_all(self):
        arguments = ["--url", self.one.url(), "--url", self.two.url(), "--count", "2"]
        with Running("events", *arguments) as running:
            for _ in range(2):
                running.message("ready")
            self.one.push(HELLO % b"1")
            running.message("Hello")
            self.two.push(HELLO % b"2")
            running.message("Hello")
            self.assertEqual(running.end()[0], 0)
        for server in (self.one, self.two):
            server.wait_for("logoff")


if __name__ == "__main__":
    unittest.main()
