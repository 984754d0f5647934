"""bench_client as an outside harness meets it: what it counts, what it refuses, and that it always ends."""

import json
import os
import pathlib
import socketserver
import subprocess
import threading
import unittest

from bench import HERE, Server
from corpus import Corpus

PROGRAMS = pathlib.Path(os.environ["BENCH_PROGRAMS"])
RECORDINGS = HERE.parent / "transcripts" / "22"
DELIVERIES = "loop", "thread", "queue"
LIMIT = 60  # seconds until something hangs


def client(port, *arguments):
    return subprocess.run([PROGRAMS / "bench_client", "127.0.0.1", str(port), *arguments], capture_output=True, text=True,
                          timeout=LIMIT)


class Faulty(socketserver.StreamRequestHandler):
    """A server that lets in, unless its fault is "login", and then refuses what is asked, or cuts in mid-flood."""

    def handle(self):
        self.say("Asterisk Call Manager/9.0.0\r\n")
        while action := self.read_action():
            if action["Action"] == "Challenge":
                self.answer(action, "Success", "Challenge: 1\r\n")
            elif action["Action"] == "Login" and self.server.fault != "login":
                self.answer(action, "Success")
                self.say("Event: FullyBooted\r\nPrivilege: system,all\r\n\r\n")
            elif action["Action"] != "Logoff" and self.server.fault == "cut":
                self.answer(action, "Success", "EventList: start\r\n")
                self.say("Event: One\r\nUniqueid: 1.1\r\n\r\n" * 1000 + "Event: Two\r\nUniq")
                return
            else:
                self.answer(action, "Error")

    def read_action(self):
        lines = iter(lambda: self.rfile.readline().decode().rstrip("\r\n"), "")
        return dict(line.split(": ", 1) for line in lines)

    def answer(self, action, how, more=""):
        self.say(f"Response: {how}\r\nActionID: {action['ActionID']}\r\nMessage: so it is\r\n{more}\r\n")

    def say(self, text):
        self.wfile.write(text.encode())


class Ends(unittest.TestCase):
    def serve(self, fault):
        server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Faulty)
        server.daemon_threads = True
        server.fault = fault
        threading.Thread(target=server.serve_forever, args=(0.01,)).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server.server_address[1]

    def fails(self, fault, arguments, message):
        port = self.serve(fault)
        for delivery in DELIVERIES:
            with self.subTest(f"{fault}: {arguments}, {delivery}"):
                done = client(port, *arguments.split(), "--delivery", delivery)
                self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
                self.assertRegex(done.stderr, f"^bench_client: .*{message}")

    def test_a_server_that_cuts(self):
        for arguments in "flood 5000", "verify 5000", "paced 5000", "ping 1000 10", "list 1 5":
            self.fails("cut", arguments, "")

    def test_a_server_that_refuses(self):
        for arguments in "flood 5000", "paced 5000":
            self.fails("refuse", arguments, "UserEvent: .*so it is")
        self.fails("refuse", "ping 10 2", "Ping")
        self.fails("refuse", "list 1 5", "CoreShowChannels")

    def test_a_server_that_lets_nobody_in(self):
        self.fails("login", "flood 5000", "connection lost: ")


class Usage(unittest.TestCase):
    def test_what_it_does_not_understand(self):
        for arguments in ("", "flood", "nosuch 1", "ping", "ping 5", "ping 0 1", "ping 10 0", "ping abc 1", "ping 1x 1",
                          "ping 1 1 1", "list 0 5", "list 1", "list 1 -1", "build 0", "idle 1", "flood 1 --delivery",
                          "flood 1 --delivery pigeon", "flood 1 --nosuch 1", "flood 1 --set host", "flood 1 --globs x",
                          "flood 1 --connections 0", "ping 1 1 --connections 2",
                          "flood 1 --connections 2 --delivery thread"):
            with self.subTest(arguments):
                done = client(1, *arguments.split())
                self.assertEqual((done.returncode, done.stdout), (2, ""))
                self.assertRegex(done.stderr, "^usage: bench_client ")


class Counts(unittest.TestCase):
    def setUp(self):
        server = Server(PROGRAMS, RECORDINGS)
        self.addCleanup(server.end)
        self.port = server.port

    def each_way(self, arguments):
        for delivery in DELIVERIES:
            with self.subTest(f"{arguments}, {delivery}"):
                done = client(self.port, *arguments.split(), "--delivery", delivery)
                self.assertEqual(done.returncode, 0, done.stderr)
                yield json.loads(done.stdout)

    def test_events(self):
        corpus = Corpus(RECORDINGS)
        for arguments, only in (("verify 3000", "*"), ("verify 3000 --only DeviceStateChange", "DeviceStateChange"),
                                ("verify 3000 --handlers 10 --globs 10", "*")):
            expected = corpus.sums(3000, only)
            self.assertTrue(expected["events"])
            for run in self.each_way(arguments):
                self.assertEqual({name: run[name] for name in expected}, expected)

    def test_lists(self):
        for run in self.each_way("list 2 300"):
            self.assertEqual(run["items"], 600)
        for run in self.each_way("list 2 0"):
            self.assertEqual(run["items"], 0)

    def test_pings(self):
        for arguments in "ping 1 1", "ping 50 1000", "ping 5000 4000":
            for run in self.each_way(arguments):
                self.assertEqual(run["ok"], int(arguments.split()[1]))
                self.assertTrue(0 < run["p50_ns"] <= run["p99_ns"] <= run["max_ns"], run)

    def test_the_rest(self):
        for run in self.each_way("build 10"):
            self.assertEqual(run["ok"], 10)
        for run in self.each_way("idle"):
            self.assertGreater(run["resident_kb"], 0)
        for run in self.each_way("restart 10"):
            self.assertEqual(run["in_10_ms"], 1)

    def test_times_without_samples(self):
        for run in self.each_way("paced 0"):
            self.assertEqual([run[name] for name in ("events", "p50_ns", "p99_ns", "max_ns")], [0] * 4)


if __name__ == "__main__":
    unittest.main()
