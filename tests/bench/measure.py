"""What the benches share: a run of one command, and a table of ratios with their targets."""

import os
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.realpath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, "build", "release")
ISO = os.path.join(BUILD, "iso")


def build():
    subprocess.run(["cmake", "--preset", "release", "-D", "ISO_BENCH=ON"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", "--preset", "release"], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


class Run:
    """One process: its wall time, CPU time in seconds and peak memory in KiB."""

    def __init__(self, command, stdin=None, stdout=None):
        start = time.monotonic()
        process = subprocess.Popen(command, stdin=stdin or subprocess.DEVNULL, stdout=stdout or subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status  # or Popen would wait for it too
        self.wall = time.monotonic() - start
        self.cpu = usage.ru_utime + usage.ru_stime
        self.memory = usage.ru_maxrss
        if status != 0:
            sys.exit(f"failed with status {status}: {command}")


class Table:
    def __init__(self):
        self.rows = []

    def row(self, what, ratio, target, unit="", more_is_better=True):
        met = target is None or (ratio >= target if more_is_better else ratio <= target)
        bound = "" if target is None else f"{'at least' if more_is_better else 'at most'} {target}"
        self.rows.append((what, f"{ratio:.2f}{unit}", bound, "" if met else "MISSED"))

    def show(self):
        widths = [max(len(row[column]) for row in self.rows) for column in range(4)]
        for row in self.rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())
        return not any(row[3] for row in self.rows)
