"""A series that may grow for ever and is kept in a bounded number of points."""

from __future__ import annotations

from itertools import zip_longest
from typing import Final, NamedTuple

POINTS_MAX: Final = 400
_POINTS_LEAST: Final = 6


class Point(NamedTuple):
    """One value and its time.

    Attributes:
        elapsed_s: seconds since the series began.
        value: bytes or a count.
    """

    elapsed_s: float
    value: float


class _Share:
    """The lowest and the highest of some consecutive points."""

    __slots__ = ("count", "high", "low")

    def __init__(self, point: Point) -> None:
        self.low = self.high = point
        self.count = 1

    def add(self, other: _Share) -> None:
        """Take in the points that follow."""
        self.low = min(self.low, other.low, key=lambda point: point.value)
        self.high = max(self.high, other.high, key=lambda point: point.value)
        self.count += other.count

    def middle(self) -> Point:
        """Midway between the two, in time as in value."""
        return Point((self.low.elapsed_s + self.high.elapsed_s) / 2, (self.low.value + self.high.value) / 2)


class BoundedSeries:
    """Records a series of any length in at most ``points_max`` points: the first, the last, and all its extremes.

    When it is full, neighbours are merged and each then stands for twice as many points; of each group the lowest
    and the highest remain, at their true times. Appending costs O(1) on average.
    """

    __slots__ = ("_first", "_last", "_shares", "_shares_max", "_stride")

    def __init__(self, points_max: int = POINTS_MAX) -> None:
        if points_max < _POINTS_LEAST:
            raise ValueError(f"points_max: {points_max} is too few, a series needs {_POINTS_LEAST} points or more")
        self._shares_max = (points_max - 2) // 2
        self._shares: list[_Share] = []
        self._stride = 1
        self._first: Point | None = None
        self._last: Point | None = None

    def append(self, elapsed_s: float, value: float) -> None:
        """Add the next point; ``elapsed_s`` never goes back."""
        point = Point(elapsed_s, value)
        self._first = self._first or point
        self._last = point
        if self._shares and self._shares[-1].count < self._stride:
            self._shares[-1].add(_Share(point))
            return
        if len(self._shares) >= self._shares_max:
            self._merge_neighbours()
        self._shares.append(_Share(point))

    def points(self) -> tuple[Point, ...]:
        """What is kept, in order of time."""
        kept = dict.fromkeys((self._first, *self._extremes(), self._last))
        return tuple(point for point in kept if point is not None)

    def middles(self) -> tuple[Point, ...]:
        """Midway between the lowest and the highest of each group: one point a group, for what judges the course.

        As long as nothing was merged, these are the points themselves.
        """
        return tuple(share.middle() for share in self._shares)

    def _extremes(self) -> list[Point]:
        return [point for share in self._shares for point in sorted((share.low, share.high))]

    def _merge_neighbours(self) -> None:
        merged = []
        for share, neighbour in zip_longest(self._shares[::2], self._shares[1::2]):
            if neighbour is not None:
                share.add(neighbour)
            merged.append(share)
        self._shares = merged
        self._stride *= 2
