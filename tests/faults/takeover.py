"""Two relays on one outbox; the one that has the queue is killed again and again."""

import signal
import statistics
import time
from collections import Counter

from binary import SLOWER, SOAK, FaultTest, Iso, ids, records, run
from store import message_ids, message_states

WINDOW = 50
KILLS = 200 if SOAK else 15
MESSAGES_A_SECOND = 3000 // SLOWER


class Takeover(FaultTest):
    def relay(self, *more):
        return ["publish", "--from", "sqlite:out.db#outbox", "--url", "sqlite:to.db#in", "--window", WINDOW, *more]

    def following_relay(self):
        relay = Iso(*self.relay("--follow"), cwd=self.dir)
        self.addCleanup(relay.__exit__)
        return relay

    def fill(self, names):
        return Iso(
            "publish", "--url", "sqlite:out.db#outbox", "--in", "records", "--rate", MESSAGES_A_SECOND,
            stdin=records(names, routing_key="in"), cwd=self.dir,
        )  # fmt: skip

    def test_the_next_relay_takes_over_within_a_second_and_sends_at_most_a_window_twice(self):
        names = ids(1_000_000 if SOAK else 200_000)
        with self.fill(names) as filling:
            filling.wait_for_receipts(1)
            takeovers = self.kill_again_and_again()
            filling.signal(signal.SIGTERM)
            self.assertEqual(filling.wait(), 143, filling.stderr)
        last = run(*self.relay(), cwd=self.dir)
        self.assertEqual(last.status, 0, last.stderr)
        self.account([r["message_id"] for r in filling.receipts if r["status"] == "confirmed"], takeovers)

    def kill_again_and_again(self):
        """How long each takeover took, in seconds, from the kill to the next's first confirm."""
        takeovers = []
        relay = self.following_relay()
        relay.wait_for_receipts(1)
        for _ in range(KILLS):
            following = self.following_relay()
            following.wait_for_text("another relay has the queue", 10)
            time.sleep(self.random.uniform(0, 0.1))  # so that the kill comes at any moment
            start = time.monotonic()
            relay.kill()
            following.wait_for_receipts(1)
            takeovers.append(time.monotonic() - start)
            relay = following
        relay.signal(signal.SIGTERM)
        self.assertEqual(relay.wait(), 143, relay.stderr)
        return takeovers

    def account(self, accepted, takeovers):
        arrived = message_ids(self.path("to.db"))
        twice = sum(Counter(arrived).values()) - len(set(arrived))
        print(
            f"accepted {len(accepted)}, arrived {len(arrived)}, {twice} twice, in {len(takeovers)} kills; "
            f"takeover {statistics.median(takeovers):.3f} s, at most {max(takeovers):.3f} s"
        )
        self.assertEqual(list(dict.fromkeys(arrived)), accepted, "the order of the first arrivals")
        self.assertLessEqual(twice, WINDOW * len(takeovers))
        self.assertEqual({state for _, state in message_states(self.path("out.db"))}, {1})
        # The median, as a busy machine may hold up any one of them.
        self.assertLess(statistics.median(takeovers), SLOWER)
