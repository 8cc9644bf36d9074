"""How often the verdict on leaks is wrong: series of levels are drawn by chance, and each is played through a whole hunt.

The workload and the meter are scripted, the hunt and its ruling are the real ones. ``python benchmarks/leak_series.py
--series 100000`` prints a table by kind of series and ends with 1 when a target is missed; the same seed gives the same
table. What nobody can tell from 60 rounds (a flush after a hundred) is listed without a target.
"""

from __future__ import annotations

import argparse
import random
import sys
from array import array
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from itertools import accumulate
from typing import Any, Final, NamedTuple

from pytest_memopt.leaks.catch import Catch, Patience
from pytest_memopt.leaks.census import Grown
from pytest_memopt.leaks.hunt import Hunt
from pytest_memopt.leaks.ruling import FLAT_ROUNDS, LeakKind
from pytest_memopt.meters.rounds import SIGNALS, AnySignal, Care, LeakSignal

RUNS: Final = 260
FALSE_ALARMS_MOST: Final = 0.0001
MISSED_MOST: Final = 0.01
_BLOCKS, _SMALL, _HEAP, _FDS = LeakSignal.BLOCKS, LeakSignal.SMALL_BYTES, LeakSignal.HEAP_BYTES, LeakSignal.FDS
_BURST_BYTES: Final = 544_768  # the table of interned strings, when there are 21 845 of them

Series = list[int]
Rng = random.Random


class Truth(Enum):
    """What a kind of series is, and so what is wanted of the verdict."""

    CLEAN = "clean"
    LEAK = "leak"
    EITHER = "open"


class Script(NamedTuple):
    """What a workload does to memory.

    Attributes:
        levels: what each signal reads after each run; the others don't move.
        containers: those that its runs fill.
        fill: fills them, given the number of the run.
        least: rounds that are wanted at least.
    """

    levels: Mapping[LeakSignal, Sequence[int]]
    containers: tuple[Any, ...] = ()
    fill: Callable[[int], object] = int
    least: int = FLAT_ROUNDS


class Kind(NamedTuple):
    """A kind of series.

    Attributes:
        name: for the table.
        truth: what it is.
        draw: makes one.
    """

    name: str
    truth: Truth
    draw: Callable[[Rng], Script]


class Stage:
    """A workload and a meter that follow a script; the census finds the script's containers."""

    signals: tuple[AnySignal, ...] = SIGNALS

    def __init__(self, script: Script) -> None:
        self._fill = script.fill
        self._columns = [(SIGNALS.index(signal), levels) for signal, levels in script.levels.items()]
        self._containers = list(script.containers)
        self._runs = 0

    def run(self) -> None:
        """One round."""
        self._runs += 1
        self._fill(self._runs)

    def begin(self, care: Care) -> None:
        """Nothing to settle."""

    def read(self, into: array[int], row: int) -> None:
        """The levels after this run."""
        for column, levels in self._columns:
            into[row * len(SIGNALS) + column] = levels[self._runs]

    def stands(self) -> bool:
        """It always does: no garbage is played."""
        return True

    def thaw(self) -> None:
        """Nothing is left out of collections."""

    def end(self) -> None:
        """Nothing to give back."""

    def census(self) -> Any:
        """Stands for its own census."""
        return self

    def grown_since(self) -> list[Grown]:
        """The containers that the script fills."""
        return [Grown(one, 0, 1) for one in self._containers]


def play(script: Script) -> Catch:
    """A hunt of what the script says."""
    stage = Stage(script)
    return Hunt(stage.run, stage, Patience(script.least), clock=float, census=stage.census).pursue()


# ------------------------------------------------------------------------------------------------ parts of series


