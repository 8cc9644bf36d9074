"""The most memory allocated at one time in a stretch of code, by tracemalloc, whoever else is using it."""

from __future__ import annotations

from array import array
from contextlib import suppress
from typing import Final

from .originals import sys, tracemalloc

_BYTES_HEADER: Final = 33
_PEAK_BEFORE, _BASE, _NOW, _PEAK = range(4)
_WIDTH: Final = 4
UNTOLD_TRACE_BYTES: Final = 48  # of each trace, what tracemalloc leaves out when it tells the size of its tables
TRACING_LEAKS: Final = sys.version_info < (3, 12, 5)  # gh-121390: 32 bytes for each line that allocated


class TracedPeak:
    """Counts between ``start`` and ``stop``, which may be nested, and leaves tracemalloc as it was found.

    Where it traces already, its peak is forgotten for a while; afterwards it is raised again to what it was.
    """

    __slots__ = ("_figures", "_is_foreign", "_is_whole", "_sentinel")

    def __init__(self) -> None:
        self._is_foreign = self._is_whole = False
        # in an array that is there before: a number that is kept takes memory, and this is used around exact readings
        self._figures = array("q", [0] * _WIDTH)
        self._sentinel: bytearray | None = None

    @property
    def bytes(self) -> int | None:
        """The most above what was allocated at the start; ``None`` where tracemalloc was stopped or cleared in between."""
        return max(0, self._figures[_PEAK] - self._figures[_BASE]) if self._is_whole else None

    def start(self) -> None:
        """Begin to count."""
        self._is_foreign = tracemalloc.is_tracing()
        if self._is_foreign:
            self._figures[_PEAK_BEFORE] = tracemalloc.get_traced_memory()[1]
        else:
            tracemalloc.start()
        self._sentinel = bytearray(1)
        tracemalloc.reset_peak()
        self._figures[_BASE] = tracemalloc.get_traced_memory()[0]

    def stop(self) -> None:
        """End the count."""
        figures = self._figures
        figures[_NOW], figures[_PEAK] = tracemalloc.get_traced_memory()
        self._is_whole = tracemalloc.get_object_traceback(self._sentinel) is not None
        self._sentinel = None
        if not self._is_foreign:
            tracemalloc.stop()
        elif self._is_whole and figures[_PEAK] < figures[_PEAK_BEFORE]:
            _raise_peak(figures[_PEAK_BEFORE] - figures[_NOW])


def _raise_peak(by_bytes: int) -> None:
    """Lift tracemalloc's peak by so many bytes above what is allocated now; such memory is asked for, never touched."""
    with suppress(MemoryError):
        bytes(max(0, by_bytes - _BYTES_HEADER))
