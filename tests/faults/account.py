"""The exact account of a run: what was tried, what was promised, what arrived."""

from collections import Counter


class Account:
    """Message ids: `attempted` were given to iso in this order; `receipts` are what it printed; `arrived` is
    what an independent reader found; `rejects` what it put into --rejects, None if there was no such file."""

    def __init__(self, attempted, receipts, arrived, rejects=None):
        self.attempted = list(attempted)
        self.told = [receipt["message_id"] for receipt in receipts]
        self.accepted = {r["message_id"] for r in receipts if r["status"] == "confirmed"}
        self.statuses = Counter(receipt["status"] for receipt in receipts)
        self.arrived = Counter(arrived)
        self.rejects = rejects

    @property
    def lost(self):
        return self.accepted - self.arrived.keys()

    @property
    def unexpected(self):
        return self.arrived.keys() - set(self.attempted)

    @property
    def duplicated(self):
        return sum(self.arrived.values()) - len(self.arrived)

    def __str__(self):
        return (
            f"attempted {len(self.attempted)}, receipts {dict(self.statuses)}, arrived {sum(self.arrived.values())}, "
            f"lost {len(self.lost)}, unexpected {len(self.unexpected)}, duplicated {self.duplicated}"
            + ("" if self.rejects is None else f", rejects {len(self.rejects)}")
        )

    def check(self, duplicates=0, complete=True):
        """Nothing lost, nothing unexpected, at most this many duplicates; receipts in the order of the input, and
        the rejects are exactly what was not confirmed. Complete: every message has its receipt; else the
        process was killed, or stopped reading, and its receipts cover the front of the input."""
        print(self)
        assert not self.lost, f"confirmed, but not there: {sorted(self.lost)[:5]}"
        assert not self.unexpected, f"there, but never sent: {sorted(self.unexpected)[:5]}"
        assert self.duplicated <= duplicates, f"{self.duplicated} duplicates; no more than {duplicates} are promised"
        assert self.told == self.attempted[: len(self.told)], "receipts are not in the order of the input"
        if complete:
            assert len(self.told) == len(self.attempted), f"{len(self.attempted) - len(self.told)} have no receipt"
        if self.rejects is not None:
            owed = [id for id in self.told if id not in self.accepted]
            assert self.rejects == owed, f"rejects {len(self.rejects)}, but {len(owed)} were not confirmed"
        return self
