"""What a disk may hold after the power failed: the model behind the power-loss tests.

A file's bytes are safe once the file was synced; its name, once its folder was. Whatever came after may be
there or not, in any part, torn at 512 bytes.
"""

import os
import struct

_SECTOR = 512


def read_trace(path):
    """The events of record_io.c as (kind, path, offset, data)."""
    with open(path, "rb") as file:
        trace = file.read()
    events, at = [], 0
    while at < len(trace):
        kind, name_size, offset, size = struct.unpack_from("<cIQQ", trace, at)
        at += 21
        name = trace[at : at + name_size].decode()
        at += name_size
        kind = kind.decode()
        data = b""
        if kind not in "TS":
            data, at = trace[at : at + size], at + size
        events.append((kind, name, offset, data))
    return events


class _File:
    def __init__(self, content=b""):
        self.safe = bytearray(content)
        self.unsafe = []  # (kind, offset, data) since the last sync

    def sync(self):
        for change in self.unsafe:
            _apply(self.safe, *change)
        self.unsafe.clear()


def _apply(content, kind, offset, data):
    if kind == "T":
        del content[offset:]
        content.extend(bytes(max(0, offset - len(content))))
    else:
        content.extend(bytes(max(0, offset + len(data) - len(content))))
        content[offset : offset + len(data)] = data


class Disk:
    """Feed it events; ask it what a loss of power now could leave."""

    def __init__(self):
        self._now = {}  # path: _File, as the process sees them
        self._safe = {}  # path: _File, names that survive
        self._names = []  # (kind, path, _File) since their folder was synced

    def do(self, kind, path, offset, data):
        if kind == "C":
            self._now[path] = _File()
            self._names.append(("C", path, self._now[path]))
        elif kind == "U":
            self._names.append(("U", path, self._now.pop(path)))
        elif kind == "R":
            file = self._now.pop(path)
            self._now[data.decode()] = file
            self._names += [("U", path, file), ("C", data.decode(), file)]
        elif kind in "WT":
            self._now[path].unsafe.append((kind, offset, data))
        elif kind == "S" and path in self._now:
            self._now[path].sync()
        elif kind == "S":
            self._sync_folder(path)

    def _sync_folder(self, folder):
        rest = []
        for change in self._names:
            if os.path.dirname(change[1]) == folder:
                _rename(self._safe, *change)
            else:
                rest.append(change)
        self._names = rest

    def least(self):
        """Only what was synced: {path: bytes}."""
        return {path: bytes(file.safe) for path, file in self._safe.items()}

    def some(self, random):
        """What was synced and a random part of the rest."""
        names = dict(self._safe)
        for change in self._names:
            if random.random() < 0.5:
                _rename(names, *change)
        return {path: _some_bytes(file, random) for path, file in names.items()}


def _rename(names, kind, path, file):
    if kind == "C":
        names[path] = file
    else:
        names.pop(path, None)


def _some_bytes(file, random):
    content = bytearray(file.safe)
    for kind, offset, data in file.unsafe:
        if kind == "T":
            if random.random() < 0.5:
                _apply(content, kind, offset, data)
            continue
        for at in range(0, len(data), _SECTOR):
            if random.random() < 0.5:
                _apply(content, "W", offset + at, data[at : at + _SECTOR])
    return bytes(content)
