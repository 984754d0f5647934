"""The bench client counts what the load server sends, however it reads."""

import json
import os
import pathlib
import subprocess
import sys
import unittest

from pbx import LIMIT

CLIENT = pathlib.Path(__file__).resolve().parent.parent / "bench" / "bench_client"


class BenchTest(unittest.TestCase):
    def setUp(self):
        self.server = subprocess.Popen([os.environ["BENCH_SERVER"], os.environ["BENCH_CORPUS"]], stdin=subprocess.PIPE,
                                       stdout=subprocess.PIPE, text=True)
        self.addCleanup(self.server.communicate)
        self.port = self.server.stdout.readline().strip().rpartition(":")[2]

    def run_client(self, *arguments):
        done = subprocess.run([sys.executable, CLIENT, "127.0.0.1", self.port, *arguments], capture_output=True, text=True,
                              timeout=LIMIT, check=True)
        return json.loads(done.stdout)

    def test_every_way_to_read_finds_the_same(self):
        for mode, names in ("flood", "events evlen uid uidlen"), ("verify", "events evlen uid uidlen vlen"):
            found = [self.run_client(mode, "3000", "--delivery", delivery) for delivery in ("events", "rows", "sync")]
            sums = [{name: line[name] for name in names.split()} for line in found]
            self.assertEqual(sums, [sums[0]] * 3)
            self.assertEqual(sums[0]["events"], 3000)
            self.assertTrue(all(sums[0].values()), sums[0])

    def test_the_other_modes(self):
        paced = self.run_client("paced", "50,rate=1000")
        self.assertEqual(paced["events"], 50)
        self.assertTrue(0 < paced["p50_ns"] <= paced["p99_ns"] <= paced["max_ns"], paced)
        self.assertEqual(self.run_client("ping", "500", "20")["ok"], 500)
        self.assertEqual(self.run_client("list", "2", "1000")["items"], 2000)
        self.assertEqual(self.run_client("list", "2", "1000", "--each")["items"], 2000)
        self.assertGreater(self.run_client("idle")["resident_kb"], 0)
        self.assertIn(self.run_client("flood", "3000", "--only", "Hangup")["events"], range(1, 3000))


if __name__ == "__main__":
    unittest.main()
