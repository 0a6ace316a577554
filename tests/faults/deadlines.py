"""Whatever iso waits for may say nothing, a byte a second, or too much: --timeout ends the wait, and so does a signal."""

import concurrent.futures
import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import threading

from binary import BIN, SLOWER, FaultTest, clean_environment, records, run

TERMINATED = 143
UNAVAILABLE = {69, 75}
MEMORY = 256  # MiB, of iso while it waits
HEARTBEAT = b"\x08\0\0\0\0\0\0\xce"
HTTP = b"HTTP/1.1 200 OK\r\n"


class Peer:
    """A server on loopback that greets, and goes on as its manner says. `came` is set once a client has
    what it says first."""

    def __init__(self, manner, greeting=b"", more=b"x" * 1000):
        self.manner, self.greeting, self.more = manner, greeting, more
        self.came, self._ended = threading.Event(), threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client):
        with client, contextlib.suppress(OSError):
            if self.manner == "says nothing":
                self.came.set()
                self._ended.wait()
            elif self.manner == "says a byte a second":
                for byte in self.greeting + self.more * 100:
                    client.sendall(bytes([byte]))
                    self.came.set()
                    if self._ended.wait(1):
                        return
            else:
                client.sendall(self.greeting)
                self.came.set()
                while not self._ended.wait(0.001):  # 64 MB a second at most
                    client.sendall(self.more * (64 * 1024 // len(self.more)))

    def close(self):
        self._ended.set()
        self._server.close()


class SilentNames:
    """A DNS server that never answers; one that is `cut` says to come again by TCP, and then says nothing."""

    def __init__(self, cut):
        self.came, self._cut = threading.Event(), cut
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self):
        with contextlib.suppress(OSError):
            while True:
                query, client = self._udp.recvfrom(4096)
                self.came.set()
                if self._cut:
                    self._udp.sendto(query[:2] + b"\x83\x80" + query[4:], client)

    def close(self):
        self._udp.close()
        self._tcp.close()


MANNERS = ("says nothing", "says a byte a second", "says too much")
HTTP_MANNERS = (*MANNERS, "never ends its body")


def http_peer(manner):
    if manner == "never ends its body":
        return Peer(manner, HTTP + b"Content-Type: application/json\r\n\r\n", b"[" * 1024)
    return Peer(manner, HTTP, b"X-More: more\r\n")


def amqp_peer(manner):
    return Peer(manner, b"", HEARTBEAT)


def waits():
    """(name, peer, arguments): each command that waits for somebody else, and who that is. PORT is the peer's."""
    for manner in MANNERS:
        for scheme in ("amqp", "amqps"):
            url = f"{scheme}://127.0.0.1:PORT"
            yield f"publish to {scheme}", amqp_peer(manner), ("publish", "-u", url, "--routing-key", "q", "--body", "1")
            yield f"listen on {scheme}", amqp_peer(manner), ("listen", "q", "-u", url)
        yield "reconcile a queue", amqp_peer(manner), ("reconcile", "empty", "amqp://127.0.0.1:PORT#q")
        redis = lambda: Peer(manner, b"+", b"a" * 1000)
        fetch = ("fetch", "--no-cache", "--registry")
        yield "find in Redis", redis(), (*fetch, "redis://127.0.0.1:PORT", "http+redis://shop/x")
        yield "fetch over TLS", http_peer(manner), ("fetch", "--no-cache", "https://127.0.0.1:PORT/x")
    yield "find in Redis, a large answer", Peer("says too much", b"$500000000\r\n"), (
        *fetch, "redis://127.0.0.1:PORT", "http+redis://shop/x")
    for manner in HTTP_MANNERS:
        yield "fetch", http_peer(manner), ("fetch", "--no-cache", "http://127.0.0.1:PORT/x")
        yield "find in etcd", http_peer(manner), (*fetch, "etcd+http://127.0.0.1:PORT", "http+etcd://shop/x")
        yield "reconcile pages", http_peer(manner), ("reconcile", "empty", "http://127.0.0.1:PORT/x", "--items", "")
    for cut in (False, True):
        yield "find in the DNS", SilentNames(cut), ("fetch", "--no-cache", "--dns-server", "127.0.0.1:PORT", "http+srv://shop.test/x")


class Deadlines(FaultTest):
    def start(self, arguments, port, timeout):
        arguments = [str(argument).replace("PORT", str(port)) for argument in arguments]
        return subprocess.Popen(
            [BIN, *arguments, "--timeout", timeout], cwd=self.dir, env=clean_environment(self.dir),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)

    def end_of(self, process, bound):
        """(status, MiB at most, stderr) of one that ends within `bound` seconds."""
        timer = threading.Timer(bound * SLOWER, process.kill)
        timer.start()
        err = process.stderr.read().decode(errors="replace")
        process.stderr.close()
        _, status, usage = os.wait4(process.pid, 0)
        timer.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        return process.returncode, usage.ru_maxrss // 1024, err

    def each(self, check):
        open(self.path("empty"), "w").close()
        cases = list(waits())
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            for (name, peer, _), fault in zip(cases, pool.map(lambda case: check(*case), cases)):
                peer.close()
                with self.subTest(name=name, peer=getattr(peer, "manner", "never answers")):
                    self.assertIsNone(fault)

    def test_a_wait_ends_with_the_timeout(self):
        def check(name, peer, arguments):
            status, memory, err = self.end_of(self.start(arguments, peer.port, "1s"), 8)
            if status not in UNAVAILABLE or memory > MEMORY:
                return f"exit {status}, {memory} MiB: {err}"

        self.each(check)

    def test_a_wait_hears_a_signal(self):
        def check(name, peer, arguments):
            process = self.start(arguments, peer.port, "60s")
            came = peer.came.wait(20 * SLOWER)
            os.kill(process.pid, signal.SIGTERM)
            status, memory, err = self.end_of(process, 8)
            if not came or status not in {TERMINATED, *UNAVAILABLE} or memory > MEMORY:
                return f"came {came}, exit {status}, {memory} MiB: {err}"

        self.each(check)

    def held(self):
        """A store whose lock another process has."""
        done = run("publish", "-u", "sqlite:a.db", "--queue", "q", "--in", "records", cwd=self.dir, stdin=records(["m"]))
        self.assertEqual(done.status, 0, done.stderr)
        database = sqlite3.connect(self.path("a.db"), isolation_level=None)
        self.addCleanup(database.close)
        database.execute("BEGIN IMMEDIATE")

    def test_a_wait_for_a_store_ends_with_the_timeout(self):
        self.held()
        status, _, err = self.end_of(self.start(("publish", "-u", "sqlite:a.db", "--queue", "q", "--body", "1"), 0, "1s"), 8)
        self.assertIn(status, UNAVAILABLE, err)
