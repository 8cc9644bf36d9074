"""What pytest's own book-keeping of a test weighs: learned where it was counted, taken off where it wasn't."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from .weight import Weight

_LEARNED_MOST: Final = 1024
_AGREEING: Final = 3
LEARNING_WINDOWS: Final = 20
_NOTHING: Final = Weight()


class RunnerPrices:
    """The weight of the reports on a test, by their shape.

    Reports of one shape (as many of them, with as many sections and keywords) take the same memory. So the weight of
    "three reports, no output, five keywords" is found by readings on all sides of the making of each report, once, and
    then applied to every test of that shape, which needs two readings instead of eight.
    """

    def __init__(self) -> None:
        self._weights: dict[Hashable, Weight] = {}
        self._last = _NOTHING
        self._agreed_count: dict[Hashable, int] = {}
        self._learned_count: dict[Hashable, int] = {}

    def learn(self, shape: Hashable, weight: Weight) -> None:
        """Remember what reports of ``shape`` weighed; the newest is the truest, as classes settle with use."""
        known = self._weights.get(shape)
        if known is not None and abs(known.heap_bytes) < abs(weight.heap_bytes):
            # of two readings of the C heap the smaller is nearer the truth: the other had somebody else's in it
            weight = weight._replace(heap_bytes=known.heap_bytes)
        if known is not None or len(self._weights) < _LEARNED_MOST:
            self._weights[shape] = self._last = weight
            self._agreed_count[shape] = self._agreed_count.get(shape, 0) + 1 if weight == known else 0
            self._learned_count[shape] = self._learned_count.get(shape, 0) + 1

    def is_settled(self, shape: Hashable) -> bool:
        """Whether the last readings of ``shape`` agreed, or there were so many that more would not help."""
        return self._agreed_count.get(shape, 0) >= _AGREEING or self._learned_count.get(shape, 0) >= LEARNING_WINDOWS

    def knows(self, shape: Hashable) -> bool:
        """Whether reports of ``shape`` were ever counted."""
        return shape in self._weights

    def price(self, shape: Hashable) -> Weight:
        """The weight of reports of ``shape``; that of the last ones learned where these were never counted."""
        return self._weights.get(shape, self._last)
