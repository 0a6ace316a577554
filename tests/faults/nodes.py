"""A cluster of three nodes loses the leader's again and again, killed or frozen, under all that iso does at once."""

import os
import signal
import time
import unittest
from collections import Counter

from binary import SOAK, FaultTest, Iso, ids, read_lines, records, run, wait_until
from cluster import Cluster
from store import open_store

MESSAGES, ROUNDS = 6000, 4
FROZEN_SECONDS = 12  # more than a node's silence that the others bear
AWAY_SECONDS = 3


@unittest.skipUnless(SOAK, "ISO_SOAK=1 starts three nodes")
class Nodes(FaultTest):
    def setUp(self):
        super().setUp()
        self.cluster = Cluster()
        self.enterContext(self.cluster)

    def make(self, queue, kind):
        made = run(
            "listen", queue, "--url", self.cluster.url, "--declare", "--drain", "--queue-type", kind, cwd=self.dir
        )  # fmt: skip
        self.assertEqual(made.status, 0, made.stderr)

    def rows(self, store, queue):
        with open_store(self.path(store)) as database:
            return database.execute("SELECT message_id, state FROM iso_messages WHERE queue = ?", (queue,)).fetchall()

    def done(self, store, queue):
        return sum(state == 1 for _, state in self.rows(store, queue))

    def hurt(self, queue, number):
        """Takes the leader's node away and brings it back: killed, or silent for a while."""
        node = self.cluster.leader(queue)
        if number % 2 == 0:
            node.kill()
            time.sleep(AWAY_SECONDS)
            self.cluster.restart(node)
        else:
            node.signal(signal.SIGSTOP)
            time.sleep(FROZEN_SECONDS)
            node.signal(signal.SIGCONT)
            self.cluster.await_all(of_its_own_accord=node)
        print(f"round {number}: {node.name} {'killed' if number % 2 == 0 else 'frozen'}", flush=True)

    def publish_rejects(self, publisher, names):
        """What the nodes refused while they had no leader is in the rejects, all of it, and goes when they have one."""
        confirmed = {receipt["message_id"] for receipt in publisher.receipts if receipt["status"] == "confirmed"}
        rejects = read_lines(self.path("rejects")) if os.path.exists(self.path("rejects")) else []
        self.assertEqual(confirmed | {record["message_id"] for record in rejects}, set(names))
        if rejects:
            again = run("publish", "--url", self.cluster.url, "--in", "records", "--file", "rejects", cwd=self.dir)
            self.assertEqual(again.status, 0, again.stderr)
        print(f"{len(rejects)} rejected, and published again", flush=True)

    def test_nodes_that_die_or_freeze_cost_no_message_and_bury_none(self):
        url = self.cluster.url
        self.make("direct", "quorum")
        self.make("relayed", "quorum")
        accepted = run(
            "publish", "--url", "sqlite:shop.db#outbox", "--in", "records", "--routing-key", "relayed",
            stdin=records(ids(MESSAGES, "r")), cwd=self.dir,
        )  # fmt: skip
        self.assertEqual(accepted.status, 0, accepted.stderr)
        names = ids(MESSAGES, "d")
        with (
            Iso("publish", "--url", url, "--in", "records", "--routing-key", "direct", "--timeout", "120s", "--rate", MESSAGES / 60,
                "--rejects", "rejects", stdin=records(names), cwd=self.dir) as publisher,
            Iso("publish", "--from", "sqlite:shop.db#outbox", "--url", url, "--follow", "--rate", MESSAGES / 60,
                stdin=b"", cwd=self.dir) as relay,
            Iso("listen", "direct", "--url", url, stdin=b"", cwd=self.dir) as listener,
            Iso("listen", "relayed", "--url", url, "--inbox", "sqlite:app.db", "--exec", "true", stdin=b"", cwd=self.dir) as inbox,
        ):  # fmt: skip
            for number in range(ROUNDS):
                time.sleep(self.random.uniform(1, 4))
                self.hurt("direct" if number % 4 < 2 else "relayed", number)
            self.assertIn(publisher.wait(300), (0, 1), publisher.stderr)
            self.publish_rejects(publisher, names)
            heard = lambda: {record["message_id"] for record in listener.receipts}
            wait_until(lambda: heard() == set(names), seconds=120, name="all that was published")
            wait_until(lambda: self.done("shop.db", "outbox") == MESSAGES, seconds=120, name="all of the outbox relayed")
            wait_until(lambda: self.done("app.db", "relayed") == MESSAGES, seconds=300, name="all of the inbox handled")
            for one in (relay, listener, inbox):
                one.signal(signal.SIGTERM)
            for one in (relay, listener, inbox):
                self.assertEqual(one.wait(), 143, one.stderr)
        self.account(listener)

    def account(self, listener):
        outbox, inbox = self.rows("shop.db", "outbox"), self.rows("app.db", "relayed")
        self.assertEqual(Counter(state for _, state in outbox), {1: MESSAGES})
        self.assertEqual(sorted(name for name, _ in inbox), ids(MESSAGES, "r"))
        heard = [record["message_id"] for record in listener.receipts]
        print(f"{MESSAGES} published, {len(heard)} heard, {len(heard) - len(set(heard))} of them twice", flush=True)

