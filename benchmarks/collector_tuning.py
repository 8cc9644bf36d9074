"""What the strategy `gc` saves in programs that allocate: interleaved pairs of fresh processes, tuned and not.

Beside 400 000 live objects each program works for a while under ``watch``, is optimised or not, and is timed on forty
times as much of the same work: objects that stay, cycles that are garbage at once, and rows that go by themselves.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from typing import Final, NamedTuple

from .machine import processor_name
from .tables import markdown_table
from .timing import Spread, confidence

KINDS: Final = ("objects that stay", "cycles", "rows that go")
MEBI: Final = 1024

PROGRAM: Final = """
import gc, json, resource, sys, time
from pytest_memopt import CollectorTuning, MemoryOptimizer
from pytest_memopt.optimize.collection_counter import CollectionCounter

class Node:
    def __init__(self, number):
        self.number, self.kids, self.parent = number, [], None

def rows():
    return [{"id": number, "tags": [number, number + 1]} for number in range(20_000)]

def work(kind, rounds):
    kept = []
    for _ in range(rounds):
        if kind == "objects that stay":
            kept.append(rows())
        elif kind == "cycles":
            for number in range(20_000):
                node, kid = Node(number), Node(number)
                node.kids.append(kid)
                kid.parent = node
        else:
            rows()
    return kept

kind, is_tuned = sys.argv[1], sys.argv[2] == "tuned"
old = [Node(number) for number in range(400_000)]
counter = CollectionCounter()
optimizer = MemoryOptimizer([CollectorTuning(counter)], counter=counter)
with optimizer.watch():
    warm = work(kind, 3)
began = time.perf_counter()
if is_tuned:
    optimizer.optimize()
optimized = time.perf_counter()
kept = work(kind, 40)
ended = time.perf_counter()
print(json.dumps([ended - optimized, optimized - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


class Run(NamedTuple):
    """One program.

    Attributes:
        work_s: seconds of the work that is compared.
        optimize_s: seconds that optimising took before it.
        peak_kib: most resident memory.
    """

    work_s: float
    optimize_s: float
    peak_kib: int


def run(kind: str, *, is_tuned: bool) -> Run:
    """One program in a process of its own."""
    command = [sys.executable, "-c", PROGRAM, kind, "tuned" if is_tuned else "plain"]
    return Run(*json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout))


def measure(kind: str, pairs_count: int) -> list[tuple[Run, Run]]:
    """Pairs of a plain and a tuned run; every other one begins with the tuned."""
    taken = []
    for number in range(pairs_count):
        runs = {is_tuned: run(kind, is_tuned=is_tuned) for is_tuned in ((False, True) if number % 2 else (True, False))}
        taken.append((runs[False], runs[True]))
    return taken


def row(kind: str, taken: Sequence[tuple[Run, Run]]) -> list[str]:
    """The figures of one kind of work."""
    ratios = [tuned.work_s / plain.work_s for plain, tuned in taken]
    low, high = confidence(ratios)
    verdict = f"{Spread.of(ratios).middle:.2f} ({low:.2f} to {high:.2f})" + (
        ", no difference" if low < 1 < high else ""
    )
    plain_s, tuned_s, optimize_s, plain_kib, tuned_kib = (
        Spread.of(figures).middle
        for figures in (
            [plain.work_s for plain, _ in taken],
            [tuned.work_s for _, tuned in taken],
            [tuned.optimize_s for _, tuned in taken],
            [plain.peak_kib for plain, _ in taken],
            [tuned.peak_kib for _, tuned in taken],
        )
    )
    peaks = f"{plain_kib / MEBI:.0f} → {tuned_kib / MEBI:.0f} MiB"
    return [kind, f"{plain_s:.2f} s", f"{tuned_s:.2f} s", verdict, f"{optimize_s:.2f} s", peaks]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=15, help="interleaved pairs of each kind of work (15)")
    options = parser.parse_args()
    head = ["work", "plain", "tuned", "tuned ÷ plain (95 % interval)", "optimising, once", "peak RSS"]
    print(markdown_table(head, [row(kind, measure(kind, options.pairs)) for kind in KINDS]))
    print(f"\n{options.pairs} pairs each; {processor_name()}, CPython {sys.version.split()[0]}")


if __name__ == "__main__":
    main()
