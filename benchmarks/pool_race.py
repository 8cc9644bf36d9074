"""The race itself, run where the peers are installed: ``python -m benchmarks.pool_race PLAN``, figures as JSON.

Alone: one thread borrows and returns, the loops of all pools in turn, and of each the quickest is taken, which is the one
that was disturbed least. Together: eight threads share four resources for a given time, the pools again in turn.
"""

from __future__ import annotations

import json
import sys
import threading
import time
import warnings
from collections.abc import Callable
from typing import Final, NamedTuple

from .pool_peers import PEERS, Loop, Peer

RESOURCES: Final = 4
THREADS: Final = 8
ALONE_COUNT: Final = 500
TOGETHER_COUNT: Final = 5
HELD_S: Final = 0.0002


class Plan(NamedTuple):
    """How often, and for how long.

    Attributes:
        alone: loops of each pool.
        together: repetitions of each pool and way to hold.
        seconds: of each of those.
    """

    alone: int = 200
    together: int = 5
    seconds: float = 2.0


class Throughput(NamedTuple):
    """What threads got together.

    Attributes:
        leases_per_s: all of them.
        most_ratio: the leases of the luckiest thread ÷ those of the unluckiest.
    """

    leases_per_s: float
    most_ratio: float


def nothing() -> None:
    """How a resource is held that is given back at once."""


def io() -> None:
    """How a resource is held that waits for an answer: the interpreter is free meanwhile."""
    time.sleep(HELD_S)


HOLDS: Final[dict[str, Callable[[], None]]] = {"nothing": nothing, "io": io}


def race_alone(loops: dict[str, Loop], repeats: int) -> dict[str, float]:
    """Seconds for one borrow and return of each."""
    best = dict.fromkeys(loops, float("inf"))
    for loop in loops.values():
        loop(RESOURCES, nothing)
    for _ in range(repeats):
        for name, loop in loops.items():
            began_s = time.perf_counter()
            loop(ALONE_COUNT, nothing)
            best[name] = min(best[name], (time.perf_counter() - began_s) / ALONE_COUNT)
    return best


def race_together(loop: Loop, hold: Callable[[], None], seconds: float) -> Throughput:
    """So many seconds of all threads on one pool."""
    counts, start, stop = [0] * THREADS, threading.Barrier(THREADS + 1), threading.Event()

    def work(place: int) -> None:
        start.wait()
        while True:
            loop(TOGETHER_COUNT, hold)
            counts[place] += TOGETHER_COUNT
            if stop.is_set():
                return

    threads = [threading.Thread(target=work, args=(place,)) for place in range(THREADS)]
    for thread in threads:
        thread.start()
    start.wait()
    began_s = time.perf_counter()
    time.sleep(seconds)
    stop.set()
    for thread in threads:
        thread.join()
    return Throughput(sum(counts) / (time.perf_counter() - began_s), max(counts) / min(counts))


def loops_of(peer: Peer) -> dict[str, Loop]:
    """Its loops by name, each with a pool of its own."""
    named = peer.make(RESOURCES)._asdict()
    return {f"{peer.title}|{way}": loop for way, loop in named.items() if loop is not None}


def run(plan: Plan) -> dict[str, object]:
    """All figures."""
    alone = race_alone({name: loop for peer in PEERS for name, loop in loops_of(peer).items()}, plan.alone)
    together: dict[str, list[Throughput]] = {}
    for _ in range(plan.together):
        for held, hold in HOLDS.items():
            for peer in PEERS:
                pair = peer.make(RESOURCES).pair
                if peer.waits and pair is not None:
                    taken = race_together(pair, hold, plan.seconds)
                    together.setdefault(f"{peer.title}|{held}", []).append(taken)
    return {"alone": alone, "together": together}


if __name__ == "__main__":
    warnings.simplefilter("ignore")  # of peers that call what is deprecated
    print(json.dumps(run(Plan(*json.loads(sys.argv[1])))))
