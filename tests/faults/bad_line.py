"""The line to the broker is cut or slow: nothing that was confirmed is lost, and all is told."""

import contextlib
import os
import resource
import signal
import time

from binary import SOAK, Iso, ids, records, run, wait_until
from line import LineTest
from proxy import DOWN, UP

UNREACHABLE, UNCONFIRMED = 69, 75
WINDOW = 5


class BadLine(LineTest):
    def measure(self, names):
        """Bytes of a whole run either way, and at most how many of them go before the first message's answer."""
        with Iso(*self.publish(), cwd=self.dir) as iso:
            iso.feed(records(names[:1]))
            iso.wait_for_receipts(1)
            login = {way: self.proxy.passed(way) for way in (UP, DOWN)}
        self.proxy.cut()
        clean = run(*self.publish("--window", WINDOW), stdin=records(names), cwd=self.dir)
        self.assertEqual(clean.status, 0, clean.stderr)
        sizes = {way: self.proxy.passed(way) for way in (UP, DOWN)}
        self.broker.arrived(self.queue)
        self.assertGreater(min(sizes.values()), 500)
        return sizes, login

    def each_cut(self, sizes, points):
        for way, size in sizes.items():
            step = 1 if SOAK else max(1, size // points)
            for cut in range(self.random.randrange(step), size, step):
                self.proxy.heal()
                self.proxy.set(cut_after={way: cut}, reset=self.random.random() < 0.5)
                open(self.path("rejects"), "wb").close()  # a run that fails early leaves those of the last
                with contextlib.redirect_stdout(None):
                    yield way, cut

    def check(self, where, names, iso, **check):
        try:
            return self.account(names, iso, **check)
        except AssertionError as error:
            raise AssertionError(f"{where}: {error}") from None

    def test_a_cut_after_any_byte_is_mended_and_each_message_is_confirmed(self):
        names = ids(20)
        sizes, login = self.measure(names)
        for way, cut in self.each_cut(sizes, 15):
            iso = run(*self.publish("--window", WINDOW, "--timeout", "10s"), stdin=records(names), cwd=self.dir)
            where = f"cut {way} after {cut}: exit {iso.status}, {iso.stderr}"
            if iso.status == UNREACHABLE and cut < login[way]:  # the first connection was never there
                self.assertEqual((iso.out, self.broker.arrived(self.queue)), (b"", []), where)
                continue
            self.assertEqual(iso.status, 0, where)
            account = self.check(where, names, iso, duplicates=WINDOW)
            self.assertEqual(len(account.accepted), len(names), where)

    def test_a_cut_for_good_after_any_byte_leaves_what_was_not_confirmed_in_the_rejects(self):
        names = ids(20)
        sizes, _ = self.measure(names)
        for way, cut in self.each_cut(sizes, 8):
            self.proxy.set(for_good=True)  # or a second connection hides what became of the first
            command = self.publish("--window", WINDOW, "--timeout", "300ms")
            iso = run(*command, stdin=records(names), cwd=self.dir)
            where = f"cut {way} after {cut}: exit {iso.status}, {iso.stderr}"
            self.assertIn(iso.status, (0, UNREACHABLE, UNCONFIRMED), where)
            self.check(where, names, iso, complete=iso.status == 0)

    def test_a_handler_that_outlives_its_connection_acknowledges_nothing_on_the_next(self):
        names = ids(2)
        with self.broker.reader() as reader:
            for name in names:
                reader.publish(self.queue, name, b"1")
            reader.declare(self.queue)  # whose answer comes after both are there
        # The first two wait for one file, those of the next connection for another, which comes
        # only when iso has gone.
        wanted = 'file=end; if [ "$ISO_REDELIVERED" = true ]; then file=gone; fi'
        handler = f"{wanted}; echo >> begun; until [ -e $file ]; do sleep 0.02; done; echo >> ended"
        command = self.listen("--prefetch", "4", "--jobs", "2", "--exec", f"sh -c '{handler}'")
        lines = lambda name: os.path.exists(self.path(name)) and os.path.getsize(self.path(name))
        with Iso(*command, cwd=self.dir) as iso:
            wait_until(lambda: lines("begun") == 2, name="the handlers' begin")
            self.proxy.cut()
            iso.wait_for_text("connected again")
            open(self.path("end"), "wb").close()
            wait_until(lambda: lines("begun") == 4, name="the begin of what came again")
            self.assertEqual(lines("ended"), 2)
            iso.signal(signal.SIGKILL)
            iso.process.wait(10)
            open(self.path("gone"), "wb").close()
            wait_until(lambda: lines("ended") == 4, name="the handlers' end")
        left = []

        def all_are_back():
            left.extend(self.broker.arrived(self.queue))
            return sorted(left) == names

        wait_until(all_are_back, name="each message again, as none was acknowledged,")

    def lines(self, name):
        if not os.path.exists(self.path(name)):
            return []
        with open(self.path(name), encoding="ascii") as file:
            return file.read().split()

    def fill(self, names):
        with self.broker.reader() as reader:
            for name in names:
                reader.publish(self.queue, name, b"1")
            reader.declare(self.queue)  # whose answer comes after all are there

    def test_what_had_not_begun_when_the_line_was_cut_begins_once(self):
        names = ids(6)
        self.fill(names)
        handler = "echo $ISO_MESSAGE_ID >> begun; until [ -e go ]; do sleep 0.02; done"
        with Iso(*self.listen("--prefetch", "10", "--idle", "1s", "--exec", f"sh -c '{handler}'"), cwd=self.dir) as iso:
            wait_until(lambda: self.lines("begun"), name="the first handler's begin")
            self.proxy.cut()
            iso.wait_for_text("connected again")
            open(self.path("go"), "wb").close()
            self.assertEqual(iso.wait(), 0, iso.stderr)
        self.assertEqual(self.lines("begun"), names[:1] + names)
        self.assertEqual(self.broker.arrived(self.queue), [])

    def test_an_acknowledgement_that_never_arrived_is_exit_75(self):
        names = ids(1)
        self.fill(names)
        handler = "echo >> begun; until [ -e go ]; do sleep 0.02; done"
        with Iso(*self.listen("--count", "1", "--exec", f"sh -c '{handler}'"), cwd=self.dir) as iso:
            wait_until(lambda: os.path.exists(self.path("begun")), name="the handler's begin")
            self.proxy.cut()
            open(self.path("go"), "wb").close()
            self.assertEqual(iso.wait(), UNCONFIRMED, iso.stderr)
            self.assertIn("may come again", iso.stderr)
        wait_until(lambda: self.broker.arrived(self.queue) == names, name="the message, which was not acknowledged,")

    def test_a_line_of_single_bytes_carries_a_run_without_a_busy_loop(self):
        names = ids(20)
        self.proxy.set(piece=1, rate=4000)
        before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
        iso = run(*self.publish(), stdin=records(names), cwd=self.dir)
        listener = run(*self.listen("--drain"), cwd=self.dir)
        after, took = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - began
        self.assertEqual((iso.status, listener.status), (0, 0), iso.stderr + listener.stderr)
        self.assertEqual([receipt["message_id"] for receipt in iso.receipts], names)
        self.assertEqual([record["message_id"] for record in listener.receipts], names)
        busy = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        print(f"{took:.1f} s, of them busy {busy:.2f} s")
        self.assertGreater(took, 1)
        self.assertLess(busy, took / 4)
