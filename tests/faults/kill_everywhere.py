"""SIGKILL at every system call: what was promised is stored, and the next run goes on."""

import os
import shutil

from account import Account
from binary import SOAK, FaultTest, ids, records, run
from store import is_whole, message_ids, stored_after_crash
from syscalls import at, count_calls, points


class KillEverywhere(FaultTest):
    def test_publish_to_the_store_keeps_what_it_confirmed(self):
        names = ids(30)
        with open(self.path("input"), "wb") as file:
            file.write(records(names))
        # A rate makes many small commits, with receipts in between.
        command = ["publish", "--url", "sqlite:kill/shop.db", "--queue", "q", "--in", "records", "--rate", "4000"]

        def fresh():
            shutil.rmtree(self.path("kill"), ignore_errors=True)
            os.mkdir(self.path("kill"))

        fresh()
        counts = count_calls(command, self.dir, self.path("strace"), self.path("input"))
        killed = confirmed = 0
        for kind, n in points(counts, 100_000 if SOAK else 150, self.random):
            fresh()
            with open(self.path("input"), "rb") as given:
                iso = run(*command, stdin=given, cwd=self.dir, before=at(kind, n, "signal=KILL"))
            if iso.status == 0:
                continue  # this run made fewer calls of the kind
            killed += 1
            confirmed += len(iso.receipts)
            store = self.path("kill/shop.db")
            stored, whole = stored_after_crash(store)
            where = f"killed at {kind} {n}: exit {iso.status}, {iso.stderr}"
            self.assertEqual(iso.status, 137, where)
            self.assertTrue(whole, where)
            told = [receipt["message_id"] for receipt in iso.receipts]
            self.assertEqual(told, names[: len(told)], where)
            self.assertEqual(set(told) - set(stored), set(), where)
            self.assertEqual(stored, names[: len(stored)], where)
            if killed % 10 != 0 and not SOAK:
                continue
            again = run("publish", "--url", f"sqlite:{store}", "--queue", "q", "--body", "1", cwd=self.dir)
            self.assertEqual(again.status, 0, where + again.stderr)
            self.assertTrue(is_whole(store), where)
        print(f"kill points {killed} of {sum(counts.values())}, receipts before them {confirmed}")
        self.assertGreater(killed, 100)
        self.assertGreater(confirmed, 100)
