"""The first lines of the summary: what was measured by what means, and how the suite's memory moved."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ..meters.status import MeterStatus
from ..units import format_count, format_size
from ..verdicts.record import VerdictKind
from .sparkline import sparkline
from .summary import RunSummary, SuiteTrend, WorkerUse
from .text import Span, Style
from .wording import counted

_GC_WORDS: Final = {"freeze": "gc frozen", "collect": "gc collected", "off": "gc left alone"}
_SPARK_WIDTH: Final = 8
_PERCENT: Final = 100
_TOO_FEW: Final = "too few for a trend"


def run_pieces(summary: RunSummary) -> list[Span]:
    """What was measured, with which floor, and where it is kept."""
    return [
        Span(tests_text(summary), Style.STRONG),
        Span(f"floor {format_size(summary.floor.growth_bytes)}, {counted(summary.floor.objects, 'object')}"),
        Span(_GC_WORDS.get(summary.gc_mode, f"gc {summary.gc_mode}")),
        Span(_history(summary)),
    ]


def tests_text(summary: RunSummary) -> str:
    """How many tests were measured, out of how many."""
    total = len(summary.tests)
    measured = sum(record.verdict is not VerdictKind.UNMEASURED for record in summary.tests)
    if measured == total:
        return f"{counted(total, 'test')} measured"
    return f"{format_count(measured)} of {counted(total, 'test')} measured"


def meter_pieces(meters: Sequence[MeterStatus]) -> list[Span]:
    """The instruments by what their readings are worth: counted, estimated, missing."""
    exact = [meter.name for meter in meters if meter.available and meter.exact]
    estimated = [meter.name for meter in meters if meter.available and not meter.exact]
    missing = [f"{meter.name} ({meter.how})" for meter in meters if not meter.available]
    return [
        *([Span(f"exact: {', '.join(exact)}")] if exact else []),
        *([Span(f"≈ estimated: {', '.join(estimated)}")] if estimated else []),
        *([Span(f"missing: {', '.join(missing)}", Style.WARN)] if missing else []),
    ]


def meter_details(meters: Sequence[MeterStatus]) -> list[Span]:
    """The instruments one by one, with their means."""
    return [
        Span(f"{'' if meter.exact else '≈ '}{meter.name}: {meter.how}")
        if meter.available
        else Span(f"{meter.name}: missing, {meter.how}", Style.WARN)
        for meter in meters
    ]


def rss_pieces(summary: RunSummary) -> list[Span]:
    """Resident memory from start to end, its slope in this run, and its course over the runs; empty when not read."""
    workers = summary.workers
    text = rss_text(workers)
    if not text:
        return []
    line = sparkline(workers[0].rss_series_bytes, _SPARK_WIDTH) if len(workers) == 1 else ""
    return [
        Span(text),
        *([Span(line)] if line else []),
        *_slope(summary.trend),
        *_over_runs(summary.trend),
    ]


def rss_text(workers: Sequence[WorkerUse]) -> str:
    """Resident memory of these processes together: ``'RSS 84.0 → 131.0 MiB, peak 212.0 MiB'``; ``''`` when not read.

    Of several processes the sum of the peaks is only the most that they can have had together, and is called so.
    """
    start = total(use.rss_start_bytes for use in workers)
    end = total(use.rss_end_bytes for use in workers)
    peak = total(use.rss_peak_bytes for use in workers)
    if start is None or end is None:
        return ""
    first, last = format_size(start), format_size(end)
    number, _, unit = first.rpartition(" ")
    course = f"{number if last.endswith(unit) else first} → {last}"
    several = len(workers) > 1
    whose = f"RSS of {counted(len(workers), 'worker')}" if several else "RSS"
    return f"{whose} {course}" + (
        f", {'at most' if several else 'peak'} {format_size(peak)}" if peak is not None else ""
    )


def total(readings: Iterable[int | None]) -> int | None:
    """The sum of what was read; ``None`` where nothing was."""
    known = [reading for reading in readings if reading is not None]
    return sum(known) if known else None


def _history(summary: RunSummary) -> str:
    """The run's number and where it is kept."""
    if summary.history_path is None:
        return "history off"
    if summary.run.id is None:
        return f"not stored in {summary.history_path}"
    return f"run {summary.run.id} → {summary.history_path}"


def _slope(trend: SuiteTrend) -> list[Span]:
    """The slope inside this run; called flat where its interval holds zero, since then none was shown."""
    slope, interval = trend.slope_mb_per_minute, trend.interval_mb_per_minute
    if slope is None:
        return []
    if interval is None:
        return [Span(f"{slope:+.1f} MiB/min")]
    low, high = interval
    if low <= 0 <= high:
        return [Span(f"flat ({low:+.1f} to {high:+.1f} MiB/min)")]
    return [Span(f"{slope:+.1f} MiB/min ({low:+.1f} to {high:+.1f})", Style.WARN if slope > 0 else Style.PLAIN)]


def _over_runs(trend: SuiteTrend) -> list[Span]:
    """The course over the runs in the history."""
    if not trend.runs:
        return []
    runs = counted(trend.runs, "run")
    if trend.per_run_ratio is None:
        return [Span(f"{runs}: {_TOO_FEW if trend.verdict == SuiteTrend().verdict else trend.verdict}")]
    style = Style.WARN if trend.verdict == "rising" else Style.PLAIN
    return [Span(f"{runs}: {trend.verdict} ({trend.per_run_ratio * _PERCENT:+.1f} %/run)", style)]
