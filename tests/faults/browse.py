"""The line goes while reconcile looks at a queue: it says nothing that is not so, and the queue stays as it was."""

import json

from binary import Iso, ids, records, run
from line import LineTest
from proxy import DOWN

MESSAGES = 3000
UNAVAILABLE = 69


class Browse(LineTest):
    def setUp(self):
        super().setUp()
        self.names = ids(MESSAGES)
        run(*self.publish(url=self.broker.url), stdin=records(self.names), cwd=self.dir)
        with open(self.path("sent"), "wb") as file:
            file.write(records(self.names))
        self.passed = 0
        self.proxy.watch = {DOWN: self.count}

    def count(self, data):
        self.passed += len(data)

    def reconcile(self):
        """Its exit status, what it found, and stderr."""
        with Iso("reconcile", "sent", self.url() + "#" + self.queue, cwd=self.dir) as iso:
            status = iso.wait()
        return status, [json.loads(line) for line in iso.out.splitlines()], iso.stderr

    def test_a_queue_whose_line_is_cut_is_never_said_to_lack_what_it_has_or_to_have_it_twice(self):
        status, found, _ = self.reconcile()
        self.assertEqual((status, found[-1]["ok"]), (0, MESSAGES))
        whole = self.passed
        for part in range(1, 12):
            with self.subTest(part=part):
                self.proxy.set(cut_after={DOWN: whole * part // 12})
                status, found, stderr = self.reconcile()
                self.assertEqual((status, found), (UNAVAILABLE, []), stderr)
        self.assertEqual(sorted(self.broker.arrived(self.queue)), self.names)
