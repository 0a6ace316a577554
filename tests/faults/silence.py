"""Nothing comes through, and nothing says so: heartbeats find it, another connection mends it."""

import signal
import threading
import time

from binary import Iso, ids, records, wait_until
from line import LineTest
from proxy import DOWN, UP

TERMINATED = 143
WINDOW = 50
NOTICED = 2 + 2  # seconds: two intervals of ?heartbeat=1, and a bound for the rest


class Silence(LineTest):
    def setUp(self):
        super().setUp()
        self.beating = self.url("?heartbeat=1")

    def flowing(self, names):
        """A publish that goes on until its input ends: 500 messages a second, WINDOW at once."""
        iso = Iso(*self.publish("--rate", "500", "--window", WINDOW, url=self.beating), cwd=self.dir)
        threading.Thread(target=iso.feed, args=(records(names),), daemon=True).start()
        return iso

    def connections_after(self, fault):
        """Seconds until the proxy saw one more connection than before the fault."""
        before, began = self.proxy.accepted, time.monotonic()
        fault()
        self.proxy.wait_for(lambda: self.proxy.accepted > before)
        return time.monotonic() - began

    def publish_through(self, fault):
        names = ids(1500)
        with self.flowing(names) as iso:
            iso.wait_for_receipts(self.random.randint(20, 500))
            self.assertLess(self.connections_after(fault), NOTICED)
            iso.wait_for_receipts(len(names))
            iso.end_input()
            self.assertEqual(iso.wait(), 0, iso.stderr)
            self.assertIn("sent nothing", iso.stderr)
        account = self.account(names, iso, duplicates=WINDOW)
        self.assertEqual(len(account.accepted), len(names))
        return account

    def test_publish_leaves_a_black_hole_within_two_heartbeats_and_loses_nothing(self):
        self.publish_through(self.proxy.freeze)

    def test_messages_whose_confirms_were_lost_are_sent_again_with_their_ids_and_no_others(self):
        account = self.publish_through(lambda: self.proxy.freeze(DOWN))
        self.assertGreater(account.duplicated, 0)

    def test_listen_leaves_a_black_hole_within_two_heartbeats_and_gets_all(self):
        first, second = ids(300, "a"), ids(300, "b")
        with Iso(*self.listen(url=self.beating), cwd=self.dir) as iso:
            self.put(first)
            iso.wait_for_receipts(self.random.randint(1, len(first)))
            self.assertLess(self.connections_after(self.proxy.freeze), NOTICED)
            self.put(second)
            self.gets_all(iso, first + second)

    def test_a_process_that_was_stopped_for_longer_than_two_heartbeats_goes_on_and_loses_nothing(self):
        names = ids(3000)
        with self.flowing(names) as iso, Iso(*self.listen(url=self.beating), cwd=self.dir) as listener:
            listener.wait_for_receipts(self.random.randint(20, 500))
            connected = self.connections()
            for process in (iso, listener):
                process.signal(signal.SIGSTOP)
            wait_until(lambda: self.connections() < connected, name="the broker's end of a connection")
            wait_until(lambda: self.connections() == 0, name="the broker's end of both connections")
            for process in (iso, listener):
                process.signal(signal.SIGCONT)
            iso.wait_for_receipts(len(names))
            iso.end_input()
            self.assertEqual(iso.wait(), 0, iso.stderr)
            self.gets_all(listener, names)

    def connections(self):
        """Of ours, by the broker's count."""
        listed = self.broker.ctl("list_consumers")
        return listed.count(self.queue)

    def put(self, names):
        with self.broker.reader() as reader:
            for name in names:
                reader.publish(self.queue, name, b"1")
            reader.declare(self.queue)  # whose answer comes after all of them are there

    def gets_all(self, iso, names):
        """Each message is printed at least once, and none is left."""
        got = lambda: {record["message_id"] for record in iso.receipts}
        wait_until(lambda: got() == set(names), 30, f"all of {len(names)} messages on stdout")
        iso.signal(signal.SIGTERM)
        self.assertEqual(iso.wait(), TERMINATED, iso.stderr)
        self.assertEqual(self.broker.arrived(self.queue), [])
