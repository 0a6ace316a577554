"""The broker is killed or out of memory: what it confirmed is there, and what it did not is told."""

from account import Account
from binary import SOAK, FaultTest, Iso, ids, read_lines, records
from broker import Broker

UNREACHABLE, UNCONFIRMED = 69, 75


class BrokerFaults(FaultTest):
    def setUp(self):
        super().setUp()
        self.broker = Broker()
        self.addCleanup(self.broker.__exit__)
        with self.broker.reader() as reader:
            reader.declare("q")

    def publish(self, names, *more):
        return Iso(
            "publish", "--url", self.broker.url, "--routing-key", "q", "--in", "records", "--rejects", "rejects", *more,
            stdin=records(names), cwd=self.dir,
        )  # fmt: skip

    def account(self, names, iso, **check):
        rejects = [record["message_id"] for record in read_lines(self.path("rejects"))]
        return Account(names, iso.receipts, self.broker.arrived("q"), rejects).check(**check)

    def test_a_broker_killed_during_a_publish_has_after_its_restart_all_it_confirmed(self):
        for _ in range(10 if SOAK else 2):
            names = ids(200_000, "k")
            with self.publish(names, "--timeout", "2s") as iso:
                iso.wait_for_receipts(self.random.randint(1, 8000))
                self.broker.kill()
                self.assertIn(iso.wait(), (UNREACHABLE, UNCONFIRMED), iso.stderr)
            self.broker.restart()
            account = self.account(names, iso, duplicates=1000, complete=False)
            self.assertGreater(len(account.accepted), 0)

    def test_a_broker_killed_right_after_a_publish_ended_has_all_of_it(self):
        names = ids(5000)
        with self.publish(names) as iso:
            self.assertEqual(iso.wait(), 0, iso.stderr)
        self.broker.kill()
        self.broker.restart()
        self.account(names, iso)

    def test_a_broker_without_memory_is_waited_for_and_nothing_is_sent_twice(self):
        names = ids(400)
        self.broker.ctl("set_vm_memory_high_watermark", "0.0000001")
        with self.publish(names, "--timeout", "60s") as iso:
            iso.wait_for_text("low on memory")
            self.broker.ctl("set_vm_memory_high_watermark", "0.4")
            self.assertEqual(iso.wait(), 0, iso.stderr)
        self.account(names, iso)
