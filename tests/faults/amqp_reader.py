"""A reader of AMQP 0-9-1 queues, small and independent of iso: the witness of what has arrived."""

import os
import socket
import struct

_METHOD, _HEADER, _BODY, _END = 1, 2, 3, 0xCE
_START, _TUNE, _OPEN_OK = (10, 10), (10, 30), (10, 41)
_GET_OK, _GET_EMPTY = (60, 71), (60, 72)
_SLOWER = int(os.environ.get("ISO_TEST_SLOWER", 1))
_AHEAD = 200  # basic.get on their way at once


def _short(text):
    return bytes([len(text)]) + text.encode()


class Reader:
    """A connection to amqp://guest:guest@host:port/; everything it takes is taken without acknowledgement."""

    def __init__(self, port, host="127.0.0.1"):
        self._socket = socket.create_connection((host, port), 10)
        self._socket.settimeout(20 * _SLOWER)
        self._buffer = b""
        self._socket.sendall(b"AMQP\0\0\x09\x01")
        self._expect(_START)
        plain = b"\0guest\0guest"
        self._send(0, (10, 11), struct.pack(">I", 0) + _short("PLAIN") + struct.pack(">I", len(plain)) + plain + _short("en_US"))
        self._expect(_TUNE)
        self._send(0, (10, 31), struct.pack(">HIH", 1, 131072, 0))
        self._send(0, (10, 40), _short("/") + b"\0\0")
        self._expect(_OPEN_OK)
        self._send(1, (20, 10), b"\0")
        self._expect((20, 11))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()

    def declare(self, queue, **arguments):
        """A durable queue; arguments are integers or text. Returns how many messages are ready in it."""
        table = b""
        for name, value in arguments.items():
            table += _short(name.replace("_", "-"))
            table += b"l" + struct.pack(">q", value) if isinstance(value, int) else b"S" + struct.pack(">I", len(value)) + value.encode()
        self._send(1, (50, 10), b"\0\0" + _short(queue) + b"\x02" + struct.pack(">I", len(table)) + table)
        arguments = self._expect((50, 11))
        return struct.unpack_from(">I", arguments, 1 + arguments[0])[0]

    def delete(self, queue):
        self._send(1, (50, 40), b"\0\0" + _short(queue) + b"\0")
        self._expect((50, 41))

    def declare_fanout(self, exchange, queue):
        """A durable exchange of this type, bound to the queue."""
        self._send(1, (40, 10), b"\0\0" + _short(exchange) + _short("fanout") + b"\x02" + struct.pack(">I", 0))
        self._expect((40, 11))
        self._send(1, (50, 20), b"\0\0" + _short(queue) + _short(exchange) + _short("") + b"\0" + struct.pack(">I", 0))
        self._expect((50, 21))

    def delete_exchange(self, exchange):
        self._send(1, (40, 20), b"\0\0" + _short(exchange) + b"\0")
        self._expect((40, 21))

    def drain(self, queue):
        """The (message_id, body) of every ready message; leaves the queue empty."""
        messages, asked, ended = [], 0, False
        while asked or not ended:
            while not ended and asked < _AHEAD:
                self._send(1, (60, 70), b"\0\0" + _short(queue) + b"\x01")
                asked += 1
            kind, rest = self._method()
            asked -= 1
            if kind == _GET_EMPTY:
                ended = True
            elif kind == _GET_OK:
                messages.append(self._content())
            else:
                raise AssertionError(f"the broker answered basic.get with {kind}: {rest!r}")
        return messages

    def publish(self, queue, message_id, body):
        """To the default exchange, persistent, without confirms."""
        self._send(1, (60, 40), b"\0\0" + _short("") + _short(queue) + b"\0")
        flags = 1 << 12 | 1 << 7  # delivery_mode, message_id
        self._frame(_HEADER, 1, struct.pack(">HHQH", 60, 0, len(body), flags) + b"\x02" + _short(message_id))
        if body:
            self._frame(_BODY, 1, body)

    def _content(self):
        kind, payload = self._read_frame()
        assert kind == _HEADER, kind
        size, flags = struct.unpack_from(">QH", payload, 4)
        message_id = _message_id(payload, 14, flags)
        body = b""
        while len(body) < size:
            kind, payload = self._read_frame()
            assert kind == _BODY, kind
            body += payload
        return message_id, body

    def _send(self, channel, method, arguments):
        self._frame(_METHOD, channel, struct.pack(">HH", *method) + arguments)

    def _frame(self, kind, channel, payload):
        self._socket.sendall(struct.pack(">BHI", kind, channel, len(payload)) + payload + bytes([_END]))

    def _expect(self, wanted):
        kind, arguments = self._method()
        if kind != wanted:
            raise AssertionError(f"wanted method {wanted}, got {kind}: {arguments!r}")
        return arguments

    def _method(self):
        kind, payload = self._read_frame()
        assert kind == _METHOD, kind
        return struct.unpack_from(">HH", payload), payload[4:]

    def _read_frame(self):
        while True:
            kind, _, size = struct.unpack(">BHI", self._read(7))
            payload = self._read(size + 1)
            assert payload[-1] == _END
            if kind != 8:  # heartbeat
                return kind, payload[:-1]

    def _read(self, size):
        while len(self._buffer) < size:
            data = self._socket.recv(65536)
            if not data:
                raise AssertionError("the broker closed the connection")
            self._buffer += data
        data, self._buffer = self._buffer[:size], self._buffer[size:]
        return data


class Acknowledged:
    """Follows what a client sent on its one connection: `tags` are the deliveries that it acknowledged on its
    one channel with basic.ack."""

    def __init__(self):
        self.tags = set()
        self._buffer, self._begun, self._last = b"", False, 0

    def feed(self, data):
        self._buffer += data
        if not self._begun and len(self._buffer) >= 8:
            assert self._buffer.startswith(b"AMQP"), self._buffer[:8]
            self._buffer, self._begun = self._buffer[8:], True
        while self._begun and len(self._buffer) >= 7:
            kind, _, size = struct.unpack_from(">BHI", self._buffer)
            if len(self._buffer) < 7 + size + 1:
                return
            assert self._buffer[7 + size] == _END
            self._frame(kind, self._buffer[7 : 7 + size])
            self._buffer = self._buffer[7 + size + 1 :]

    def _frame(self, kind, payload):
        if kind != _METHOD or struct.unpack_from(">HH", payload) != (60, 80):
            return
        tag, multiple = struct.unpack_from(">QB", payload, 4)
        # With `multiple`, all up to this one, and 0 is all that came: section 1.8.3.13.
        assert tag != 0, "all at once: which ones is not to be seen here"
        self.tags.update(range(self._last + 1, tag + 1) if multiple else [tag])
        self._last = tag if multiple else self._last


def _message_id(payload, at, flags):
    """AMQP 0-9-1 section 4.2.6.1: properties that are there follow in the order of their flags."""
    for bit in (15, 14, 13, 12, 11, 10, 9, 8, 7):
        if not flags & 1 << bit:
            continue
        if bit == 13:  # headers
            size = 4 + struct.unpack_from(">I", payload, at)[0]
        elif bit in (12, 11):  # delivery_mode, priority
            size = 1
        else:
            size = 1 + payload[at]
        if bit == 7:
            return payload[at + 1 : at + size].decode()
        at += size
    return None
