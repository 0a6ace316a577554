"""What the tests of the line share: a queue on the shared broker, behind a proxy."""

import os

from account import Account
from binary import FaultTest, read_lines
from broker import Shared
from proxy import Proxy


class LineTest(FaultTest):
    def setUp(self):
        super().setUp()
        self.broker = Shared()
        self.queue = f"faults-{os.getpid()}-{self.id().rsplit('.', 1)[1]}"
        with self.broker.reader() as reader:
            reader.declare(self.queue)
        self.addCleanup(self.delete_queue)
        self.proxy = self.new_proxy()

    def delete_queue(self):
        with self.broker.reader() as reader:
            reader.delete(self.queue)

    def new_proxy(self, port=None):
        proxy = Proxy("127.0.0.1", port or self.broker.port)
        self.addCleanup(proxy.__exit__)
        return proxy

    def url(self, options="", proxies=()):
        hosts = ",".join(f"127.0.0.1:{proxy.port}" for proxy in proxies or [self.proxy])
        return f"amqp://guest:guest@{hosts}/{options}"

    def publish(self, *more, url=None):
        return [
            "publish", "--url", url or self.url(), "--in", "records", "--routing-key", self.queue,
            "--rejects", "rejects", *more,
        ]  # fmt: skip

    def listen(self, *more, url=None):
        return ["listen", self.queue, "--url", url or self.url(), *more]

    def account(self, names, iso, **check):
        rejects = [record["message_id"] for record in read_lines(self.path("rejects"))]
        account = Account(names, iso.receipts, self.broker.arrived(self.queue), rejects)
        return account.check(**check)
