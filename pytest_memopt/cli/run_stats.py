"""``memopt stats`` without a program: the last run of the history in figures."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from ..history.records import RunRow, TestRow
from ..history.store import HistoryStore
from ..report.wording import counted
from ..units import format_count, format_seconds, format_size
from .command import ExitCode
from .figures import FIGURES
from .run_choice import short_commit
from .screen import Look, Screen
from .trend import Trends, read_trends

_RUNS_LIMIT: Final = 30


def tell_last_run(options: argparse.Namespace, screen: Screen) -> ExitCode:
    """Tests, memory and trend of the last run.

    Raises:
        UsageError: where the history holds no runs.
        HistoryError: where it can't be read.
    """
    trends = read_trends(options.history, FIGURES["growth"], _RUNS_LIMIT)
    run = trends.newest
    with HistoryStore.open(options.history, read_only=True) as store:
        tests = [] if run.id is None else store.tests(run.id)
    growth = [test.growth_bytes for test in tests if test.growth_bytes is not None]
    objects = [test.objects for test in tests if test.objects is not None]
    if options.json:
        screen.json(
            {
                "run": run.to_json(),
                "outcomes": dict(Counter(test.outcome for test in tests)),
                "verdicts": dict(Counter(test.verdict for test in tests)),
                "growth_bytes": sum(growth),
                "objects": sum(objects),
                "suite_trend": trends.suite.trend.verdict.value,
                "grown": [test.nodeid for test in trends.tests if test.step is not None and test.step.change > 0],
            }
        )
        return ExitCode.FINE
    place = " · ".join(
        (f"run {run.id}", run.started[:16].replace("T", " "), *([short_commit(run)] if run.commit else []))
    )
    screen.line(f"{place} · {run.environment}", Look.STRONG)
    screen.listing((Look.PLAIN, label, text) for label, text in _figures(trends, tests, sum(growth), sum(objects)))
    return ExitCode.FINE


def _figures(
    trends: Trends, tests: Sequence[TestRow], growth_bytes: int, objects_count: int
) -> Iterator[tuple[str, str]]:
    run = trends.newest
    yield (
        "tests",
        f"{format_count(len(tests))} in {format_seconds(run.duration_s)}: {_tally(test.outcome for test in tests)}",
    )
    yield "memory", _tally(test.verdict for test in tests)
    yield "kept", f"{format_size(growth_bytes)} and {format_count(objects_count)} objects by all tests together"
    if memory := _resident(run):
        yield "RSS", memory
    if run.growth_mb_per_minute is not None:
        yield "rate", f"{run.growth_mb_per_minute:+.1f} MiB a minute"
    grown = sum(1 for test in trends.tests if test.step is not None and test.step.change > 0)
    over = counted(len(trends.suite.rss_bytes), "run")
    yield "trend", f"{trends.suite.trend.verdict.value} over {over}; {counted(grown, 'test')} grew (memopt analyze)"


def _tally(words: Iterator[str]) -> str:
    return ", ".join(f"{format_count(count)} {word}" for word, count in Counter(words).most_common()) or "none"


def _resident(run: RunRow) -> str:
    ends = [format_size(size) for size in (run.rss_start_bytes, run.rss_end_bytes) if size is not None]
    peak = [] if run.rss_peak_bytes is None else [f"peak {format_size(run.rss_peak_bytes)}"]
    return ", ".join([*([" → ".join(ends)] if ends else []), *peak])
