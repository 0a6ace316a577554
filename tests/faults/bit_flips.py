"""Bits of a store flip: iso says so, or gives what was stored; it never crashes, and gives no changed body."""

import os
import re
import shutil
from collections import Counter

from binary import SOAK, FaultTest, ids, records, run
from store import open_store

# Done, no message; data, missing, io, unconfirmed: a changed row may be any of these.
HONEST = {0, 1, 65, 66, 74, 75}


class BitFlips(FaultTest):
    def setUp(self):
        super().setUp()
        self.bodies = {name: f'{{"id": "{name}"}}' for name in ids(120)}  # as written, byte for byte
        iso = run("publish", "--url", "sqlite:good.db#q", "--in", "records", "--type", "t", stdin=records(self.bodies, routing_key="in"), cwd=self.dir)
        self.assertEqual(iso.status, 0, iso.stderr)
        with open_store(self.path("good.db")) as store:
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def flip(self, bits):
        """A fresh copy, with this many bits changed. Returns where."""
        for name in os.listdir(self.dir):
            if not name.startswith("good.db"):
                os.unlink(self.path(name))
        shutil.copyfile(self.path("good.db"), self.path("bad.db"))
        size = os.path.getsize(self.path("bad.db"))
        flips = [(self.random.randrange(size), 1 << self.random.randrange(8)) for _ in range(bits)]
        with open(self.path("bad.db"), "r+b") as file:
            for at, bit in flips:
                file.seek(at)
                byte = file.read(1)[0]
                file.seek(at)
                file.write(bytes([byte ^ bit]))
        return flips

    def check(self, iso, given, where):
        where = f"{where}: exit {iso.status}, {iso.stderr}"
        self.assertIn(iso.status, HONEST, where)
        owners = {body: name for name, body in self.bodies.items()}
        names = {name for name, _ in given}
        for name, body in given:
            self.assertIn(body, owners, where)
            # A flip in an id cannot be known. Then that id is missing where it should be.
            if self.bodies.get(name, body) != body:
                self.assertNotIn(owners[body], names, where)

    def printed(self, iso):
        """(message_id, body as it is written) of each line."""
        lines = bytes(iso.out).decode(errors="replace").split("\n")[:-1]
        records = [re.fullmatch(r'(?:.*"message_id":"([^"]*)")?.*?"body[^"]*":(.*)}', line) for line in lines]
        return [record.groups() if record else (None, line) for record, line in zip(records, lines)]

    def relayed(self):
        if not os.path.exists(self.path("to.db")):
            return []
        with open_store(self.path("to.db")) as store:
            store.text_factory = lambda data: data.decode(errors="replace")
            return store.execute("SELECT message_id, CAST(body AS TEXT) FROM iso_messages").fetchall()

    def test_no_flipped_bits_crash_it_or_pass_as_another_body(self):
        statuses = Counter()
        for _ in range(5000 if SOAK else 150):
            flips = self.flip(self.random.choice((1, 1, 3, 30)))
            listener = run("listen", "q", "--url", "sqlite:bad.db", "--peek", "--count", len(self.bodies), cwd=self.dir, seconds=20)
            self.check(listener, self.printed(listener), f"listen, {flips}")
            relay = run("publish", "--from", "sqlite:bad.db#q", "--url", "sqlite:to.db#in", "--max-attempts", 1, cwd=self.dir, seconds=20)
            self.check(relay, self.relayed(), f"relay, {flips}")
            statuses.update([listener.status, relay.status])
        print(f"statuses {dict(statuses)}")
        self.assertGreater(statuses[74], 10)
        self.assertGreater(statuses[0], 10)
