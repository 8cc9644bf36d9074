"""Distributions of durations in constant memory: counts in buckets whose bounds grow by a fixed factor."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from math import log2
from typing import Final, NamedTuple

LEAST_S: Final = 1e-7
PER_OCTAVE: Final = 8
BUCKETS: Final = 36 * PER_OCTAVE
"""From 0.1 microseconds to about two hours; a bucket's bounds are 9 % apart."""


class DurationStats(NamedTuple):
    """A distribution of durations; those of several processes can be added.

    Attributes:
        number: how many.
        total_s: their sum.
        least_s, most_s: the extremes; 0 where there are none.
        buckets: ``(index, count)`` of the buckets that are not empty, in order.
    """

    number: int = 0
    total_s: float = 0.0
    least_s: float = 0.0
    most_s: float = 0.0
    buckets: tuple[tuple[int, int], ...] = ()

    @property
    def mean_s(self) -> float:
        """The mean, 0 of nothing."""
        return self.total_s / self.number if self.number else 0.0

    @property
    def median_s(self) -> float:
        """The median, to within a bucket (5 %)."""
        return self.quantile_s(0.5)

    def quantile_s(self, share: float) -> float:
        """The duration that ``share`` of all (0 to 1) stay within: the middle of its bucket, 0 of nothing."""
        passed, wanted = 0, share * self.number
        for index, count in self.buckets:
            passed += count
            if passed >= wanted:
                middle_s = LEAST_S * 2 ** ((index + 0.5) / PER_OCTAVE)
                return min(max(middle_s, self.least_s), self.most_s)
        return self.most_s

    def plus(self, other: DurationStats) -> DurationStats:
        """Both together."""
        if not (self.number and other.number):
            return self if self.number else other
        counts = dict(self.buckets)
        for index, count in other.buckets:
            counts[index] = counts.get(index, 0) + count
        return DurationStats(
            self.number + other.number,
            self.total_s + other.total_s,
            min(self.least_s, other.least_s),
            max(self.most_s, other.most_s),
            tuple(sorted(counts.items())),
        )


class Durations:
    """Collects durations; its owner adds to it under its own lock."""

    __slots__ = ("_counts", "_least_s", "_most_s", "_total_s")

    def __init__(self) -> None:
        self._counts = array("q", bytes(8 * BUCKETS))
        self.clear()

    def clear(self) -> None:
        """Forget all."""
        memoryview(self._counts).cast("B")[:] = bytes(8 * BUCKETS)
        self._total_s = self._most_s = 0.0
        self._least_s = float("inf")

    def add(self, duration_s: float) -> None:
        """Count one."""
        self._counts[bucket_of(duration_s)] += 1
        self._total_s += duration_s
        self._least_s = min(self._least_s, duration_s)
        self._most_s = max(self._most_s, duration_s)

    def stats(self) -> DurationStats:
        """What was collected so far."""
        buckets = tuple((index, count) for index, count in enumerate(self._counts) if count)
        count = sum(count for _, count in buckets)
        if not count:
            return DurationStats()
        return DurationStats(count, self._total_s, self._least_s, self._most_s, buckets)


def bucket_of(duration_s: float) -> int:
    """The bucket that ``duration_s`` falls into."""
    if duration_s <= LEAST_S:
        return 0
    return min(int(log2(duration_s / LEAST_S) * PER_OCTAVE), BUCKETS - 1)


def durations_of(seconds: Iterable[float]) -> DurationStats:
    """The distribution of ``seconds``."""
    collected = Durations()
    for duration_s in seconds:
        collected.add(duration_s)
    return collected.stats()
