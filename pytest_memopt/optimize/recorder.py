"""What earlier looks at this process saw, so that a later one can tell growth."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from ..bounded_series import BoundedSeries
from ..meters.originals import os, threading
from .growth import MemoryTrend, judge_series
from .profile import MemoryProfile


class FirstLook(NamedTuple):
    """What is kept of the first profile: numbers and names, which the garbage collector need not track.

    Attributes:
        taken_s: when, by the monotonic clock, in seconds.
        full_collections: collections of the oldest generation until then.
        counts: how many objects of each type there were.
    """

    taken_s: float
    full_collections: int
    counts: Mapping[str, int]


def first_look(profile: MemoryProfile) -> FirstLook:
    """What is kept of a profile that tells all types."""
    counts = {use.type: use.count for use in profile.types}
    return FirstLook(profile.taken_s, profile.collector.full_collections, counts)


class ProfileRecorder:
    """Remembers the first look, and bytes in use at all looks in at most 400 points.

    Where bytes in use can't be counted, resident memory stands in.
    """

    def __init__(self) -> None:
        # the lock guards both
        self._lock = threading.Lock()
        self._first: FirstLook | None = None
        self._series = BoundedSeries()

    def add(self, profile: MemoryProfile) -> tuple[FirstLook, MemoryTrend]:
        """Take in a profile that tells all types, later than those before.

        Returns:
            The first look, which may be this one, and the trend since then.
        """
        with self._lock:
            if self._first is None:
                self._first = first_look(profile)
            if profile.size_bytes is not None:
                self._series.append(profile.taken_s - self._first.taken_s, profile.size_bytes)
            return self._first, judge_series(self._series)


def process_recorder() -> ProfileRecorder:
    """The recorder of this process; a child that is forked begins with an empty one."""
    return _recorder_of(os.getpid())


@cache
def _recorder_of(pid: int) -> ProfileRecorder:  # noqa: ARG001 - the key of the cache
    return ProfileRecorder()
