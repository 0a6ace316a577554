"""A TCP proxy on loopback whose line can be made bad while it runs."""

import socket
import struct
import threading
import time

UP, DOWN = "up", "down"  # client to server, server to client
_CHUNK = 65536


class _Line:
    """One connection through the proxy: both sockets, and how many bytes went each way."""

    def __init__(self, client, server):
        self.ends = {UP: (client, server), DOWN: (server, client)}
        self.passed = {UP: 0, DOWN: 0}
        self.frozen = set()  # directions in which nothing goes any more
        self.dead = False

    def cut(self, reset):
        self.dead = True
        for end in self.ends[UP]:
            if reset:  # closing with linger 0 sends RST
                end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            try:
                end.shutdown(socket.SHUT_RD if reset else socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()


class Proxy:
    """Listens on `port` and passes bytes to (host, port). What is set counts for the next bytes.

    stalled        directions in which nothing is read any more: a black hole, no RST
    dropped        directions whose bytes are read and thrown away
    cut_after      {direction: N}: the line is cut when exactly N bytes have passed; once, then forgotten
    for_good       from that cut on it is refusing
    latency, rate  seconds before each piece; bytes a second
    piece          the most bytes that are sent at once
    refusing       new connections are reset at once
    """

    def __init__(self, host, port):
        self.target = (host, port)
        self.stalled, self.dropped, self.cut_after = set(), set(), {}
        self.latency, self.rate, self.piece, self.refusing = 0.0, 0, _CHUNK, False
        self.reset, self.for_good = True, False
        self.accepted = 0
        self.watch = {}  # direction: function of the bytes, called before they are passed
        self._lines = []
        self._changed = threading.Condition()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()
        self.cut()

    def set(self, **what):
        """Changes how the line is, at once and together."""
        with self._changed:
            for name, value in what.items():
                setattr(self, name, value)
            self._changed.notify_all()

    def heal(self):
        self.set(stalled=set(), dropped=set(), cut_after={}, latency=0.0, rate=0, piece=_CHUNK)
        self.set(refusing=False, for_good=False)

    def cut(self, reset=None):
        """Ends every connection: RST, or FIN if reset is False."""
        with self._changed:
            for line in self._lines:
                if not line.dead:
                    line.cut(self.reset if reset is None else reset)
            self._lines.clear()
            self._changed.notify_all()

    def freeze(self, *directions):
        """Nothing goes through the connections that are there, without a RST; new ones are as they were."""
        with self._changed:
            for line in self._lines:
                line.frozen |= set(directions or (UP, DOWN))

    def passed(self, direction):
        """Bytes that went through on the connections that are still there."""
        return sum(line.passed[direction] for line in self._lines)

    def wait_for(self, what, seconds=20):
        """Until what() is true."""
        with self._changed:
            if not self._changed.wait_for(what, seconds):
                raise AssertionError("the proxy never saw what was waited for")

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                self.accepted += 1
                self._changed.notify_all()
            self._open(client)

    def _open(self, client):
        try:
            if self.refusing:
                raise OSError
            server = socket.create_connection(self.target, 5)
        except OSError:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
            return
        server.settimeout(None)
        line = _Line(client, server)
        for end in (client, server):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._changed:
            self._lines.append(line)
        for direction in (UP, DOWN):
            threading.Thread(target=self._pump, args=(line, direction), daemon=True).start()

    def _pump(self, line, direction):
        source, sink = line.ends[direction]
        try:
            while True:
                self._wait_while_held(line, direction)
                data = source.recv(_CHUNK)
                self._wait_while_held(line, direction)  # a stall that began during recv holds these bytes too
                if not data:
                    break
                if line.dead:
                    return
                if direction in self.watch:
                    self.watch[direction](data)
                self._pass(line, direction, sink, data)
            if not line.dead:
                sink.shutdown(socket.SHUT_WR)
        except OSError:
            if not line.dead:
                line.cut(True)

    def _wait_while_held(self, line, direction):
        held = lambda: direction in self.stalled or direction in line.frozen
        with self._changed:
            self._changed.wait_for(lambda: line.dead or not held())

    def _pass(self, line, direction, sink, data):
        while data:
            left = self.cut_after.get(direction)
            room = len(data) if left is None else left - line.passed[direction]
            part = data[: max(0, min(room, self.piece, len(data)))]
            if part:
                if self.latency or self.rate:
                    time.sleep(self.latency + (len(part) / self.rate if self.rate else 0))
                if direction not in self.dropped:
                    sink.sendall(part)
                with self._changed:
                    line.passed[direction] += len(part)
                    self._changed.notify_all()
                data = data[len(part) :]
            if left is not None and line.passed[direction] >= left:
                self.refusing = self.for_good
                self.cut_after.pop(direction, None)
                line.cut(self.reset)
                raise OSError("cut")
