"""SIGKILL at every system call: what was promised is stored, and the next run goes on."""

import os
import shutil

from binary import SOAK, FaultTest, Iso, ids, in_batches, run
from store import is_whole, stored_after_crash
from syscalls import at, counted, counting, points


class KillEverywhere(FaultTest):
    def setUp(self):
        super().setUp()
        self.names = ids(24)
        self.batches = in_batches(self.names, self.random)
        self.store = self.path("kill/shop.db")

    def publish(self, before):
        """Into an empty folder."""
        shutil.rmtree(self.path("kill"), ignore_errors=True)
        os.mkdir(self.path("kill"))
        command = ["publish", "--url", f"sqlite:{self.store}", "--queue", "q", "--in", "records"]
        with Iso(*command, cwd=self.dir, before=before) as iso:
            iso.feed_in_rounds(self.batches)
            iso.status = iso.wait()
        return iso

    def test_publish_to_the_store_keeps_what_it_confirmed(self):
        self.assertEqual(self.publish(counting(self.path("log"))).status, 0)
        counts = counted(self.path("log"))
        killed = midway = 0
        for kind, n in points(counts, 100_000 if SOAK else 150, self.random):
            iso = self.publish(at(kind, n, "signal=KILL"))
            if iso.status == 0:
                continue  # this run made fewer calls of the kind
            killed += 1
            told = [receipt["message_id"] for receipt in iso.receipts]
            midway += 0 < len(told) < len(self.names)
            where = f"killed at {kind} {n}: exit {iso.status}, {iso.stderr}"
            self.assertEqual(iso.status, 137, where)
            self.assertEqual(told, self.names[: len(told)], where)
            self.check_store(told, where, go_on=SOAK or killed % 10 == 0)
        print(f"kill points {killed} of {sum(counts.values())}, with some of the receipts out {midway}")
        self.assertGreater(killed, 100)
        self.assertGreater(midway, killed // 4)

    def check_store(self, told, where, go_on):
        stored, whole = stored_after_crash(self.store)
        self.assertTrue(whole, where)
        self.assertEqual(stored, self.names[: len(stored)], where)
        self.assertGreaterEqual(len(stored), len(told), where)
        if go_on:
            again = run("publish", "--url", f"sqlite:{self.store}", "--queue", "q", "--body", "1", cwd=self.dir)
            self.assertEqual(again.status, 0, where + again.stderr)
            self.assertTrue(is_whole(self.store), where)
