"""A coprocess, and iso over it, killed again and again: each message is answered, and none is gone without."""

import contextlib
import json
import os
import signal
import time
from collections import Counter

from binary import SOAK, FaultTest, Iso, ids, records, run, wait_until
from broker import Shared
from store import open_store

KILLED = 137
MESSAGES, KILLS = (5000, 200) if SOAK else (60, 5)
# A process for each message makes it slow enough to be killed in the middle of one.
WORKER = r"""while read -r line; do printf '%s\n' "$line" | jq -c '{message_id, body}'; done"""


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(child) for child in file.read().split()]
    except OSError:  # it has ended
        return []


def memory_group(test, most):
    """A cgroup whose processes have at most so many bytes, which only root can make."""
    root, limits = "/sys/fs/cgroup", {"memory.max": most, "memory.swap.max": 0}
    if os.path.isdir(root + "/memory"):
        root, limits = root + "/memory", {"memory.limit_in_bytes": most, "memory.memsw.limit_in_bytes": most}
    group = f"{root}/iso-{os.getpid()}"
    try:
        os.mkdir(group)
        test.addCleanup(os.rmdir, group)
        for name, value in limits.items():
            with open(f"{group}/{name}", "w", encoding="ascii") as file:
                file.write(str(value))
    except OSError as error:
        test.skipTest(f"needs a cgroup of its own: {error}")
    return group


def answered(body):
    return json.loads(body)["id"]


class Handlers(FaultTest):
    def setUp(self):
        super().setUp()
        self.names = ids(MESSAGES)

    def fill(self, url, queue, replies):
        for name in (queue, replies):
            made = run("listen", name, "--url", url, "--declare", "--drain", cwd=self.dir)
            self.assertEqual(made.status, 0, made.stderr)
        sent = run(
            "publish", "--url", url, "--in", "records", "--routing-key", queue, "--reply-to", replies,
            stdin=records(self.names), cwd=self.dir,
        )  # fmt: skip
        self.assertEqual(sent.status, 0, sent.stderr)

    def listener(self, url, queue):
        return Iso(
            "listen", queue, "--url", url, "--reply", "--prefetch", "20", "--drain", "--coprocess", f"sh -c '{quoted(WORKER)}'",
            cwd=self.dir,
        )  # fmt: skip

    def finish(self, iso):
        self.assertEqual(iso.wait(), 0, iso.stderr)

    def kill_its_coprocess(self, url, queue):
        deaths = 0
        with self.listener(url, queue) as iso:
            while deaths < KILLS and iso.process.poll() is None:
                for child in children(iso.process.pid):
                    time.sleep(self.random.uniform(0, 0.08))
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(child, signal.SIGKILL)
                        deaths += 1
                    wait_until(lambda gone=child: gone not in children(iso.process.pid), name="the end of a killed child")
                time.sleep(0.002)
            self.finish(iso)
        self.assertGreaterEqual(iso.stderr.count("starting it again"), 3, iso.stderr)
        return deaths

    def kill_it(self, url, queue):
        kills = 0
        for _ in range(KILLS):
            with self.listener(url, queue) as iso:
                wait_until(lambda: children(iso.process.pid) or iso.process.poll() is not None, name="a coprocess")
                time.sleep(self.random.uniform(0, 0.3))
                kills += iso.kill() == KILLED
            self.assertEqual(self.gone_without(), set(), "acknowledged without an answer")
        self.assertGreaterEqual(kills, 3)
        wait_until(lambda: self.finish_one(url, queue), name="an empty queue")
        return kills

    def finish_one(self, url, queue):
        """What a broker has not got back yet from one that was killed is not there for the next."""
        with self.listener(url, queue) as iso:
            self.finish(iso)
        return self.left() == 0

    def check(self, answers, deaths):
        answers = Counter(answers)
        print(f"{deaths} killed, {MESSAGES} asked, {len(answers)} answered, {sum(answers.values()) - len(answers)} twice")
        self.assertEqual(set(answers), set(self.names))


def quoted(script):
    return script.replace("'", "'\\''")


class OnTheStore(Handlers):
    URL = "sqlite:shop.db"

    def rows(self, queue):
        with open_store(self.path("shop.db")) as database:
            return database.execute("SELECT message_id, state, body FROM iso_messages WHERE queue = ?", (queue,)).fetchall()

    def answers(self):
        return [answered(body) for _, _, body in self.rows("replies")]

    def left(self):
        return sum(state == 0 for _, state, _ in self.rows("q"))

    def gone_without(self):
        done = {name for name, state, _ in self.rows("q") if state != 0}
        return done - set(self.answers())

    def test_a_coprocess_killed_again_and_again_leaves_no_message_without_an_answer(self):
        self.fill(self.URL, "q", "replies")
        self.check_all_done(self.kill_its_coprocess(self.URL, "q"))

    def test_a_listen_killed_again_and_again_leaves_no_message_without_an_answer(self):
        self.fill(self.URL, "q", "replies")
        self.check_all_done(self.kill_it(self.URL, "q"))

    def test_a_handler_killed_by_the_kernel_for_its_memory_costs_no_message(self):
        group = memory_group(self, 32 << 20)
        self.fill(self.URL, "q", "replies")
        eats = "exec python3 -c 'b\"x\" * (1 << 28)'"
        with open(self.path("handler"), "w", encoding="ascii") as file:
            file.write(f"test -e fed && exit 0\ntouch fed\necho $$ >{group}/cgroup.procs\n{eats}\n")
        done = run("listen", "q", "--url", self.URL, "--exec", "sh handler", "--drain", cwd=self.dir)
        self.assertEqual(done.status, 0, done.stderr)
        self.assertIn("ended by signal 9", done.stderr)
        self.assertEqual({state for _, state, _ in self.rows("q")}, {1})

    def check_all_done(self, deaths):
        self.check(self.answers(), deaths)
        self.assertEqual({state for _, state, _ in self.rows("q")}, {1})


class OnTheBroker(Handlers):
    def setUp(self):
        super().setUp()
        self.broker = Shared()
        self.queue = f"handlers-{os.getpid()}-{self.id().rsplit('.', 1)[1][:40]}"
        self.replies = self.queue + "-re"
        self.addCleanup(self.delete_queues)

    def left(self):
        counts = dict(line.split() for line in self.broker.ctl("list_queues", "name", "messages").splitlines())
        return int(counts[self.queue])

    def gone_without(self):
        return set()  # seen at the end: each is acknowledged once

    def delete_queues(self):
        with self.broker.reader() as reader:
            reader.delete(self.queue)
            reader.delete(self.replies)

    def test_a_coprocess_on_the_broker_killed_again_and_again_leaves_no_message_without_an_answer(self):
        self.fill(self.broker.url, self.queue, self.replies)
        self.check_all_done(self.kill_its_coprocess(self.broker.url, self.queue))

    def test_a_listen_on_the_broker_killed_again_and_again_leaves_no_message_without_an_answer(self):
        self.fill(self.broker.url, self.queue, self.replies)
        self.check_all_done(self.kill_it(self.broker.url, self.queue))

    def check_all_done(self, deaths):
        with self.broker.reader() as reader:
            self.check([answered(body) for _, body in reader.drain(self.replies)], deaths)
            self.assertEqual(reader.drain(self.queue), [])
