"""The wall clock moves while iso runs: what rests is not stuck, and nothing is lost."""

import os
import subprocess
import time

from binary import FaultTest, Iso, ids, records, run, wait_until
from store import message_ids, open_store


class MovedClock(FaultTest):
    def setUp(self):
        super().setUp()
        loaded = subprocess.run(["faketime", "-f", "+0", "printenv", "LD_PRELOAD"], capture_output=True, text=True, check=True)
        self.clock = {
            "LD_PRELOAD": loaded.stdout.strip(),
            "FAKETIME_TIMESTAMP_FILE": self.path("clock"),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.move("+0")

    def move(self, offset):
        with open(self.path("clock.new"), "w", encoding="ascii") as file:
            file.write(offset + "\n")
        os.replace(self.path("clock.new"), self.path("clock"))

    def publish(self, names):
        iso = run(
            "publish", "--url", "sqlite:out.db#outbox", "--in", "records", stdin=records(names, routing_key="in"), cwd=self.dir,
            environment=self.clock,
        )  # fmt: skip
        self.assertEqual(iso.status, 0, iso.stderr)

    def outbox(self, what):
        with open_store(self.path("out.db")) as store:
            return store.execute(f"SELECT {what} FROM iso_messages").fetchone()[0]

    def moves(self, offset):
        """While the messages of a relay rest, as no one takes them; then there is a queue for them."""
        for name in os.listdir(self.dir):
            if ".db" in name:
                os.unlink(self.path(name))
        self.move("+0")
        names = ids(20)
        self.publish(names)
        with Iso(
            "publish", "--from", "sqlite:out.db#outbox", "--url", "sqlite:to.db", "--follow", "--max-attempts", 1000,
            cwd=self.dir, environment=self.clock,
        ) as relay:  # fmt: skip
            # Resting long enough that the jump meets the rest.
            wait_until(lambda: self.outbox("min(attempts)") >= 2, name="a second try")
            before, attempts = self.outbox("max(state_ms)"), self.outbox("min(attempts)")
            self.move(offset)
            start = time.monotonic()
            wait_until(lambda: self.outbox("min(attempts)") > attempts, 10, f"a try after {offset}")
            resting = time.monotonic() - start
            self.assertGreater(abs(self.outbox("min(state_ms)") - before), 3_000_000, "the clock did not move")
            queue = run("listen", "in", "--url", "sqlite:to.db", "--declare", "--drain", cwd=self.dir)
            self.assertEqual(queue.status, 0, queue.stderr)
            wait_until(lambda: len(message_ids(self.path("to.db"), "in")) == len(names), 30, f"all messages, after {offset}")
            self.publish(["later"])
            wait_until(lambda: "later" in message_ids(self.path("to.db"), "in"), name=f"a message after {offset}")
            self.assertIsNone(relay.process.poll(), relay.stderr)
        print(f"{offset}: tried again after {resting:.1f} s")
        self.assertEqual(sorted(message_ids(self.path("to.db"), "in")), ["later", *names])
        self.assertEqual(self.outbox("min(state)"), 1)

    def test_a_clock_that_jumps_back_or_ahead_leaves_no_message_resting(self):
        for offset in ("-1d", "-1h", "+1h", "+365d"):
            with self.subTest(offset):
                self.moves(offset)
