"""Stops or fails a process at the n-th system call of a kind, by strace."""

import collections
import re

KINDS = ("pwrite64", "write", "fdatasync", "fsync", "ftruncate", "openat", "unlink", "fcntl")


def at(kind, which, what):
    """The words before a command line so that `what` (signal=KILL, error=EIO) happens at the call `which`: a
    number, or N+ for the N-th and all after it."""
    return ["strace", "-qq", "-o", "/dev/null", "-e", f"trace={kind}", "-e", f"inject={kind}:{what}:when={which}"]


def counting(log, kinds=KINDS):
    """The words before a command line so that the file `log` lists its calls."""
    return ["strace", "-qq", "-o", log, "-e", "trace=" + ",".join(kinds)]


def counted(log):
    """How many calls of each kind are in the log."""
    with open(log, encoding="utf-8", errors="replace") as lines:
        return collections.Counter(m[1] for m in (re.match(r"(\w+)\(", line) for line in lines) if m)


def points(counts, most, random):
    """(kind, n) of calls to fail at: all of them, or `most` drawn at random but some of every kind."""
    every = {kind: [(kind, n) for n in range(1, count + 1)] for kind, count in counts.items()}
    if sum(map(len, every.values())) <= most:
        return [point for of_kind in every.values() for point in of_kind]
    share = most // len(every)
    drawn = [point for of_kind in every.values() for point in random.sample(of_kind, min(share, len(of_kind)))]
    rest = [point for of_kind in every.values() for point in of_kind if point not in set(drawn)]
    return drawn + random.sample(rest, min(most - len(drawn), len(rest)))
