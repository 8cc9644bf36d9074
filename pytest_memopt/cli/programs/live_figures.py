"""What the live line tells: the memory of this process now, and how it moved of late."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from ...bounded_series import Point
from ...meters.allocators import Allocators
from ...optimize.monitor import MemoryMonitor
from ...report.sparkline import sparkline
from ...units import MB, format_size

_LATELY_S: Final = 10.0
_MINUTE_S: Final = 60.0


class LiveFigures:
    """Puts the figures of a monitor, and the bytes in use, on one line."""

    def __init__(self, monitor: MemoryMonitor, clock: Callable[[], float] = time.monotonic) -> None:
        """Read ``monitor``; seconds are counted from now."""
        self._monitor = monitor
        self._allocators = Allocators()
        self._clock = clock
        self._began_s = clock()

    def line(self) -> str:
        """The line; what can't be read isn't in it."""
        points = self._monitor.rss()
        in_use_bytes = self._allocators.read().in_use_bytes
        parts = [f"{self._clock() - self._began_s:.0f} s"]
        if points:
            parts.append(f"RSS {format_size(points[-1].value)}")
        if in_use_bytes is not None:
            parts.append(f"in use {format_size(in_use_bytes)}")
        if points:
            parts.append(f"peak {format_size(max(point.value for point in points))}")
        return "  ".join([*parts, *course(points)])


class OutsideFigures:
    """Puts what was seen of another process on one line."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._points: Sequence[Point] = ()

    def tell(self, points: Sequence[Point]) -> None:
        """Take what was seen until now."""
        self._points = points

    def line(self) -> str:
        """The line."""
        name, points = f"process {self._pid}", self._points
        if not points:
            return name
        peak_bytes = max(point.value for point in points)
        figures = f"RSS {format_size(points[-1].value)}  peak {format_size(peak_bytes)}"
        return "  ".join([f"{points[-1].elapsed_s:.0f} s", name, figures, *course(points)])


def course(points: Sequence[Point]) -> list[str]:
    """How resident memory moved in the last ten seconds, and its sparkline over all of the time."""
    if not points:
        return []
    last = points[-1]
    lately = [point for point in points if point.elapsed_s >= last.elapsed_s - _LATELY_S]
    span_s = last.elapsed_s - lately[0].elapsed_s
    drawn = sparkline([point.value for point in points])
    if span_s <= 0:
        return [drawn]
    rate = (last.value - lately[0].value) / MB / span_s * _MINUTE_S
    return [f"{rate:+.1f} MB/min", drawn]
