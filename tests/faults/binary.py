"""Runs the binary under test, named by BIN, in a clean environment."""

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import unittest

BIN = os.environ["BIN"]
SOAK = os.environ.get("ISO_SOAK") == "1"
SLOWER = int(os.environ.get("ISO_TEST_SLOWER", 1))  # how many times slower the machine is, or BIN by its sanitizers
SEED = int(os.environ.get("ISO_TEST_SEED", random.SystemRandom().randrange(1 << 32)))


def clean_environment(home, **more):
    return {"PATH": os.environ["PATH"], "HOME": home, "LC_ALL": "C", "TZ": "UTC", "NO_COLOR": "1", **more}


def records(ids, **fields):
    """One record a line for --in records, each with its id and a body that names it."""
    return "".join(json.dumps({"message_id": id, "body": {"id": id}, **fields}) + "\n" for id in ids).encode()


def ids(count, name="m"):
    return [f"{name}{n:06}" for n in range(count)]


def in_batches(names, random, most=4):
    """The ids in pieces of 1 to `most`."""
    names, batches = list(names), []
    while names:
        size = random.randint(1, most)
        batches.append(names[:size])
        names = names[size:]
    return batches


def parse_receipts(text):
    """Whole lines only: a line that a kill cut off promises nothing."""
    return [json.loads(line) for line in text.split(b"\n")[:-1]]


def read_lines(path):
    with open(path, "rb") as file:
        return [json.loads(line) for line in file]


class Iso:
    """iso in the background. Its stdout and stderr are collected; stdin is bytes, an open file, or a pipe that
    feed() and end_input() write to."""

    def __init__(self, *arguments, stdin=None, cwd, stdout=subprocess.PIPE, before=(), environment=None):
        self._fed = stdin is None
        piped = self._fed or isinstance(stdin, bytes)
        self.process = subprocess.Popen(
            [*before, BIN, *map(str, arguments)],
            stdin=subprocess.PIPE if piped else stdin,
            stdout=stdout,
            stderr=subprocess.PIPE,
            cwd=cwd,
            env=clean_environment(cwd, **(environment or {})),
        )
        self.out, self.err = bytearray(), bytearray()
        self._ended = False  # it closed stdout or stderr
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=self._collect, args=(self.process.stderr, self.err), daemon=True)]
        if self.process.stdout:
            self._threads.append(threading.Thread(target=self._collect, args=(self.process.stdout, self.out), daemon=True))
        if isinstance(stdin, bytes):
            threading.Thread(target=self._give, args=(stdin,), daemon=True).start()
        for thread in self._threads:
            thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.kill()
        if self.process.stdin:
            self.end_input()

    def _collect(self, stream, into):
        while data := os.read(stream.fileno(), 65536):
            with self._changed:
                into += data
                self._changed.notify_all()
        stream.close()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _give(self, data):
        with contextlib.suppress(OSError):  # it ended without reading all
            self.process.stdin.write(data)
        self.end_input()

    def feed(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def feed_in_rounds(self, batches, **fields):
        """Each batch of ids only once all before it have their receipts, so that commits and receipts alternate.
        Ends early if the process does."""
        given = 0
        with contextlib.suppress(BrokenPipeError):
            for batch in batches:
                self.feed(records(batch, **fields))
                given += len(batch)
                with self._changed:
                    done = lambda: self.out.count(b"\n") >= given or self._ended
                    if not self._changed.wait_for(done, 30 * SLOWER):
                        raise AssertionError(f"no receipts for {given} messages; it said: {self.stderr}")
        self.end_input()

    def end_input(self):
        with contextlib.suppress(OSError):
            self.process.stdin.close()

    def signal(self, number):
        self.process.send_signal(number)

    def kill(self):
        self.process.kill()
        return self.wait()

    def wait(self, seconds=60):
        """The exit status; 128 and the signal's number if one ended it."""
        try:
            status = self.process.wait(seconds * SLOWER)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"iso did not end within {seconds * SLOWER} s; it said: {self.stderr}") from None
        for thread in self._threads:
            thread.join(10)
        if self._fed:
            self.end_input()
        return status if status >= 0 else 128 - status

    def wait_for_receipts(self, count, seconds=30):
        self._wait_for(lambda: self.out.count(b"\n") >= count, seconds, f"{count} lines on stdout")

    def wait_for_text(self, text, seconds=30):
        self._wait_for(lambda: text.encode() in self.err, seconds, f"{text!r} on stderr")

    def _wait_for(self, what, seconds, name):
        with self._changed:
            if not self._changed.wait_for(lambda: what() or self.process.poll() is not None, seconds * SLOWER) or not what():
                raise AssertionError(f"iso never gave {name}; exit {self.process.poll()}; it said: {self.stderr}")

    @property
    def receipts(self):
        return parse_receipts(bytes(self.out))

    @property
    def stderr(self):
        return self.err.decode(errors="replace")


def run(*arguments, cwd, stdin=b"", seconds=60, **more):
    """iso from start to end."""
    iso = Iso(*arguments, stdin=stdin, cwd=cwd, **more)
    iso.status = iso.wait(seconds)
    return iso


def wait_until(what, seconds=20, name="what was waited for"):
    limit = time.monotonic() + seconds * SLOWER
    while not what():
        if time.monotonic() > limit:
            raise AssertionError(f"{name} did not come within {seconds * SLOWER} s")
        time.sleep(0.01)


class FaultTest(unittest.TestCase):
    """A test with a folder of its own and a seed that is shown."""

    def setUp(self):
        self.random = random.Random(SEED)
        print(f"{self.id()}: ISO_TEST_SEED={SEED}", file=sys.stderr)
        self.dir = tempfile.mkdtemp(prefix="iso-faults-", dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None)
        self.addCleanup(shutil.rmtree, self.dir, ignore_errors=True)

    def path(self, name):
        return os.path.join(self.dir, name)
