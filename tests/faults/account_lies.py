"""The account finds each kind of lie: it is what all the other tests stand on."""

import unittest

from account import Account
from binary import ids

NAMES = ids(5)


def receipts(*statuses):
    return [{"message_id": name, "status": status} for name, status in zip(NAMES, statuses)]


ALL = receipts(*["confirmed"] * 5)
ONE_OPEN = receipts("confirmed", "confirmed", "unconfirmed", "confirmed", "confirmed")


class AccountLies(unittest.TestCase):
    def test_each_lie_is_found(self):
        lies = {
            "lost": (Account(NAMES, ALL, NAMES[1:]), {}),
            "never sent": (Account(NAMES, ALL, [*NAMES, "x"]), {}),
            "twice": (Account(NAMES, ALL, [*NAMES, NAMES[0]]), {}),
            "out of order": (Account(NAMES, ALL[::-1], NAMES), {}),
            "no receipt": (Account(NAMES, ALL[:4], NAMES), {}),
            "a gap in the receipts": (Account(NAMES, ALL[1:], NAMES), {"complete": False}),
            "not in the rejects": (Account(NAMES, ONE_OPEN, NAMES, []), {}),
            "confirmed, and in the rejects": (Account(NAMES, ALL, NAMES, NAMES[:1]), {}),
        }
        for name, (account, bounds) in lies.items():
            with self.subTest(name), self.assertRaises(AssertionError):
                account.check(**bounds)

    def test_the_truth_is_let_through(self):
        Account(NAMES, ALL, NAMES, []).check()
        Account(NAMES, ONE_OPEN, [*NAMES, NAMES[2]], NAMES[2:3]).check(duplicates=1)
        Account(NAMES, ALL[:3], NAMES).check(complete=False)
