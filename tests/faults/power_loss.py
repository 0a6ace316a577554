"""The power fails at every moment of a run: what was promised before is on the disk."""

import json
import os
import shutil
import signal

from amqp_reader import Acknowledged
from binary import SOAK, FaultTest, Iso, ids, in_batches, parse_receipts, run, wait_until
from broker import Shared
from disk import Disk, read_trace
from store import acknowledged_ids, message_ids, stored_after_crash


class Receipts:
    """The ids that a publish promised on its stdout."""

    kind = "A"

    def __init__(self):
        self._text = b""

    def feed(self, data):
        self._text += data

    def ids(self):
        return {receipt["message_id"] for receipt in parse_receipts(self._text) if receipt["status"] == "confirmed"}


class Acks:
    """The ids that a listener promised its broker to keep: the n-th delivery is the n-th of `names`."""

    kind = "N"

    def __init__(self, names):
        self._names, self._sent = names, Acknowledged()

    def feed(self, data):
        self._sent.feed(data)

    def ids(self):
        return {self._names[tag - 1] for tag in self._sent.tags}


class PowerLoss(FaultTest):
    def traced(self):
        """The environment of a process whose store is to be traced."""
        os.mkdir(self.path("traced"))
        self.store = self.path("traced/shop.db")
        return {
            "LD_PRELOAD": os.environ["ISO_RECORD_IO"],
            "ISO_TRACE": self.path("trace"),
            "ISO_TRACE_DIR": self.path("traced"),
        }

    def record(self, messages, url_options="", body=0):
        """The trace of a publish."""
        environment = self.traced()
        fields = {"headers": {"filler": "x" * body}} if body else {}
        with Iso(
            "publish", "--url", f"sqlite:{self.store}{url_options}", "--queue", "q", "--in", "records",
            cwd=self.dir, environment=environment,
        ) as iso:  # fmt: skip
            iso.feed_in_rounds(in_batches(ids(messages), self.random), **fields)
            self.assertEqual(iso.wait(), 0, iso.stderr)
        return read_trace(self.path("trace"))

    def record_listener(self, names, option, url_options="", message=lambda name: b"1", wait=Iso.wait_for_receipts):
        """A traced listener that stores by this option what its queue gets: message(name), in the order of the
        names; wait(iso, n) waits until n are stored."""
        broker = Shared()
        queue = f"faults-{os.getpid()}-power-loss"
        command = ["listen", queue, "--url", broker.url, option]
        environment = self.traced()
        with broker.reader() as reader:
            reader.declare(queue)
            self.addCleanup(broker.ctl, "delete_queue", queue)
            with Iso(*command, f"sqlite:{self.store}{url_options}", cwd=self.dir, environment=environment) as iso:
                given = 0
                for batch in in_batches(names, self.random):
                    for name in batch:
                        reader.publish(queue, name, message(name))
                    given += len(batch)
                    wait(iso, given)
                iso.signal(signal.SIGTERM)
                self.assertEqual(iso.wait(), 143, iso.stderr)
        return iso

    def record_inbox(self, names, url_options=""):
        iso = self.record_listener(names, "--inbox", url_options)  # what it hands on is stored
        self.assertEqual([record["message_id"] for record in iso.receipts], names)
        return read_trace(self.path("trace"))

    def record_ledger(self, names, url_options=""):
        answer = {"application_name": "billing", "message": "Success"}
        # Only of a file that is there: to look would make it.
        stored = lambda: os.path.exists(self.store) and len(stored_after_crash(self.store, acknowledged_ids)[0])
        self.record_listener(
            names, "--acks", url_options,
            message=lambda name: json.dumps({"correlation_id": name, **answer}).encode(),
            wait=lambda _, given: wait_until(lambda: stored() == given),
        )  # fmt: skip
        return read_trace(self.path("trace"))

    def replay(self, events, tries, skip=0.0, promised=None, read=message_ids):
        """Counts the states that miss a promised message or are damaged."""
        disk, promised = Disk(), promised or Receipts()
        states, losing, damaged, worst = 0, 0, 0, 0
        shutil.rmtree(self.path("traced"))
        for number, event in enumerate(events):
            if event[0] == promised.kind:
                promised.feed(event[3])
            if event[0] in "AN" or event[1].endswith("-shm"):
                continue
            disk.do(*event)
            if self.random.random() < skip:
                continue
            accepted = promised.ids()
            for state in [disk.least(), *(disk.some(self.random) for _ in range(tries))]:
                self.open_state(state, check=states % 200 == 0)
                stored, whole = stored_after_crash(self.store, read)
                states += 1
                missing = len(accepted - set(stored))
                losing += missing != 0
                worst = max(worst, missing)
                damaged += not whole
        print(f"events {len(events)}, states {states}, losing {losing} (at most {worst} messages), damaged {damaged}")
        self.assertGreater(states, 100)
        self.assertGreater(len(promised.ids()), 50)
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

    def test_no_state_of_the_disk_lacks_a_message_that_the_inbox_acknowledged(self):
        names = ids(500 if SOAK else 60)
        self.assertEqual(self.replay(self.record_inbox(names), tries=3, promised=Acks(names)), (0, 0))

    def test_an_inbox_that_does_not_sync_is_caught(self):
        names = ids(60)
        losing, _ = self.replay(self.record_inbox(names, "?sync=normal"), tries=1, promised=Acks(names))
        self.assertGreater(losing, 0)

    def test_no_state_of_the_disk_lacks_an_answer_that_the_ledger_acknowledged(self):
        names = ids(500 if SOAK else 60)
        events = self.record_ledger(names)
        self.assertEqual(self.replay(events, tries=3, promised=Acks(names), read=acknowledged_ids), (0, 0))

    def test_a_ledger_that_does_not_sync_is_caught(self):
        names = ids(60)
        events = self.record_ledger(names, "?sync=normal")
        losing, _ = self.replay(events, tries=1, promised=Acks(names), read=acknowledged_ids)
        self.assertGreater(losing, 0)
