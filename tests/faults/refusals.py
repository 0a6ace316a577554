"""The broker takes something away in the middle of a run: only what that concerns fails, and it is told."""

import os
import threading
import time
from collections import Counter

from account import Account
from binary import SLOWER, Iso, ids, read_lines, records
from line import LineTest

NO, MISSING = 1, 66
NOT_FOUND = 404
WINDOW = 50


class Refusals(LineTest):
    def test_a_queue_deleted_during_a_publish_costs_what_came_after_and_is_exit_1(self):
        before, after = ids(100, "a"), ids(100, "b")
        with Iso(*self.publish(), cwd=self.dir) as iso:
            iso.feed(records(before))
            iso.wait_for_receipts(len(before))
            arrived = self.broker.arrived(self.queue)
            self.delete_queue()
            iso.feed(records(after))
            iso.wait_for_receipts(len(before + after))
            iso.end_input()
            self.assertEqual(iso.wait(), NO, iso.stderr)
        rejects = [record["message_id"] for record in read_lines(self.path("rejects"))]
        account = Account(before + after, iso.receipts, arrived, rejects).check()
        self.assertEqual(account.statuses, {"confirmed": 100, "returned": 100})
        self.assertIn("NO_ROUTE", iso.stderr)

    def test_an_exchange_deleted_during_a_publish_costs_what_came_after_for_it_and_no_other_message(self):
        going, staying = self.new_exchange("going"), self.new_exchange("staying")
        names, lines = [], b""
        for n in range(400):
            for name, where in ((f"g{n}", {"exchange": going}), (f"s{n}", {"exchange": staying}), (f"d{n}", {})):
                names.append(name)
                lines += records([name], **where)
        self.proxy.set(latency=0.02)  # so that there are always many on their way
        with Iso(*self.publish("--rate", "1000", "--window", WINDOW), cwd=self.dir) as iso:
            threading.Thread(target=iso.feed, args=(lines,), daemon=True).start()
            iso.wait_for_receipts(self.random.randint(20, 800))
            self.delete_exchange(going)
            iso.wait_for_receipts(len(names))
            iso.end_input()
            self.assertEqual(iso.wait(), NO, iso.stderr)
        self.account(names, iso, duplicates=WINDOW)  # the channel's end takes along the confirms on their way
        refused = [receipt for receipt in iso.receipts if receipt["status"] != "confirmed"]
        self.assertEqual({(r["exchange"], r["status"], r["reply_code"]) for r in refused}, {(going, "returned", NOT_FOUND)})
        self.assertGreater(len(refused), 50)
        told = [receipt["status"] for receipt in iso.receipts if receipt["message_id"].startswith("g")]
        self.assertEqual(told, sorted(told), "confirmed after it was gone")
        self.assertIn(f"NOT_FOUND - no exchange '{going}'", iso.stderr)

    def test_a_queue_deleted_during_a_listen_is_exit_66_and_named(self):
        with Iso(*self.listen(), cwd=self.dir) as iso:
            with self.broker.reader() as reader:
                reader.publish(self.queue, "m", b"1")
            iso.wait_for_receipts(1)
            self.delete_queue()
            self.assertEqual(iso.wait(), MISSING, iso.stderr)
        self.assertIn(f'the queue "{self.queue}" was deleted', iso.stderr)

    def test_a_permission_withdrawn_during_a_publish_costs_what_needs_it_and_no_other_message(self):
        user = f"user-{os.getpid()}"
        self.broker.ctl("add_user", user, "secret")
        self.addCleanup(self.broker.ctl, "delete_user", user)
        may_write = lambda what: self.broker.ctl("set_permissions", user, "^$", what, "^$")
        may_write("^amq[.](default|topic)$")
        url = f"amqp://{user}:secret@127.0.0.1:{self.broker.port}/"
        to_topic = {"exchange": "amq.topic", "mandatory": False}
        allowed, refused = ids(60, "a"), ids(20, "r")
        with Iso(*self.publish(url=url), cwd=self.dir) as iso:
            iso.feed(records(["first"], **to_topic) + records(allowed[:10]))
            iso.wait_for_receipts(11)
            may_write("^amq[.]default$")
            self.wait_until_refused(iso, to_topic)
            asked = len(iso.receipts)
            for n, name in enumerate(refused):
                iso.feed(records([name], **to_topic) + records(allowed[10:][n::20]))
            iso.wait_for_receipts(asked + 70)
            iso.end_input()
            self.assertEqual(iso.wait(), NO, iso.stderr)
        status = {receipt["message_id"]: receipt["status"] for receipt in iso.receipts}
        self.assertEqual({status[name] for name in allowed}, {"confirmed"})
        self.assertEqual({status[name] for name in refused}, {"returned"})
        self.assertIn("ACCESS_REFUSED", iso.stderr)
        arrived = Counter(self.broker.arrived(self.queue))
        self.assertEqual(set(arrived), set(allowed))
        returned = [receipt["message_id"] for receipt in iso.receipts if receipt["status"] == "returned"]
        self.assertEqual([record["message_id"] for record in read_lines(self.path("rejects"))], returned)

    def new_exchange(self, name):
        exchange = f"{self.queue}-{name}"
        with self.broker.reader() as reader:
            reader.declare_fanout(exchange, self.queue)
        self.addCleanup(self.delete_exchange, exchange)
        return exchange

    def delete_exchange(self, exchange):
        with self.broker.reader() as reader:
            reader.delete_exchange(exchange)

    def wait_until_refused(self, iso, where):
        """The broker looks at the permissions again only after its channel had nothing to do for a second or two."""
        for n in range(20 * SLOWER):
            iso.feed(records([f"probe{n}"], **where))
            iso.wait_for_receipts(12 + n)
            if iso.receipts[-1]["status"] == "returned":
                return
            time.sleep(min(1 + n / 4, 6))
        raise AssertionError("the permission was never withdrawn")
