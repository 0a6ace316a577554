"""The Nth allocation, system call or spawn of a run fails: it ends with a status of the manual, in time, and whatever
it says became of a message is so. Some N of each kind; with ISO_SOAK=1 every one."""

import contextlib
import http.server
import os
import shutil
import signal
import sqlite3
import subprocess
import threading

from binary import BIN, SLOWER, SOAK, FaultTest, clean_environment, ids, parse_receipts, records, run, wait_until
from broker import Shared
from store import open_store

STATUSES = {0, 1, *range(64, 79)}
SAMPLES = 12
OPEN = "SELECT message_id FROM iso_messages WHERE queue = 'q' AND state IN (0, 3)"


def rows(path, sql):
    """The first column; nothing where the store was not even made."""
    try:
        with open_store(path) as database:
            return [row[0] for row in database.execute(sql)]
    except sqlite3.OperationalError:
        return []


class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "7")
        self.send_header("ETag", '"1"')
        self.end_headers()
        self.wfile.write(b'{"a":1}')

    def log_message(self, *_):
        pass


class Torture(FaultTest):
    def numbers(self, total):
        """Those to try: all in a soak, else some, the first and the last among them."""
        if SOAK or total <= SAMPLES:
            return range(1, total + 1)
        return sorted({1, total, *self.random.sample(range(1, total + 1), SAMPLES)})

    def counted(self):
        with contextlib.suppress(FileNotFoundError), open(self.path("counted")) as file:
            return file.read().splitlines()
        return []

    def failed(self):
        """The name of the call that failed, if the run came to it."""
        return next((line.split()[1] for line in self.counted() if not line.endswith(" end")), "none")

    def once(self, what, nth, arguments, stdin):
        """One run in a folder of its own: (folder, status, stdout, stderr)."""
        folder = self.path("run")
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.path("made"), folder) if os.path.exists(self.path("made")) else os.mkdir(folder)
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.path("counted"))
        more = {"LD_PRELOAD": os.environ["ISO_FAIL_NTH_CALL"], "ISO_FAIL_WHAT": what, "ISO_FAIL_NTH": str(nth)}
        more["ISO_FAIL_COUNTED"] = self.path("counted")
        process = subprocess.Popen(
            [BIN, *arguments], cwd=folder, env=clean_environment(folder, **more),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        try:
            out, err = process.communicate(stdin, timeout=20 * SLOWER)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            out, err = process.communicate()
            self.fail(f"{what} {nth} ({self.failed()}): iso hangs; it said: {err.decode(errors='replace')}")
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return folder, process.returncode, out, err.decode(errors="replace")

    def torture(self, arguments, check, *, prepare=lambda folder: None, before=lambda: None, stdin=b""):
        """Runs `iso ARGUMENTS` in a copy of what `prepare` made, once for each call that is to fail. `check` is given the
        folder, the status and stdout, and raises AssertionError at a lie or a loss. `before` is called before each run."""
        os.mkdir(self.path("made"))
        prepare(self.path("made"))
        for what in ("memory", "call", "spawn"):
            before()
            _, status, out, err = self.once(what, 0, arguments, stdin)
            self.assertEqual(status, 0, f"nothing failed: {err}")
            total = int(self.counted()[-1].split()[0])
            for nth in self.numbers(total):
                before()
                folder, status, out, err = self.once(what, nth, arguments, stdin)
                with self.subTest(what=what, nth=nth, of=total, failed=self.failed(), status=status, stderr=err):
                    self.assertIn(status, STATUSES)
                    check(folder, status, out)

    def publish(self, folder, names, store="a.db", queue="q"):
        done = run("publish", "-u", f"sqlite:{store}", "--queue", queue, "--in", "records", cwd=folder, stdin=records(names))
        self.assertEqual(done.status, 0, done.stderr)

    def test_a_publish_says_confirmed_only_of_what_is_stored(self):
        names = ids(3)

        def check(folder, status, out):
            stored = rows(f"{folder}/a.db", "SELECT message_id FROM iso_messages")
            said = {receipt["message_id"] for receipt in parse_receipts(out) if receipt["status"] == "confirmed"}
            self.assertLessEqual(said, set(stored))
            if status == 0:
                self.assertEqual(stored, names)

        self.torture(["publish", "-u", "sqlite:a.db", "--queue", "q", "--in", "records"], check, stdin=records(names))

    def test_a_listen_takes_only_what_it_gave(self):
        names = ids(3)

        def check(folder, status, out):
            left = set(rows(f"{folder}/a.db", OPEN))
            given = {record["message_id"] for record in parse_receipts(out)}
            self.assertLessEqual(set(names), left | given)
            if status == 0:
                self.assertEqual((given, left), (set(names), set()))

        self.torture(["listen", "q", "-u", "sqlite:a.db", "--drain"], check, prepare=lambda made: self.publish(made, names))

    def test_a_listen_with_a_handler_takes_only_what_was_handled(self):
        names = ids(2)

        def check(folder, status, out):
            left = set(rows(f"{folder}/a.db", OPEN))
            handled = set()
            with contextlib.suppress(FileNotFoundError), open(f"{folder}/handled") as file:
                handled = set(file.read().split())
            self.assertLessEqual(set(names), left | handled)
            if status == 0:
                self.assertEqual((handled, left), (set(names), set()))

        self.torture(["listen", "q", "-u", "sqlite:a.db", "--drain", "--exec", "sh -c 'echo $ISO_MESSAGE_ID >> handled'"], check,
                     prepare=lambda made: self.publish(made, names))

    def test_an_inbox_has_what_its_queue_lacks(self):
        names = ids(3)

        def check(folder, status, out):
            left = set(rows(f"{folder}/a.db", OPEN))
            kept = rows(f"{folder}/in.db", "SELECT message_id FROM iso_messages")
            given = {record["message_id"] for record in parse_receipts(out)}
            self.assertEqual(len(kept), len(set(kept)))
            self.assertLessEqual(set(names), left | set(kept))
            if status == 0:
                self.assertEqual((set(kept), given, left), (set(names), set(names), set()))

        self.torture(["listen", "q", "-u", "sqlite:a.db", "--inbox", "sqlite:in.db", "--drain"], check,
                     prepare=lambda made: self.publish(made, names))

    def test_a_relay_loses_nothing(self):
        names = ids(3)

        def prepare(made):
            self.publish(made, names)
            self.publish(made, ["first"], store="b.db", queue="to")

        def check(folder, status, out):
            left = set(rows(f"{folder}/a.db", OPEN))
            sent = set(rows(f"{folder}/b.db", "SELECT message_id FROM iso_messages")) - {"first"}
            said = {receipt["message_id"] for receipt in parse_receipts(out) if receipt["status"] == "confirmed"}
            self.assertLessEqual(set(names), left | sent)
            self.assertLessEqual(said, sent)
            if status == 0:
                self.assertEqual((sent, left), (set(names), set()))

        self.torture(["publish", "--from", "sqlite:a.db#q", "-u", "sqlite:b.db", "--exchange", "", "--routing-key", "to"], check,
                     prepare=prepare)

    def test_a_fetch_gives_the_body_or_none(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        threading.Thread(target=server.serve_forever, daemon=True).start()

        def check(folder, status, out):
            self.assertIn(out, (b"", b'{"a":1}', b'{"a":1}\n'))
            if status == 0:
                self.assertEqual(out.strip(), b'{"a":1}')

        self.torture(["fetch", f"http://127.0.0.1:{server.server_port}/page"], check)

    def sides(self, right):
        def prepare(made):
            for name, names in (("left", ids(50)), ("right", right)):
                with open(f"{made}/{name}", "wb") as file:
                    file.write(records(names))

        return prepare

    def test_a_reconcile_of_equal_sides_never_finds_a_difference(self):
        self.torture(["reconcile", "left", "right"], lambda folder, status, out: self.assertNotEqual(status, 1),
                     prepare=self.sides(ids(50)))

    def test_a_reconcile_of_different_sides_never_finds_them_equal(self):
        def check(folder, status, out):
            self.assertNotEqual((status, out.count(b"missing")), (0, 0))

        self.torture(["reconcile", "left", "right", "--fail-on", "duplicate"], check, prepare=self.sides(ids(49)))

    def queue(self):
        """A broker, and an empty queue of it."""
        broker, queue = Shared(), f"torture-{os.getpid()}"
        with broker.reader() as reader:
            reader.declare(queue)
        self.addCleanup(self.delete, broker, queue)
        return broker, queue

    def delete(self, broker, queue):
        with broker.reader() as reader:
            reader.delete(queue)

    def test_a_publish_to_a_broker_says_confirmed_only_of_what_it_has(self):
        broker, queue = self.queue()
        names = ids(3)

        def check(_, status, out):
            arrived = set(broker.arrived(queue))
            said = {receipt["message_id"] for receipt in parse_receipts(out) if receipt["status"] == "confirmed"}
            self.assertLessEqual(said, arrived)
            if status == 0:
                self.assertEqual((said, arrived), (set(names), set(names)))

        self.torture(["publish", "-u", broker.url, "--routing-key", queue, "--in", "records", "--timeout", "5s"], check,
                     before=lambda: broker.arrived(queue), stdin=records(names))

    def test_a_listen_at_a_broker_takes_only_what_it_gave(self):
        broker, queue = self.queue()
        names = ids(3)

        def before():
            with broker.reader() as reader:
                reader.drain(queue)
                for name in names:
                    reader.publish(queue, name, b"1")
                wait_until(lambda: reader.declare(queue) == len(names), name="all in the queue")

        def check(_, status, out):
            given = {record["message_id"] for record in parse_receipts(out)}
            left = set()

            def accounted():  # what was not acknowledged goes back once the broker sees the end of the connection
                left.update(broker.arrived(queue))
                return set(names) <= given | left

            wait_until(accounted, seconds=5, name="each message given or left")
            if status == 0:
                self.assertEqual((given, left), (set(names), set()))

        self.torture(["listen", queue, "-u", broker.url, "--drain", "--timeout", "5s"], check, before=before)
