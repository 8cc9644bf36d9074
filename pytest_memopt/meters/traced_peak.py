"""The most memory allocated at one time in a stretch of code, by tracemalloc, whoever else is using it."""

from __future__ import annotations

import tracemalloc
from contextlib import suppress
from typing import Final

_BYTES_HEADER: Final = 33


class TracedPeak:
    """Counts between ``start`` and ``stop``, which may be nested, and leaves tracemalloc as it was found.

    Where it traces already, its peak is forgotten for a while; afterwards it is raised again to what it was.
    """

    __slots__ = ("_base_bytes", "_is_foreign", "_peak_before_bytes", "_sentinel")

    def __init__(self) -> None:
        self._is_foreign = False
        self._base_bytes = self._peak_before_bytes = 0
        self._sentinel: bytearray | None = None

    def start(self) -> None:
        """Begin to count."""
        self._is_foreign = tracemalloc.is_tracing()
        if self._is_foreign:
            self._peak_before_bytes = tracemalloc.get_traced_memory()[1]
        else:
            tracemalloc.start()
        self._sentinel = bytearray(1)
        tracemalloc.reset_peak()
        self._base_bytes = tracemalloc.get_traced_memory()[0]

    def stop(self) -> int | None:
        """End the count; ``None`` where tracemalloc was stopped or cleared in between."""
        now_bytes, peak_bytes = tracemalloc.get_traced_memory()
        is_whole = tracemalloc.get_object_traceback(self._sentinel) is not None
        self._sentinel = None
        if not self._is_foreign:
            tracemalloc.stop()
        elif is_whole and peak_bytes < self._peak_before_bytes:
            _raise_peak(self._peak_before_bytes - now_bytes)
        return max(0, peak_bytes - self._base_bytes) if is_whole else None


def _raise_peak(by_bytes: int) -> None:
    """Lift tracemalloc's peak by so many bytes above what is allocated now; such memory is asked for, never touched."""
    with suppress(MemoryError):
        bytes(max(0, by_bytes - _BYTES_HEADER))
