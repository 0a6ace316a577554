"""Relay and inbox, killed again and again at random moments: each message that was accepted is there, once."""

import os
import threading
import time
from collections import Counter

from binary import SLOWER, SOAK, FaultTest, Iso, ids, records, run
from broker import Shared
from store import is_whole, open_store

KILLED = 137
SECONDS = 300 if SOAK else 18


class Again:
    """A command that is killed after a moment and started again, in a thread, until told to end."""

    def __init__(self, command, random, longest):
        self.kills, self.lines, self.trouble = 0, [], None
        self._command, self._random, self._longest = command, random, longest
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._loop, daemon=True)
        self._thread.start()

    def end(self):
        self._end.set()
        self._thread.join(30)
        if self.trouble or self._thread.is_alive():
            raise AssertionError(self.trouble or "a killed process did not end")

    def _loop(self):
        while not self._end.is_set() and not self.trouble:
            self._once()

    def _once(self):
        with self._command() as iso:
            self._end.wait(self._random.uniform(0, self._longest))
            status = iso.kill()
            self.lines += iso.receipts
            if status != KILLED:
                self.trouble = f"it ended by itself: exit {status}, {iso.stderr}"
            self.kills += 1


class Resume(FaultTest):
    def setUp(self):
        super().setUp()
        self.broker = Shared()
        self.queue = f"faults-{os.getpid()}-resume"
        with self.broker.reader() as reader:
            reader.declare(self.queue)
        self.addCleanup(self.broker.ctl, "delete_queue", self.queue)
        self.attempted, self.accepted = [], set()

    def iso(self, *arguments, **more):
        return Iso(*arguments, cwd=self.dir, **more)

    def relay(self, *more):
        return ["publish", "--from", "sqlite:out.db#outbox", "--url", self.broker.url, *more]

    def listen(self, *more):
        return ["listen", self.queue, "--url", self.broker.url, "--inbox", "sqlite:app.db", *more]

    def publish(self, names, longest):
        """To the outbox; killed after a moment, or not."""
        with self.iso(
            "publish", "--url", "sqlite:out.db#outbox", "--in", "records", "--rate", 500, stdin=records(names, routing_key=self.queue)
        ) as iso:
            if longest is not None:
                time.sleep(self.random.uniform(0, longest))
                iso.kill()
            status = iso.wait()
        self.assertIn(status, (0, KILLED), iso.stderr)
        self.attempted += names
        self.accepted |= {receipt["message_id"] for receipt in iso.receipts if receipt["status"] == "confirmed"}
        return status

    def states(self, file):
        """Counter of message ids, and the set of their states."""
        with open_store(self.path(file)) as database:
            rows = database.execute("SELECT message_id, state FROM iso_messages").fetchall()
        return Counter(name for name, _ in rows), {state for _, state in rows}

    def test_all_that_the_outbox_accepted_is_in_the_inbox_once_however_often_either_was_killed(self):
        names = iter(ids(1_000_000))
        self.publish([next(names)], None)
        relay = Again(lambda: self.iso(*self.relay("--follow")), self.random, 0.25 * SLOWER)
        listener = Again(lambda: self.iso(*self.listen()), self.random, 0.25 * SLOWER)
        least = (1000 if SOAK else 100) // SLOWER
        cut, limit = 0, time.monotonic() + 2 * SECONDS
        start = time.monotonic()
        while time.monotonic() < start + SECONDS or min(relay.kills, listener.kills) < least:
            self.assertLess(time.monotonic(), limit, f"only {relay.kills} and {listener.kills} kills")
            cut += self.publish([next(names) for _ in range(100)], 0.2 if self.random.random() < 0.3 else None) == KILLED
        relay.end()
        listener.end()
        last_relay = run(*self.relay(), cwd=self.dir)
        self.assertEqual(last_relay.status, 0, last_relay.stderr)
        last = run(*self.listen("--drain"), cwd=self.dir)
        self.assertEqual(last.status, 0, last.stderr)
        self.account(relay, listener, cut, {r["message_id"] for r in listener.lines + last.receipts})

    def account(self, relay, listener, cut, handed_on):
        out, out_states = self.states("out.db")
        inbox, inbox_states = self.states("app.db")
        with open_store(self.path("app.db")) as database:
            duplicates = database.execute("SELECT sum(duplicates) FROM iso_messages").fetchone()[0]
        print(
            f"attempted {len(self.attempted)}, accepted {len(self.accepted)}, in the outbox {len(out)}, in the inbox {len(inbox)}, "
            f"lost {len(self.accepted - inbox.keys())}, sent twice and dropped {duplicates}; "
            f"kills: relay {relay.kills}, listener {listener.kills}, publisher {cut}"
        )
        self.assertGreater(len(self.accepted), 1000 // SLOWER)
        self.assertEqual(self.accepted - inbox.keys(), set(), "accepted, but not there")
        self.assertEqual(inbox.keys(), out.keys(), "the outbox and the inbox differ")
        self.assertEqual(out.keys() - set(self.attempted), set(), "there, but never sent")
        self.assertEqual((set(out.values()), set(inbox.values())), ({1}, {1}), "more than one row of a message")
        self.assertEqual((out_states, inbox_states), ({1}, {1}), "not all is done")
        self.assertEqual(inbox.keys() - handed_on, set(), "done, but never handed on")
        self.assertTrue(is_whole(self.path("out.db")) and is_whole(self.path("app.db")))
