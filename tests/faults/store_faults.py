"""The disk is full, fails or holds nonsense, or another process has the store: a clear end, and no lie."""

import os
import sqlite3
import subprocess

from account import Account
from binary import FaultTest, Iso, ids, read_lines, records, run
from store import is_whole, message_ids, open_store
from syscalls import at

IO, UNCONFIRMED = 74, 75
LARGE_LOG = 4_096_000  # from here on iso tries to cut the log


class StoreFaults(FaultTest):
    def setUp(self):
        super().setUp()
        self.store = self.path("shop.db")

    def publish(self, names, headers=None, **more):
        return run(
            "publish", "--url", "sqlite:shop.db", "--queue", "q", "--in", "records", "--rate", "4000",
            "--rejects", "rejects", stdin=records(names, headers=headers or {}), cwd=self.dir, **more,
        )  # fmt: skip

    def fails_at(self, kind, which, error):
        """A run that meets the error: its receipts hold, and what it says names the store."""
        for name in os.listdir(self.dir):
            os.unlink(self.path(name))
        self.assertEqual(self.publish(["first"]).status, 0)
        names = ids(60)
        iso = self.publish(names, before=at(kind, which, f"error={error}"))
        where = f"{error} at {kind} {which}: exit {iso.status}, {iso.stderr}"
        if iso.status == 0:
            return False  # it made fewer calls, or the error was in work that may be left undone
        self.assertIn(iso.status, (IO, UNCONFIRMED), where)
        self.assertIn("shop.db", iso.stderr, where)
        self.assertTrue(is_whole(self.store), where)
        stored = [name for name in message_ids(self.store, "q") if name != "first"]
        accepted = {r["message_id"] for r in iso.receipts if r["status"] == "confirmed"}
        self.assertEqual(accepted - set(stored), set(), where)
        rejects = [record["message_id"] for record in read_lines(self.path("rejects"))]
        told = [receipt["message_id"] for receipt in iso.receipts]
        self.assertEqual(rejects, [name for name in told if name not in accepted], where)
        self.assertEqual(self.publish(["after"]).status, 0, where)
        return True

    def test_a_full_disk_ends_with_74_and_keeps_what_was_confirmed(self):
        met = [self.fails_at("pwrite64", f"{n}+", "ENOSPC") for n in (1, 2, 5, 9, 14, 20, 30, 45)]
        self.assertGreater(sum(met), 4)

    def test_a_failed_sync_confirms_nothing_that_is_not_there(self):
        met = [self.fails_at("fdatasync", n, "EIO") for n in (1, 2, 3, 5, 8)]
        met += [self.fails_at("pwrite64", n, "EIO") for n in (1, 3, 8, 20)]
        self.assertGreater(sum(met), 3)

    def test_a_store_that_another_process_holds_for_a_while_is_waited_for(self):
        self.assertEqual(self.publish(["first"]).status, 0)
        other = sqlite3.connect(self.store, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        names = ids(20)
        with Iso("publish", "--url", "sqlite:shop.db", "--queue", "q", "--in", "records", stdin=records(names), cwd=self.dir) as iso:
            with self.assertRaises(Exception):
                iso.process.wait(0.5)
            other.execute("COMMIT")
            other.close()
            self.assertEqual(iso.wait(), 0, iso.stderr)
        Account(["first", *names], [{"message_id": "first", "status": "confirmed"}, *iso.receipts], message_ids(self.store)).check()

    def damaged(self, name, damage, wanted, says):
        """What iso says to a file that is not as it left it; the file stays so, to the byte."""
        for file in os.listdir(self.dir):
            os.unlink(self.path(file))
        self.assertEqual(self.publish(ids(200)).status, 0)
        damage()
        with open(self.store, "rb") as file:
            before = file.read()
        commands = {
            "publish": ["publish", "--url", "sqlite:shop.db", "--queue", "q", "--body", "1"],
            "listen": ["listen", "q", "--url", "sqlite:shop.db", "--drain"],
        }
        for command, words in commands.items():
            with self.subTest(damage=name, command=command):
                iso = run(*words, cwd=self.dir)
                self.assertEqual(iso.status, wanted, f"{name}, {command}: {iso.stderr}")
                self.assertIn("shop.db", iso.stderr)
                self.assertIn(says, iso.stderr)
                with open(self.store, "rb") as file:
                    self.assertEqual(file.read(), before, f"{name}, {command}: the file was changed")

    def patch(self, offset, data):
        with open(self.store, "r+b") as file:
            file.seek(offset)
            file.write(data)

    def sql(self, *statements):
        database = sqlite3.connect(self.store)
        for statement in statements:
            database.execute(statement)
        database.commit()
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        database.close()

    def test_a_damaged_or_foreign_file_is_refused_with_74_and_left_as_it_is(self):
        def noise():
            with open(self.store, "wb") as file:
                file.write(self.random.randbytes(40_000))

        half = lambda: os.truncate(self.store, os.path.getsize(self.store) // 2)
        self.damaged("cut in half", half, IO, "malformed")
        self.damaged("cut within its first page", lambda: os.truncate(self.store, 1000), IO, "")
        self.damaged("first bytes overwritten", lambda: self.patch(0, b"\xff" * 16), IO, "not a database")
        self.damaged("schema overwritten", lambda: self.patch(100, b"\xff" * 200), IO, "malformed")
        self.damaged("noise", noise, IO, "not a database")
        no_meta = lambda: self.sql("DROP TABLE iso_meta", "PRAGMA application_id = 1")
        self.damaged("not a store any more", no_meta, IO, "another program")
        newer = lambda: self.sql("UPDATE iso_meta SET value = 99 WHERE name = 'version'")
        self.damaged("a newer version", newer, IO, "version 99")

    def test_an_empty_file_is_a_new_store(self):
        open(self.store, "wb").close()
        names = ids(20)
        Account(names, self.publish(names).receipts, message_ids(self.store)).check()

    def test_a_long_reader_stops_no_publish_and_the_log_is_cut_once_it_has_gone(self):
        self.assertEqual(self.publish(["first"]).status, 0)
        # The second stays open, so that it is not the last to close who cuts the log.
        with open_store(self.store) as reader, open_store(self.store) as idle:
            idle.execute("SELECT count(*) FROM iso_messages").fetchall()
            reader.execute("BEGIN")
            count = lambda: reader.execute("SELECT count(*) FROM iso_messages").fetchone()[0]
            self.assertEqual(count(), 1)
            names = ids(300)
            iso = self.publish(names, headers={"filler": "x" * 40_000})
            self.assertEqual(iso.status, 0, iso.stderr)
            grown = os.path.getsize(self.store + "-wal")
            self.assertGreater(grown, 2 * LARGE_LOG)
            self.assertEqual(count(), 1)
            reader.execute("COMMIT")
            self.assertEqual(self.publish(["last"]).status, 0)
            cut = os.path.getsize(self.store + "-wal")
        print(f"the log had {grown} bytes, then {cut}")
        self.assertLess(cut, LARGE_LOG)
        self.assertEqual(message_ids(self.store), ["first", *names, "last"])


class FullDisk(FaultTest):
    """A file system of its own, that another file fills up."""

    def setUp(self):
        super().setUp()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", self.dir], capture_output=True, text=True, check=False)
        if mounted.returncode != 0:
            self.skipTest(f"missing: the right to mount a small file system: {mounted.stderr.strip()}")
        self.addCleanup(subprocess.run, ["umount", "-l", self.dir], check=True)

    def test_a_disk_that_is_really_full_keeps_what_was_confirmed_and_goes_on_once_there_is_space(self):
        with open(self.path("other"), "wb") as other:
            other.write(bytes(1_000_000 + self.random.randrange(500_000)))
        publish = ["publish", "--url", "sqlite:shop.db", "--queue", "q", "--in", "records"]
        names = ids(9000)
        full = run(*publish, "--rate", 20_000, stdin=records(names), cwd=self.dir)
        self.assertIn(full.status, (IO, UNCONFIRMED), full.stderr)
        self.assertIn("full", full.stderr)
        accepted = [receipt for receipt in full.receipts if receipt["status"] == "confirmed"]
        self.assertGreater(len(accepted), 0)
        os.unlink(self.path("other"))
        subprocess.run(["mount", "-o", "remount,size=8m", self.dir], check=True)  # settling so many takes a log
        self.assertTrue(is_whole(self.path("shop.db")))
        stored = message_ids(self.path("shop.db"))
        Account(names, full.receipts, stored).check(complete=False)
        more = run(*publish, stdin=records(["more"]), cwd=self.dir)
        self.assertEqual(more.status, 0, more.stderr)
        listener = run("listen", "q", "--url", "sqlite:shop.db", "--drain", cwd=self.dir)
        self.assertEqual(listener.status, 0, listener.stderr)
        self.assertEqual([record["message_id"] for record in listener.receipts], [*stored, "more"])