def steady(rate: int, every: int = 1) -> Series:
    """A leak of so much in each ``every`` th round."""
    return [rate * (run // every) for run in range(RUNS)]


def warm_up(rng: Rng, steps: int | None = None) -> Series:
    """Up to three first runs that add something each."""
    steps = rng.randint(0, 3) if steps is None else steps
    return list(accumulate(rng.randint(1, 5000) if run <= steps else 0 for run in range(RUNS)))


def cycle(rng: Rng, period: int) -> Series:
    """A pattern whose changes sum up to zero."""
    size = 10 ** rng.randint(0, 4)
    pattern = [rng.randint(-size, size) for _ in range(period)]
    start = rng.randrange(period)
    return [pattern[(run + start) % period] for run in range(RUNS)]


def flushes(rng: Rng, period: int) -> Series:
    """Something is kept in each round, and all of it is let go of together."""
    size, start = rng.randint(1, 500), rng.randrange(period)
    return [size * ((run + start) % period) for run in range(RUNS)]


def noise(rng: Rng, size: float) -> Series:
    """Levels that have nothing to do with each other: even, bell-shaped, of two values, or seldom off."""
    draws: tuple[Callable[[], float], ...] = (
        lambda: rng.uniform(-1.7, 1.7),
        lambda: rng.gauss(0, 1),
        lambda: rng.choice((-1, 1)),
        lambda: rng.choice((0, 0, 0, 0, 2.5)),
    )
    draw = rng.choice(draws)
    return [round(size * draw()) for _ in range(RUNS)]


def ring(rng: Rng, size: float) -> Series:
    """A full ring of things of many sizes, of which each round replaces one: the oldest, or any."""
    slots, is_queue = rng.choice((4, 16, 64, 512)), rng.choice((True, False))
    draws: tuple[Callable[[], float], ...] = (
        lambda: rng.uniform(0, 2.4),
        lambda: rng.choice((0.0, 1.4)),
        lambda: rng.expovariate(1.4),
    )
    draw = rng.choice(draws)
    kept = [draw() for _ in range(slots)]
    total, levels = sum(kept), []
    for run in range(RUNS):
        at = run % slots if is_queue else rng.randrange(slots)
        new = draw()
        total += new - kept[at]
        kept[at] = new
        levels.append(round(size * total))
    return levels


def bursts(rng: Rng) -> Series:
    """Up to three steps within 48 rounds, each for good: one of a table that the interpreter keeps, the others of any size."""
    sizes = [_BURST_BYTES, *(rng.randint(64, 2 * _BURST_BYTES) for _ in range(rng.randint(0, 2)))]
    steps = {rng.randrange(60): size for size in sizes}
    return list(accumulate(steps.get(run, 0) for run in range(RUNS)))


def fill(rng: Rng, least: float, most: float) -> Series:
    """A cache that fills by the same share of what is left in each round."""
    share, capacity = _log_uniform(rng, least, most), _log_uniform(rng, 20, 1e6)
    return [round(capacity * (1 - (1 - share) ** run)) for run in range(RUNS)]


def collected(rng: Rng, least: float, most: float) -> Series:
    """A cache into which each round puts one of as many things as there are, any of them."""
    things, kept, size, levels = round(1 / _log_uniform(rng, least, most)), set[int](), rng.randint(1, 600), []
    for _ in range(RUNS):
        kept.add(rng.randrange(things))
        levels.append(size * len(kept))
    return levels


def table(rng: Rng) -> Series:
    """The bytes of a list or dict that gets an element in each round, and is full after some."""
    room, full, capacity, levels = rng.choice((8, 16)), rng.randint(1, 100), 0, []
    is_dict = rng.choice((True, False))
    for run in range(RUNS):
        while capacity < min(run, full):
            capacity = max(room, 2 * capacity) if is_dict else capacity + (capacity >> 3) + 6 & ~3
        levels.append(8 * capacity)
    return levels


def shrinking(rng: Rng, size: float) -> Series:
    """Noise that becomes smaller."""
    return [round(size * rng.uniform(-1, 1) / (1 + run) ** 0.5) for run in range(RUNS)]


def root(rng: Rng) -> Series:
    """A leak that becomes smaller, and never ends."""
    size = _log_uniform(rng, 30, 1e5)
    return [round(size * run**0.5) for run in range(RUNS)]


def drain(rng: Rng) -> Series:
    """Something that is let go of bit by bit in the first rounds, and hides a leak of 1 there."""
    bit, rounds = rng.randint(2, 1000), rng.randint(3, 20)
    return [-bit * min(run, rounds) for run in range(RUNS)]


def into_gaps(rng: Rng) -> Series:
    """A leak of a C library, whose blocks first take gaps that are larger by up to a half."""
    size, rounds = 16 * rng.randint(2, 60), rng.randint(1, 20)
    gap = size + 16 * rng.randint(1, max(1, size // 32))
    return [gap * min(run, rounds) + size * max(0, run - rounds) for run in range(RUNS)]


def _log_uniform(rng: Rng, least: float, most: float) -> float:
    return float(least * (most / least) ** rng.random())


def plus(*parts: Series) -> Series:
    """The sum of series."""
    return list(map(sum, zip(*parts, strict=True)))


# ------------------------------------------------------------------------------------------------ whole series


def resident(rng: Rng) -> Series:
    """Resident memory, which rises now and then."""
    return list(accumulate(rng.choices((0, 0, 4096), k=RUNS)))


def _one(make: Callable[[Rng], Series], signal: LeakSignal = _BLOCKS) -> Callable[[Rng], Script]:
    """One signal moves, after a warm-up; resident memory rises."""

    def draw(rng: Rng) -> Script:
        return Script({signal: plus(make(rng), warm_up(rng)), LeakSignal.RSS_BYTES: resident(rng)})

    return draw


def _several(make: Callable[[Rng], Series], leak: int = 0) -> Callable[[Rng], Script]:
    """Two or three signals move, each on its own; where there is a leak, in a signal that is still."""

    def draw(rng: Rng) -> Script:
        levels: dict[LeakSignal, Series] = {
            signal: make(rng) for signal in (_BLOCKS, _SMALL, _HEAP)[: rng.randint(2, 3)]
        }
        return Script(levels | ({_FDS: steady(leak)} if leak else {}))

    return draw


def _size(rng: Rng) -> float:
    return _log_uniform(rng, 1, 1e5)


def _leak_beside(make: Callable[[Rng, float], Series], least: float, most: float) -> Callable[[Rng], Script]:
    """A leak of ``least`` to ``most`` times the standard deviation of what hides it."""

    def draw(rng: Rng) -> Series:
        size = _size(rng)
        return plus(make(rng, size), steady(max(1, round(size * _log_uniform(rng, least, most)))))

    return _one(draw)


def _every_few(rng: Rng) -> Script:
    every = rng.randint(2, 7)
    levels = steady(rng.choice((1, 1, 64)), every)[rng.randrange(every) :]
    return Script({_BLOCKS: levels + levels[-1:] * (RUNS - len(levels))}, least=3 * every)


def _bounded(rng: Rng) -> Script:
    """A queue that forgets, and fills with each round."""
    kept: deque[int] = deque(maxlen=rng.randint(5, 500))
    size, most = rng.randint(1, 10), kept.maxlen or 0
    return Script({_BLOCKS: [size * min(run, most) for run in range(RUNS)]}, (kept,), kept.append)


def _unbounded(rng: Rng) -> Script:
    """A list that each round makes longer, by something that costs no memory of its own beside the list's, and a block."""
    kept: list[int] = []
    return Script({_HEAP: table(rng), _BLOCKS: plus(noise(rng, 2), steady(2))}, (kept,), kept.append)


def _of_nothing_new(rng: Rng) -> Script:
    """A list that grows by references: only its own memory grows, now and then."""
    kept: list[int] = []
    levels = [8 * (run + (run >> 3) + 6 & ~3) for run in range(RUNS)]
    return Script({_HEAP: plus(levels, warm_up(rng))}, (kept,), kept.append)


def _at_random(rng: Rng) -> Series:
    share = rng.uniform(0.25, 0.75)
    return list(accumulate(int(rng.random() < share) for _ in range(RUNS)))


KINDS: Final = (
    Kind("constant after 0-3 rounds", Truth.CLEAN, _one(lambda _: [0] * RUNS)),
    Kind("cycle of 2-6 rounds", Truth.CLEAN, _one(lambda rng: cycle(rng, rng.randint(2, 6)))),
    Kind("cycle of 7-30 rounds", Truth.CLEAN, _one(lambda rng: cycle(rng, rng.randint(7, 30)))),
    Kind("flush after 2-12 rounds", Truth.CLEAN, _one(lambda rng: flushes(rng, rng.randint(2, 12)))),
    Kind("noise", Truth.CLEAN, _one(lambda rng: noise(rng, _size(rng)))),
    Kind("noise in several signals", Truth.CLEAN, _several(lambda rng: noise(rng, _size(rng)))),
    Kind("ring", Truth.CLEAN, _one(lambda rng: ring(rng, _size(rng)))),
    Kind("rings in several signals", Truth.CLEAN, _several(lambda rng: ring(rng, _size(rng)))),
    Kind("bursts", Truth.CLEAN, _one(bursts, _HEAP)),
    Kind("bursts beside noise", Truth.CLEAN, _one(lambda rng: plus(bursts(rng), noise(rng, _size(rng))), _HEAP)),
    Kind("fill, 3-50 % a round", Truth.CLEAN, _one(lambda rng: fill(rng, 0.03, 0.5))),
    Kind("fill by chance, 3-50 % a round", Truth.CLEAN, _one(lambda rng: collected(rng, 0.03, 0.5))),
    Kind("table that becomes full", Truth.CLEAN, _one(table)),
    Kind("shrinking noise", Truth.CLEAN, _one(lambda rng: shrinking(rng, 10 * _size(rng)))),
    Kind("queue with a bound", Truth.CLEAN, _bounded),
    Kind("leak", Truth.LEAK, _one(lambda rng: steady(rng.choice((1, 1, 2, 64, rng.randint(1, 10**6)))))),
    Kind("leak beside a cycle of 2-6", Truth.LEAK, _one(lambda rng: plus(cycle(rng, rng.randint(2, 6)), steady(1)))),
    Kind("leak beside a cycle of 7-12", Truth.LEAK, _one(lambda rng: plus(cycle(rng, rng.randint(7, 12)), steady(1)))),
    Kind("leak beside smaller noise", Truth.LEAK, _leak_beside(noise, 1, 20)),
    Kind("leak beside a smaller ring", Truth.LEAK, _leak_beside(ring, 2, 20)),
    Kind("leak beside bursts", Truth.LEAK, _one(lambda rng: plus(bursts(rng), steady(rng.randint(1, 600))), _HEAP)),
    Kind("leak beside shrinking noise", Truth.LEAK, _leak_beside(shrinking, 1, 20)),
    Kind("leak beside noisy signals", Truth.LEAK, _several(lambda rng: noise(rng, _size(rng)), leak=1)),
    Kind("leak masked for 3-20 rounds", Truth.LEAK, _one(lambda rng: plus(drain(rng), steady(1)))),
    Kind("leak into gaps, 1-20 rounds", Truth.LEAK, _one(into_gaps, _HEAP)),
    Kind("list without a bound", Truth.LEAK, _unbounded),
    Kind("leak every 2-7 rounds, rounds=3k", Truth.LEAK, _every_few),
    Kind("list of what exists already", Truth.EITHER, _of_nothing_new),
    Kind("leak in rounds by chance", Truth.EITHER, _one(_at_random)),
    Kind("leak of 0.1-1 of the noise", Truth.EITHER, _leak_beside(noise, 0.1, 1)),
    Kind("leak of 0.3-2 of a ring", Truth.EITHER, _leak_beside(ring, 0.3, 2)),
    Kind("leak that shrinks, 1/sqrt(t)", Truth.EITHER, _one(root)),
    Kind("fill, 2-3 % a round", Truth.EITHER, _one(lambda rng: fill(rng, 0.02, 0.03))),
    Kind("fill, 1-2 % a round", Truth.EITHER, _one(lambda rng: fill(rng, 0.01, 0.02))),
    Kind("fill, 0.2-1 % a round", Truth.EITHER, _one(lambda rng: fill(rng, 0.002, 0.01))),
    Kind("fill by chance, 1-3 % a round", Truth.EITHER, _one(lambda rng: collected(rng, 0.01, 0.03))),
    Kind("flush after 13-60 rounds", Truth.EITHER, _one(lambda rng: flushes(rng, rng.randint(13, 60)))),
)


class Tally:
    """What the hunts of one kind ended with."""

    def __init__(self) -> None:
        self.words: Counter[LeakKind] = Counter()
        self.rounds = 0

    def note(self, catch: Catch) -> None:
        """Count one hunt."""
        self.words[catch.ruling.kind] += 1
        self.rounds += catch.rounds

    @property
    def count(self) -> int:
        """Hunts."""
        return sum(self.words.values())


def simulate(series: int, seed: int = 1, kinds: Sequence[Kind] = KINDS) -> dict[Kind, Tally]:
    """Hunt in about so many series, as many of each kind."""
    tallies = {kind: Tally() for kind in kinds}
    for kind, tally in tallies.items():
        rng = Rng(f"{seed} {kind.name}")  # a kind's own, so that another kind doesn't change it
        for _ in range(-(-series // len(kinds))):
            tally.note(play(kind.draw(rng)))
    return tallies


def false_alarms(tallies: Mapping[Kind, Tally]) -> float:
    """The share of clean series that were called leaks."""
    clean = [tally for kind, tally in tallies.items() if kind.truth is Truth.CLEAN]
    return _called_leaks(clean, if_none=0.0)


def missed(tallies: Mapping[Kind, Tally]) -> float:
    """The share of leaks that were not called so."""
    leaks = [tally for kind, tally in tallies.items() if kind.truth is Truth.LEAK]
    return 1 - _called_leaks(leaks, if_none=1.0)


def _called_leaks(tallies: Sequence[Tally], *, if_none: float) -> float:
    """The share of hunts that ended with "leak"; ``if_none`` when there were no hunts."""
    count = sum(tally.count for tally in tallies)
    return sum(tally.words[LeakKind.LEAK] for tally in tallies) / count if count else if_none


def report(tallies: Mapping[Kind, Tally]) -> str:
    """The table, and the two rates."""
    words = tuple(LeakKind)
    lines = [
        f"{'kind of series':<34}{'truth':>6}{'series':>8}{''.join(f'{word.value:>15}' for word in words)}{'rounds':>8}"
    ]
    for kind, tally in tallies.items():
        shares = "".join(f"{100 * tally.words[word] / tally.count:>13.2f} %" for word in words)
        lines.append(f"{kind.name:<34}{kind.truth.value:>6}{tally.count:>8}{shares}{tally.rounds / tally.count:>8.1f}")
    lines += [
        "",
        f"clean, and called a leak: {false_alarms(tallies):.4%} (target: at most {FALSE_ALARMS_MOST:.2%})",
        f"a leak, and not called so: {missed(tallies):.3%} (target: at most {MISSED_MOST:.0%})",
    ]
    return "\n".join(lines)


def main() -> int:
    """Simulate, print, and say whether the targets were met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--series", type=int, default=100_000, help="series in all (100000)")
    parser.add_argument("--seed", type=int, default=1, help="another draw (1)")
    parser.add_argument("--kind", default="", help="only kinds whose names contain this")
    options = parser.parse_args()
    tallies = simulate(options.series, options.seed, [kind for kind in KINDS if options.kind in kind.name])
    print(report(tallies))
    return int(false_alarms(tallies) > FALSE_ALARMS_MOST or missed(tallies) > MISSED_MOST)


if __name__ == "__main__":
    sys.exit(main())
