"""The samples of a monitor: memory over time, in a bounded number of points."""

from __future__ import annotations

from typing import NamedTuple

from ..bounded_series import BoundedSeries, Point
from ..meters.originals import threading
from .growth import MemoryTrend, judge_series


class Sample(NamedTuple):
    """What is read at one moment; ``None`` is what can't be read here.

    Attributes:
        rss_bytes: resident memory.
        blocks_count: Python objects and buffers that the interpreter has allocated.
    """

    rss_bytes: int | None
    blocks_count: int


class Samples:
    """Keeps what a monitor samples: at most 400 points of each series, with the first, the last and all extremes.

    One thread adds, any thread may ask.
    """

    def __init__(self) -> None:
        # the lock guards all of these
        self._lock = threading.Lock()
        self._rss = BoundedSeries()
        self._blocks = BoundedSeries()
        self._count = 0

    def add(self, elapsed_s: float, sample: Sample) -> None:
        """Take in one sample; ``elapsed_s`` never goes back."""
        with self._lock:
            self._count += 1
            if sample.rss_bytes is not None:
                self._rss.append(elapsed_s, sample.rss_bytes)
            self._blocks.append(elapsed_s, sample.blocks_count)

    @property
    def count(self) -> int:
        """How many were taken."""
        return self._count

    def rss(self) -> tuple[Point, ...]:
        """Resident bytes, in order of time."""
        with self._lock:
            return self._rss.points()

    def blocks(self) -> tuple[Point, ...]:
        """Allocated blocks, in order of time."""
        with self._lock:
            return self._blocks.points()

    def trend(self) -> MemoryTrend:
        """How resident memory moved."""
        with self._lock:
            return judge_series(self._rss)
