"""The line that tells, while tests run, how much memory they have come to; it fits the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..units import format_count, format_size
from .header import total
from .sparkline import sparkline
from .summary import SuiteTrend, WorkerUse
from .typeface import Typeface, cell_width
from .wording import counted

_BETWEEN: Final = " · "
_INDENT: Final = "  "
_MAIN: Final = "main"


def live_line(workers: Sequence[WorkerUse], trend: SuiteTrend, width: int, face: Typeface) -> str:
    """Resident memory now, its peak and slope, and each worker's, in less than ``width`` columns; ``''`` where that is too few.

    Args:
        workers: the processes that run tests; those that died hold nothing any more.
        trend: the slope inside this run, where it is known.
        width: columns of the terminal; the last stays free, where some terminals begin a new line.
        face: what the terminal can spell.
    """
    return _fitted(_pieces(workers, trend), width - 1, face)


def live_report(workers: Sequence[WorkerUse], trend: SuiteTrend, width: int, face: Typeface) -> str:
    """The same for a log, where lines stay: with the number of tests that are over."""
    pieces = _pieces(workers, trend)
    tests = counted(sum(use.tests for use in workers), "test")
    return _fitted([(f"memory after {tests}",), *pieces], width - 1, face).strip() if pieces else ""


def _pieces(workers: Sequence[WorkerUse], trend: SuiteTrend) -> list[tuple[str, ...]]:
    """What there is to tell, the most important first, each in several spellings, the longest first."""
    alive = [use for use in workers if use.lost is None and use.rss_end_bytes is not None]
    now_bytes = total(use.rss_end_bytes for use in alive)
    peak_bytes = total(use.rss_peak_bytes for use in alive)
    if now_bytes is None:
        return []
    several = any(use.name != _MAIN for use in alive)
    whose = f"RSS of {counted(len(alive), 'worker')}" if several else "RSS"
    pieces: list[tuple[str, ...]] = [(f"{whose} {format_size(now_bytes)}", f"RSS {format_size(now_bytes)}")]
    if peak_bytes is not None:
        pieces.append((f"{'at most' if len(alive) > 1 else 'peak'} {format_size(peak_bytes)}",))
    if slope := _slope(trend):
        pieces.append((slope,))
    if several:
        pieces.append(_each(alive))
    elif line := sparkline(alive[0].rss_series_bytes):
        pieces.append((line,))
    return pieces


def _slope(trend: SuiteTrend) -> str:
    """The slope; called flat where its interval holds zero, since then none was shown."""
    slope, interval = trend.slope_mb_per_minute, trend.interval_mb_per_minute
    if slope is None:
        return ""
    return "flat" if interval is not None and interval[0] <= 0 <= interval[1] else f"{slope:+.1f} MiB/min"


def _each(alive: Sequence[WorkerUse]) -> tuple[str, ...]:
    """Every process's memory; where that is too long, that of the largest."""
    sizes = [(use, use.rss_end_bytes or 0) for use in alive]
    largest, size_bytes = max(sizes, key=lambda pair: pair[1])
    every = ", ".join(f"{use.name} {format_count(size / 1024**2)}" for use, size in sizes)
    return (f"{every} MiB", f"most in {largest.name}, {format_size(size_bytes)}")


def _fitted(pieces: Sequence[tuple[str, ...]], room: int, face: Typeface) -> str:
    """The pieces on one line, each in its longest spelling for which there is still room, or left out."""
    line = ""
    for spellings in pieces:
        for spelling in spellings:
            longer = face.spell(f"{line}{_BETWEEN if line else _INDENT}{spelling}")
            if cell_width(longer) <= room:
                line = longer
                break
        else:
            if not line:
                return ""
    return line
