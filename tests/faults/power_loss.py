"""The power fails at every moment of a run: what was promised before is on the disk."""

import os
import shutil

from binary import SOAK, FaultTest, Iso, ids, in_batches, parse_receipts, run
from disk import Disk, read_trace
from store import stored_after_crash


class PowerLoss(FaultTest):
    def record(self, messages, url_options="", body=0):
        """The trace of a publish."""
        os.mkdir(self.path("traced"))
        self.store = self.path("traced/shop.db")
        environment = {
            "LD_PRELOAD": os.environ["ISO_RECORD_IO"],
            "ISO_TRACE": self.path("trace"),
            "ISO_TRACE_DIR": self.path("traced"),
        }
        fields = {"headers": {"filler": "x" * body}} if body else {}
        with Iso(
            "publish", "--url", f"sqlite:{self.store}{url_options}", "--queue", "q", "--in", "records",
            cwd=self.dir, environment=environment,
        ) as iso:  # fmt: skip
            iso.feed_in_rounds(in_batches(ids(messages), self.random), **fields)
            self.assertEqual(iso.wait(), 0, iso.stderr)
        return read_trace(self.path("trace"))

    def replay(self, events, tries, skip=0.0):
        """Counts the states that miss an acknowledged message or are damaged."""
        disk, promised = Disk(), b""
        states, losing, damaged, worst = 0, 0, 0, 0
        shutil.rmtree(self.path("traced"))
        for number, event in enumerate(events):
            if event[0] == "A":
                promised += event[3]
                continue
            if event[0] == "N" or event[1].endswith("-shm"):
                continue
            disk.do(*event)
            if self.random.random() < skip:
                continue
            accepted = {r["message_id"] for r in parse_receipts(promised) if r["status"] == "confirmed"}
            for state in [disk.least(), *(disk.some(self.random) for _ in range(tries))]:
                stored, whole = self.open_state(state, check=states % 200 == 0)
                states += 1
                missing = len(accepted - set(stored))
                losing += missing != 0
                worst = max(worst, missing)
                damaged += not whole
        print(f"events {len(events)}, states {states}, losing {losing} (at most {worst} messages), damaged {damaged}")
        self.assertGreater(states, 100)
        return losing, damaged

    def open_state(self, state, check):
        shutil.rmtree(self.path("traced"), ignore_errors=True)
        os.mkdir(self.path("traced"))
        for path, content in state.items():
            with open(path, "wb") as file:
                file.write(content)
        if check:  # iso itself goes on from here
            again = run("publish", "--url", f"sqlite:{self.store}", "--queue", "q", "--body", "1", cwd=self.dir)
            self.assertEqual(again.status, 0, again.stderr)
        return stored_after_crash(self.store)

    def test_no_state_of_the_disk_lacks_a_confirmed_message(self):
        events = self.record(messages=500 if SOAK else 100)
        self.assertEqual(self.replay(events, tries=3), (0, 0))

    def test_no_state_around_a_checkpoint_lacks_a_confirmed_message(self):
        events = self.record(messages=150, body=75_000)
        self.assertTrue(any(e[0] == "T" and e[1].endswith("-wal") for e in events), "no checkpoint in the trace")
        self.assertEqual(self.replay(events, tries=1, skip=0.5 if SOAK else 0.95), (0, 0))

    def test_a_store_that_does_not_sync_is_caught(self):
        losing, _ = self.replay(self.record(messages=100, url_options="?sync=normal"), tries=3)
        self.assertGreater(losing, 0)
