"""The line to the broker is cut, stalls or is slow: nothing that was confirmed is lost, and all is told."""

import contextlib
import os

from account import Account
from binary import SOAK, FaultTest, Iso, ids, read_lines, records, run
from broker import Shared
from proxy import DOWN, UP, Proxy

UNREACHABLE, UNCONFIRMED = 69, 75


class BadLine(FaultTest):
    def setUp(self):
        super().setUp()
        self.broker = Shared()
        self.queue = f"faults-{os.getpid()}-{self.id().rsplit('.', 1)[1]}"
        with self.broker.reader() as reader:
            reader.declare(self.queue)
        self.proxy = Proxy("127.0.0.1", self.broker.port)
        self.addCleanup(self.proxy.__exit__)

    def url(self, options=""):
        return f"amqp://guest:guest@127.0.0.1:{self.proxy.port}/{options}"

    def command(self, *more, options=""):
        return [
            "publish", "--url", self.url(options), "--in", "records", "--routing-key", self.queue,
            "--rejects", "rejects", *more,
        ]  # fmt: skip

    def account(self, names, iso, **check):
        rejects = [record["message_id"] for record in read_lines(self.path("rejects"))]
        account = Account(names, iso.receipts, self.broker.arrived(self.queue), rejects)
        return account.check(**check)

    def test_a_cut_after_any_byte_loses_nothing_and_each_message_is_accounted_for(self):
        names = ids(20)
        clean = run(*self.command(), stdin=records(names), cwd=self.dir)
        self.assertEqual(clean.status, 0, clean.stderr)
        sizes = {way: self.proxy.passed(way) for way in (UP, DOWN)}
        self.broker.arrived(self.queue)
        self.assertGreater(min(sizes.values()), 500)
        for way, size in sizes.items():
            step = 1 if SOAK else max(1, size // 40)
            for cut in range(self.random.randrange(step), size, step):
                with contextlib.redirect_stdout(None):
                    self.cut_once(names, way, cut, reset=self.random.random() < 0.5)

    def cut_once(self, names, way, cut, reset):
        # Refuses afterwards, so that a second connection does not hide what became of the first.
        self.proxy.heal()
        self.proxy.set(cut_after={way: cut}, reset=reset, watch={})
        before = self.proxy.accepted
        self.proxy.set(refusing=False)
        with Iso(*self.command("--timeout", "300ms"), stdin=records(names), cwd=self.dir) as iso:
            self.proxy.wait_for(lambda: self.proxy.accepted > before or iso.process.poll() is not None)
            self.proxy.wait_for(lambda: way not in self.proxy.cut_after or iso.process.poll() is not None, 10)
            self.proxy.set(refusing=True)
            status = iso.wait(20)
        where = f"cut {way} after {cut}: exit {status}, {iso.stderr}"
        self.assertIn(status, (0, UNREACHABLE, UNCONFIRMED), where)
        try:
            self.account(names, iso, complete=status == 0)
        except AssertionError as error:
            raise AssertionError(f"{where}: {error}") from None
