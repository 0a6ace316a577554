"""SIGKILL at every system call: what was promised is stored, and the next run goes on."""

import os
import shutil

from binary import SOAK, FaultTest, Iso, ids, in_batches, records, run
from store import is_whole, message_states, stored_after_crash
from syscalls import at, counted, counting, points


class KillEverywhere(FaultTest):
    def setUp(self):
        super().setUp()
        self.names = ids(24)
        self.batches = in_batches(self.names, self.random)
        self.store = self.path("kill/shop.db")

    def publish(self, before):
        """Into an empty folder."""
        shutil.rmtree(self.path("kill"), ignore_errors=True)
        os.mkdir(self.path("kill"))
        command = ["publish", "--url", f"sqlite:{self.store}", "--queue", "q", "--in", "records"]
        with Iso(*command, cwd=self.dir, before=before) as iso:
            iso.feed_in_rounds(self.batches)
            iso.status = iso.wait()
        return iso

    def test_publish_to_the_store_keeps_what_it_confirmed(self):
        self.assertEqual(self.publish(counting(self.path("log"))).status, 0)
        counts = counted(self.path("log"))
        killed = midway = 0
        for kind, n in points(counts, 100_000 if SOAK else 150, self.random):
            iso = self.publish(at(kind, n, "signal=KILL"))
            if iso.status == 0:
                continue  # this run made fewer calls of the kind
            killed += 1
            told = [receipt["message_id"] for receipt in iso.receipts]
            midway += 0 < len(told) < len(self.names)
            where = f"killed at {kind} {n}: exit {iso.status}, {iso.stderr}"
            self.assertEqual(iso.status, 137, where)
            self.assertEqual(told, self.names[: len(told)], where)
            self.check_store(told, where, go_on=SOAK or killed % 10 == 0)
        print(f"kill points {killed} of {sum(counts.values())}, with some of the receipts out {midway}")
        self.assertGreater(killed, 100)
        self.assertGreater(midway, killed // 4)

    def check_store(self, told, where, go_on):
        stored, whole = stored_after_crash(self.store)
        self.assertTrue(whole, where)
        self.assertEqual(stored, self.names[: len(stored)], where)
        self.assertGreaterEqual(len(stored), len(told), where)
        if go_on:
            again = run("publish", "--url", f"sqlite:{self.store}", "--queue", "q", "--body", "1", cwd=self.dir)
            self.assertEqual(again.status, 0, where + again.stderr)
            self.assertTrue(is_whole(self.store), where)


class KillBetween(FaultTest):
    """Two stores and a process that moves messages from one to the other, killed at system calls."""

    def setUp(self):
        super().setUp()
        self.names = ids(24)
        self.source, self.target = self.path("kill/from.db"), self.path("kill/to.db")
        fill = ["publish", "--url", f"sqlite:{self.path('full.db')}#q", "--in", "records"]
        iso = run(*fill, stdin=records(self.names, routing_key="in"), cwd=self.dir)
        self.assertEqual(iso.status, 0, iso.stderr)

    def run_afresh(self, command, before):
        """On a full source and no target."""
        shutil.rmtree(self.path("kill"), ignore_errors=True)
        os.mkdir(self.path("kill"))
        shutil.copyfile(self.path("full.db"), self.source)
        return run(*command, cwd=self.dir, before=before)

    def kill_at_points(self, command, check):
        """check(killed, again, moved, where) after each kill and the clean run that follows; `moved` are the ids
        that the target had before it."""
        self.assertEqual(self.run_afresh(command, counting(self.path("log"))).status, 0)
        counts = counted(self.path("log"))
        kills = midway = 0
        for kind, n in points(counts, 100_000 if SOAK else 80, self.random):
            killed = self.run_afresh(command, at(kind, n, "signal=KILL"))
            if killed.status == 0:
                continue  # this run made fewer calls of the kind
            kills += 1
            where = f"killed at {kind} {n}: exit {killed.status}, {killed.stderr}"
            self.assertEqual(killed.status, 137, where)
            moved = self.check_nothing_lost(where)
            midway += 0 < len(moved) < len(self.names)
            again = run(*command, cwd=self.dir)
            where += f"; then exit {again.status}, {again.stderr}"
            self.assertEqual(again.status, 0, where)
            self.check_all_moved(where)
            check(killed, again, moved, where)
        print(f"kill points {kills} of {sum(counts.values())}, with some of the messages moved {midway}")
        self.assertGreater(kills, 50)
        self.assertGreater(midway, 5)

    def check_nothing_lost(self, where):
        states = dict(message_states(self.source))
        self.assertEqual(list(states), self.names, where)
        moved, whole = stored_after_crash(self.target)
        self.assertTrue(whole and is_whole(self.source), where)
        done = {name for name, state in states.items() if state == 1}
        self.assertEqual(done - set(moved), set(), f"done, but not there: {where}")
        self.assertLessEqual(set(states.values()), {0, 1}, where)
        return moved

    def check_all_moved(self, where):
        self.assertEqual(message_states(self.source), [(name, 1) for name in self.names], where)
        arrived = [name for name, _ in message_states(self.target)]
        self.assertEqual(list(dict.fromkeys(arrived)), self.names, f"first arrivals: {where}")

    def test_the_relay_loses_nothing_and_sends_at_most_its_window_twice(self):
        window = 4
        twice = []

        def check(killed, again, moved, where):
            arrived = [name for name, _ in message_states(self.target)]
            twice.append(len(arrived) - len(self.names))
            self.assertLessEqual(twice[-1], window, where)
            told = {r["message_id"] for r in killed.receipts}
            self.assertLessEqual(told, set(moved), f"reported, but not there: {where}")

        command = ["publish", "--from", f"sqlite:{self.source}#q", "--url", f"sqlite:{self.target}#in", "--window", window]
        self.kill_at_points(command, check)
        print(f"sent twice: at most {max(twice)}, {sum(twice)} in all")

    def test_the_inbox_has_each_message_once_and_hands_on_all(self):
        def check(killed, again, moved, where):
            self.assertEqual(message_states(self.target), [(name, 1) for name in self.names], where)
            handed_on = {record["message_id"] for record in killed.receipts + again.receipts}
            self.assertEqual(handed_on, set(self.names), f"not handed on: {where}")

        # A prefetch below the number of messages, so that several batches are stored.
        command = ["listen", "q", "--url", f"sqlite:{self.source}", "--inbox", f"sqlite:{self.target}", "--drain", "--prefetch", 4]
        self.kill_at_points(command, check)


class KillRepair(FaultTest):
    """A repair killed at system calls, and run again: what RIGHT lacked is there, with its id."""

    def setUp(self):
        super().setUp()
        self.names = ids(24)
        self.left, self.right, self.other = self.path("left"), self.path("kill/right.db"), self.path("kill/other.db")
        with open(self.left, "wb") as file:
            file.write(records(self.names))
        fill = run("publish", "--url", f"sqlite:{self.path('full.db')}", "--queue", "q", "--in", "records", stdin=records(self.names[:4]), cwd=self.dir)
        self.assertEqual(fill.status, 0, fill.stderr)

    def run_afresh(self, command, before):
        shutil.rmtree(self.path("kill"), ignore_errors=True)
        os.mkdir(self.path("kill"))
        shutil.copyfile(self.path("full.db"), self.right)
        return run(*command, cwd=self.dir, before=before)

    def kill_at_points(self, command, check):
        """check(where) after each kill and the run that follows; gives how often some of it was sent before."""
        self.run_afresh(command, counting(self.path("log")))
        counts = counted(self.path("log"))
        kills = midway = 0
        for kind, n in points(counts, 100_000 if SOAK else 60, self.random):
            killed = self.run_afresh(command, at(kind, n, "signal=KILL"))
            if killed.status in (0, 1):
                continue  # this run made fewer calls of the kind
            kills += 1
            where = f"killed at {kind} {n}: exit {killed.status}, {killed.stderr}"
            self.assertEqual(killed.status, 137, where)
            again = run(*command, cwd=self.dir)
            sent = [r for r in again.receipts if r["status"] == "repaired"]
            midway += len(sent) < 20
            check(again, f"{where}; then exit {again.status}, {again.stderr}")
        print(f"kill points {kills} of {sum(counts.values())}, in the middle or after of the sending {midway}")
        self.assertGreater(kills, 30)
        self.assertGreater(midway, 3)

    def test_a_repair_that_was_killed_and_run_again_sends_each_message_once(self):
        def check(again, where):
            self.assertEqual(again.status, 0, where)
            self.assertEqual([name for name, _ in message_states(self.right)], self.names, where)

        self.kill_at_points(["reconcile", self.left, f"sqlite:{self.right}#q", "--repair", "--force"], check)

    def test_a_repair_to_another_end_that_was_killed_loses_nothing_and_sends_at_most_a_window_twice(self):
        twice = []

        def check(again, where):
            self.assertEqual(again.status, 1, where)  # RIGHT does not know of it yet
            sent = [name for name, _ in message_states(self.other)]
            self.assertEqual(sorted(set(sent)), self.names[4:], where)
            twice.append(len(sent) - 20)

        self.kill_at_points(
            ["reconcile", self.left, f"sqlite:{self.right}#q", "--repair", "--force", "--plan", "kill/plan",
             "--repair-to", f"sqlite:{self.other}#q"],
            check,
        )  # fmt: skip
        print(f"sent twice: at most {max(twice)}, {sum(twice)} in all")
        self.assertLessEqual(max(twice), 20)
