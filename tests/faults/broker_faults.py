"""The broker is killed, stopped, or closes connections, in the middle of a run or for good: what it confirmed is
there, what it did not comes again, and a listener gets all."""

import contextlib
import signal
import threading

from account import Account
from binary import SOAK, FaultTest, Iso, ids, read_lines, records, wait_until
from broker import Broker

UNREACHABLE, UNCONFIRMED, TERMINATED = 69, 75, 143
WINDOW = 200


class OwnBroker(FaultTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker()
        self.addCleanup(self.broker.__exit__)
        with self.broker.reader() as reader:
            reader.declare("q")
            reader.drain("q")
        self.broker.ctl("eval", "mnesia:sync_log().")  # a kill takes along a queue that was declared just now

    def publish(self, *more, rejects="rejects", **how):
        return Iso(
            "publish", "--url", self.broker.url, "--routing-key", "q", "--in", "records", "--rejects", rejects,
            "--window", WINDOW, *more, cwd=self.dir, **how,
        )  # fmt: skip

    def account(self, names, iso, arrived=None, **check):
        rejects = [record["message_id"] for record in read_lines(self.path("rejects"))]
        arrived = self.broker.arrived("q") if arrived is None else arrived
        return Account(names, iso.receipts, arrived, rejects).check(**check)


class BrokerFaults(OwnBroker):
    def kill_and_restart(self):
        self.broker.kill()
        self.broker.restart()

    def stop_and_start(self):
        self.broker.ctl("stop_app")
        self.broker.ctl("start_app")
        self.broker.ctl("await_startup")

    def close_connections(self):
        self.broker.ctl("close_all_connections", "by a test")

    def come_through(self, fault, rounds):
        """A publish and a listen, with messages on their way at each fault."""
        names, enough = [], threading.Event()

        def keep_feeding():
            while not enough.is_set():
                more = [f"m{len(names) + n:06}" for n in range(100)]
                iso.feed(records(more))
                names.extend(more)
            iso.end_input()

        with Iso("listen", "q", "--url", self.broker.url, cwd=self.dir) as listener:
            with self.publish("--rate", "1000", "--timeout", "60s") as iso:
                feeder = threading.Thread(target=keep_feeding)
                feeder.start()
                try:
                    for done in range(rounds):
                        iso.wait_for_receipts(len(iso.receipts) + self.random.randint(1, 500))
                        fault()
                        iso.wait_for_receipts(len(iso.receipts) + WINDOW + 1, 60)
                        # Each waits for its next try by itself: a fault before that would be one with this.
                        wait_until(lambda: listener.stderr.count("connected again") > done, 60, "the listener's connection")
                finally:
                    enough.set()
                    feeder.join()
                self.assertEqual(iso.wait(), 0, iso.stderr)
            got = lambda: {record["message_id"] for record in listener.receipts}
            wait_until(lambda: len(got()) == len(names), 60, f"all of {len(names)} messages on stdout")
            listener.signal(signal.SIGTERM)
            self.assertEqual(listener.wait(), TERMINATED, listener.stderr)
        self.assertEqual(listener.stderr.count("connected again"), rounds, listener.stderr)
        arrived = [record["message_id"] for record in listener.receipts]
        account = self.account(names, iso, arrived, duplicates=rounds * (WINDOW + 1000))
        self.assertEqual(len(account.accepted), len(names))
        self.assertEqual(self.broker.arrived("q"), [])

    def test_a_broker_killed_again_and_again_is_waited_for_and_nothing_is_lost(self):
        self.come_through(self.kill_and_restart, 10 if SOAK else 2)

    def test_a_broker_that_is_stopped_and_started_is_waited_for_and_nothing_is_lost(self):
        self.come_through(self.stop_and_start, 5 if SOAK else 1)

    def test_a_broker_that_closes_every_connection_gets_new_ones_and_nothing_is_lost(self):
        self.come_through(self.close_connections, 20 if SOAK else 3)

    def test_a_broker_killed_for_good_leaves_what_it_did_not_confirm_in_the_rejects(self):
        names = ids(200_000, "k")
        with self.publish("--timeout", "1s", stdin=records(names)) as iso:
            iso.wait_for_receipts(self.random.randint(1, 8000))
            self.broker.kill()
            self.assertIn(iso.wait(), (UNREACHABLE, UNCONFIRMED), iso.stderr)
        self.broker.restart()
        account = self.account(names, iso, duplicates=WINDOW, complete=False)
        self.assertGreater(len(account.accepted), 0)

    def test_a_broker_killed_right_after_a_publish_ended_has_all_of_it(self):
        names = ids(5000)
        with self.publish(stdin=records(names)) as iso:
            self.assertEqual(iso.wait(), 0, iso.stderr)
        self.kill_and_restart()
        self.account(names, iso)


# What is too much for the broker, and the settings that make it so and end it.
ALARMS = {
    "low on memory": (("set_vm_memory_high_watermark", "0.0000001"), ("set_vm_memory_high_watermark", "0.4")),
    "low on disk": (("set_disk_free_limit", "1000000000000000"), ("set_disk_free_limit", "50MB")),
}


class Alarms(OwnBroker):
    @contextlib.contextmanager
    def alarm(self, name):
        begin, end = ALARMS[name]
        self.broker.ctl(*begin)
        try:
            yield
        finally:
            self.broker.ctl(*end)

    def test_a_broker_without_memory_or_disk_is_waited_for_and_nothing_is_sent_twice(self):
        for name in ALARMS:
            with self.subTest(name):
                names = ids(400)
                with self.alarm(name):
                    iso = self.publish("--timeout", "60s", stdin=records(names))
                    self.addCleanup(iso.__exit__)
                    iso.wait_for_text(f"publishing is paused: the broker is {name}")
                self.assertEqual(iso.wait(), 0, iso.stderr)
                self.assertIn("publishing continues", iso.stderr)
                self.account(names, iso)

    def test_an_alarm_longer_than_the_timeout_is_exit_75_and_the_rejects_can_be_published_again(self):
        names = ids(400)
        for name in ALARMS:
            with self.subTest(name):
                with self.alarm(name):
                    with self.publish("--timeout", "1s", stdin=records(names)) as iso:
                        self.assertEqual(iso.wait(), UNCONFIRMED, iso.stderr)
                rejects = read_lines(self.path("rejects"))
                self.account(names, iso, arrived=[], complete=False)
                with open(self.path("rejects"), "rb") as file, self.publish(rejects="still", stdin=file) as again:
                    self.assertEqual(again.wait(), 0, again.stderr)
                taken = [record["message_id"] for record in rejects]
                Account(taken, again.receipts, self.broker.arrived("q")).check(duplicates=WINDOW)
