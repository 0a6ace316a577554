"""Signals, and a stdout that is closed, full or slow: what was taken is accounted for."""

import os
import signal
import subprocess

from account import Account
from binary import BIN, FaultTest, Iso, ids, parse_receipts, read_lines, records, run
from store import message_ids

TERMINATED, IO = 143, 74


class Endings(FaultTest):
    def command(self, *more):
        return ["publish", "--url", "sqlite:shop.db", "--queue", "q", "--in", "records", "--rejects", "rejects", *more]

    def account(self, names, iso, **check):
        rejects = [record["message_id"] for record in read_lines(self.path("rejects"))]
        return Account(names, iso.receipts, message_ids(self.path("shop.db")), rejects).check(**check)

    def test_a_terminated_publish_tells_of_each_message_it_took(self):
        names = ids(20_000)
        with Iso(*self.command("--rate", "5000"), stdin=records(names), cwd=self.dir) as iso:
            iso.wait_for_receipts(500)
            iso.signal(signal.SIGTERM)
            self.assertEqual(iso.wait(), TERMINATED, iso.stderr)
        account = self.account(names, iso, complete=False)
        self.assertLess(len(account.told), len(names))
        self.assertEqual(sum(account.arrived.values()), len(account.told))

    def test_a_full_stdout_is_exit_74(self):
        with open("/dev/full", "wb") as full:
            iso = run(*self.command(), stdin=records(ids(2000)), cwd=self.dir, stdout=full)
        self.assertEqual(iso.status, IO, iso.stderr)
        self.assertIn("standard output", iso.stderr)

    def test_a_closed_stdout_ends_quietly_and_what_was_published_is_whole(self):
        names = ids(5000)
        read, write = os.pipe()
        with Iso(*self.command(), stdin=records(names), cwd=self.dir, stdout=write) as iso:
            os.close(write)
            os.close(read)
            status = iso.wait()
        self.assertEqual((status, iso.stderr), (0, ""))
        stored = message_ids(self.path("shop.db"))
        self.assertEqual(stored, names[: len(stored)])

    def test_a_slow_reader_of_the_receipts_gets_each_one(self):
        names = ids(3000)
        iso = subprocess.run(
            ["sh", "-c", '"$@" | (sleep 0.5; exec dd bs=100 status=none)', "sh", BIN, *self.command()],
            input=records(names), capture_output=True, cwd=self.dir, timeout=60, check=True,
        )  # fmt: skip
        receipts = parse_receipts(iso.stdout)
        Account(names, receipts, message_ids(self.path("shop.db"))).check()


class WallClock(FaultTest):
    def test_a_clock_that_is_a_day_behind_or_a_year_ahead_loses_nothing(self):
        # faketime moves only the wall clock: the steady one does not jump.
        names = ids(30)
        for number, offset in enumerate(("-1d", "+0", "+365d")):
            part = names[number * 10 : number * 10 + 10]
            iso = run(
                "publish", "--url", "sqlite:shop.db", "--queue", "q", "--in", "records",
                stdin=records(part), cwd=self.dir, before=["faketime", "-f", offset],
                environment={"DONT_FAKE_MONOTONIC": "1"},
            )  # fmt: skip
            self.assertEqual(iso.status, 0, iso.stderr)
        self.assertEqual(message_ids(self.path("shop.db")), names)
        listener = run(
            "listen", "q", "--url", "sqlite:shop.db", "--drain", cwd=self.dir,
            before=["faketime", "-f", "-1d"], environment={"DONT_FAKE_MONOTONIC": "1"},
        )  # fmt: skip
        self.assertEqual(listener.status, 0, listener.stderr)
        self.assertEqual([record["message_id"] for record in listener.receipts], names)
