"""A URL that names several hosts: the next one is used when one is not there, is silent, or dies."""

import threading
import time

from binary import Iso, ids, records, run
from line import LineTest
from proxy import DOWN, UP

WINDOW = 50
TIMEOUT = 4  # seconds


class Hosts(LineTest):
    def setUp(self):
        super().setUp()
        self.first, self.second = self.proxy, self.new_proxy()
        self.both = self.url(proxies=[self.first, self.second])

    def both_ways(self, most):
        """A publish and a listen, each of them done within this many seconds by way of the second."""
        names = ids(20)
        limit = ("--timeout", f"{TIMEOUT}s")
        for command in (self.publish(*limit, url=self.both), self.listen("--count", "20", *limit, url=self.both)):
            began = time.monotonic()
            iso = run(*command, stdin=records(names), cwd=self.dir)
            took = time.monotonic() - began
            print(f"{took:.2f} s")
            self.assertEqual(iso.status, 0, iso.stderr)
            self.assertLess(took, most)
            self.assertEqual([receipt["message_id"] for receipt in iso.receipts], names)
        self.assertEqual(self.second.accepted, 2)

    def test_a_host_that_refuses_costs_no_time(self):
        self.first.set(refusing=True)
        self.both_ways(1.5)

    def test_a_host_that_accepts_and_is_silent_costs_its_share_of_the_time_and_no_more(self):
        self.first.set(stalled={UP, DOWN})
        self.both_ways(TIMEOUT / 2 + 1.5)

    def test_a_host_that_dies_in_the_middle_is_followed_by_the_next_and_nothing_is_lost(self):
        names = ids(2000)
        with Iso(*self.publish("--rate", "1000", "--window", WINDOW, url=self.both), cwd=self.dir) as iso:
            threading.Thread(target=iso.feed, args=(records(names),), daemon=True).start()
            iso.wait_for_receipts(self.random.randint(1, 1000))
            self.first.set(refusing=True)
            began = time.monotonic()
            self.first.cut()
            self.second.wait_for(lambda: self.second.accepted > 0)
            self.assertLess(time.monotonic() - began, 2)
            iso.wait_for_receipts(len(names))
            iso.end_input()
            self.assertEqual(iso.wait(), 0, iso.stderr)
        account = self.account(names, iso, duplicates=WINDOW)
        self.assertEqual(len(account.accepted), len(names))
