"""Timing two ways side by side: interleaved pairs in random order, with no garbage collection inside of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from random import Random
from typing import Final, NamedTuple

from ..meters.collector import Collector, GcMode
from ..meters.frozen_heap import freeze_again, is_heap_frozen
from ..meters.originals import gc, time

PAIRS_LEAST: Final = 10
"""Fewer are not decided on, however slow they are, unless so many were asked for."""
PAIRS_MOST: Final = 200
"""More would tell little: the interval narrows by their root."""
SAMPLE_S: Final = 2e-4
"""What takes less is repeated for so long within a pair: a single reading of the clock is off by 0.1 microseconds."""
REPEATS_MOST: Final = 1000
_SURELY_SLOW_S: Final = 0.05  # longer than a busy machine keeps a process waiting for its turn
_MORE_TRIES: Final = 4
_CLOSE: Final = 4

Timed = Callable[[int], float]
"""Does something so many times, and gives the seconds that took."""


class PairedTimes(NamedTuple):
    """How long two ways took, pair by pair.

    Attributes:
        one_s, other_s: seconds of one call, the mean of those in the pair.
        one_repeats, other_repeats: calls of each in a pair.
    """

    one_s: tuple[float, ...]
    other_s: tuple[float, ...]
    one_repeats: int = 1
    other_repeats: int = 1


class Patience(NamedTuple):
    """How many pairs are taken.

    Attributes:
        pairs_count: so many; ``None`` for what fits into the budget, at least `PAIRS_LEAST` and at most `PAIRS_MOST`.
        budget_s: seconds that all pairs may take; a pair that was begun is finished.
    """

    pairs_count: int | None = None
    budget_s: float = 5.0

    def is_over(self, taken_count: int, spent_s: float) -> bool:
        """Whether so many pairs, in so many seconds, are enough."""
        if self.pairs_count is not None:
            return taken_count >= self.pairs_count
        return taken_count >= PAIRS_MOST or (taken_count >= PAIRS_LEAST and spent_s >= self.budget_s)


def timed(call: Callable[[], None], clock: Callable[[], float] = time.perf_counter) -> Timed:
    """What calls ``call`` so many times, and gives the seconds that took."""

    def calls_s(count: int) -> float:
        numbers = range(count)
        began_s = clock()
        for _ in numbers:
            call()
        return clock() - began_s

    return calls_s


class Pacer:
    """Takes the pairs.

    While they are taken the interpreter collects no garbage by itself. Each side begins with a collection, outside of its
    time, of what was made since the first: so neither pays for its own garbage, nor for that of the other. What building
    anew leaves to be collected isn't held against it.
    """

    def __init__(
        self, patience: Patience, seed: int, check: Callable[[], None], clock: Callable[[], float] = time.perf_counter
    ) -> None:
        """``check`` is called after each side, outside of its time, and raises where its figures would be worthless."""
        self._patience = patience
        self._chance = Random(seed)  # noqa: S311 - a coin, not a secret
        self._check = check
        self._clock = clock

    def pace(self, one: Timed, other: Timed) -> PairedTimes:
        """Time both, in turn; who begins is left to chance. Both were called before, so that they are warm."""
        with _no_collections() as settle:
            counts = _alike(self._repeats(one, settle), self._repeats(other, settle))
            times_s: tuple[list[float], list[float]] = ([], [])
            began_s = self._clock()
            while not self._patience.is_over(len(times_s[0]), self._clock() - began_s):
                for place in self._chance.sample((0, 1), 2):
                    taken_s = self._taken((one, other)[place], counts[place], settle)
                    times_s[place].append(taken_s / counts[place])
        return PairedTimes(tuple(times_s[0]), tuple(times_s[1]), *counts)

    def _repeats(self, side: Timed, settle: Callable[[], None]) -> int:
        """How often ``side`` is called in a pair, so that it can be timed well."""
        count = 1
        while (taken_s := self._quickest(side, count, settle)) < SAMPLE_S and count < REPEATS_MOST:
            wanted = ceil(count * SAMPLE_S / taken_s) if taken_s > 0 else REPEATS_MOST
            count = min(max(wanted, 2 * count), REPEATS_MOST)
        return count

    def _quickest(self, side: Timed, count: int, settle: Callable[[], None]) -> float:
        """The least of a few times, for one may have been interrupted; of what is slow anyway, the first."""
        taken_s = self._taken(side, count, settle)
        if taken_s >= _SURELY_SLOW_S:
            return taken_s
        return min(taken_s, *(self._taken(side, count, settle) for _ in range(_MORE_TRIES)))

    def _taken(self, side: Timed, count: int, settle: Callable[[], None]) -> float:
        settle()
        taken_s = side(count)
        self._check()
        return taken_s


def _alike(one_count: int, other_count: int) -> tuple[int, int]:
    """The same for both where they are close: the first call after a collection is slower, and must weigh alike in both."""
    most = max(one_count, other_count)
    return (most, most) if most <= _CLOSE * min(one_count, other_count) else (one_count, other_count)


@contextmanager
def _no_collections() -> Iterator[Callable[[], None]]:
    """Collect all garbage, then none by itself; gives what collects the new garbage, at the price of looking at that alone."""
    was_enabled = gc.isenabled()
    was_frozen = is_heap_frozen()
    collector = Collector(GcMode.FREEZE)
    gc.disable()
    try:
        collector.settle_before()
        yield collector.settle
    finally:
        collector.release()
        if was_frozen:
            freeze_again()
        if was_enabled:
            gc.enable()
