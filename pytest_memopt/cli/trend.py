"""``memopt trend``: how memory moved over the runs."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..errors import UsageError
from ..history.comparable import comparable_runs
from ..history.records import RunRow, SeriesPoint
from ..history.steps import Step, last_step
from ..history.store import HistoryStore
from ..history.trend import RunTrend, TrendVerdict, trend_over_runs
from ..limits.rules import matches_glob
from ..report.sparkline import sparkline
from ..report.wording import counted
from ..robust import Slope
from ..units import format_size
from .command import ExitCode, whole_number
from .figures import FIGURES, Figure
from .screen import Column, Kind, Look, Screen

_BLOCKS: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendOfTest:
    """One test's course; ``step`` is the last change of its level, if it had one."""

    nodeid: str
    points: Sequence[SeriesPoint]
    step: Step | None

    @property
    def values(self) -> list[int]:
        """Its figures, oldest first."""
        return [point.value for point in self.points]

    @property
    def is_quiet(self) -> bool:
        """Whether it held nothing all along."""
        return self.step is None and not any(self.values)

    @property
    def weight(self) -> tuple[float, int]:
        """What is worth the first row: the largest change, then the largest value."""
        return abs(self.step.change) if self.step else 0.0, abs(self.values[-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteTrend:
    """The suite's resident memory over the runs like the newest."""

    rss_bytes: Sequence[int]
    trend: RunTrend


@dataclass(frozen=True, slots=True, kw_only=True)
class Trends:
    """What a history tells of the newest runs: of the suite, and of each test, the largest change first."""

    newest: RunRow
    runs_count: int
    suite: SuiteTrend
    tests: Sequence[TrendOfTest]


class TrendCommand:
    """Show how memory moved over the runs, for the suite and test by test.

    Tests whose level changed come first, with the run and the commit at which it
    did. Looks at the newest runs on the machine, platform and Python of the newest
    one; tests that held nothing all along are only counted.
    """

    name = "trend"
    reads_history = True

    def prepare_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add the pattern and what to show."""
        parser.add_argument("pattern", nargs="?", metavar="NODEID-GLOB", help="only these tests: a glob, or a part")
        parser.add_argument("--metric", choices=FIGURES, default="growth", help="what of a test (default growth)")
        parser.add_argument(
            "--limit", type=whole_number(1), default=30, metavar="N", help="look at the newest N runs (default 30)"
        )
        parser.add_argument(
            "--top", type=whole_number(1), default=20, metavar="N", help="show at most N tests (default 20)"
        )

    def run(self, options: argparse.Namespace, screen: Screen) -> ExitCode:
        """Print it."""
        figure = FIGURES[options.metric]
        trends = read_trends(options.history, figure, options.limit, options.pattern)
        if options.json:
            screen.json({"metric": figure.metric.value, **trend_document(trends)})
            return ExitCode.FINE
        if options.pattern is None:
            print_suite(trends.suite, trends.runs_count, screen)
        print_tests(trends.tests, figure, options.top, screen)
        return ExitCode.FINE


def read_trends(history: Path, figure: Figure, limit: int, pattern: str | None = None) -> Trends:
    """How ``figure`` moved over the newest ``limit`` runs like the newest one, test by test, and the suite's memory.

    Args:
        history: its file.
        figure: what of a test.
        limit: how many runs to look at.
        pattern: only these tests; all when ``None``.

    Raises:
        UsageError: where the history holds no runs, or no test matches.
        HistoryError: where it can't be read.
    """
    with HistoryStore.open(history, read_only=True) as store:
        newest = store.runs(limit=1)
        if not newest:
            raise UsageError(f"{history} holds no runs yet; `pytest --memopt-report` adds one")
        runs = store.runs(newest[0].environment, limit)
        nodeids = _chosen(store.nodeids([run.id for run in runs if run.id is not None]), pattern)
        tests = _trends_of_tests(store, nodeids, figure, newest[0], limit)
    return Trends(newest=newest[0], runs_count=len(runs), suite=_suite_trend(runs, newest[0]), tests=tests)


def _chosen(nodeids: Sequence[str], pattern: str | None) -> list[str]:
    if pattern is None:
        return list(nodeids)
    chosen = [nodeid for nodeid in nodeids if matches_glob(pattern, nodeid) or pattern in nodeid]
    if not chosen:
        raise UsageError(f"no test of the newest runs matches {pattern!r}")
    return chosen


def _trends_of_tests(
    store: HistoryStore, nodeids: Collection[str], figure: Figure, newest: RunRow, limit: int
) -> list[TrendOfTest]:
    series = store.series(nodeids, figure.metric.value, newest.environment, limit)
    trends = [
        TrendOfTest(nodeid=nodeid, points=points, step=last_step([point.value for point in points], figure.step_floor))
        for nodeid, points in series.items()
    ]
    return sorted(trends, key=lambda trend: trend.weight, reverse=True)


def _suite_trend(runs: Sequence[RunRow], newest: RunRow) -> SuiteTrend:
    ends = [run.rss_end_bytes for run in comparable_runs(runs, newest) if run.rss_end_bytes is not None]
    return SuiteTrend(rss_bytes=ends, trend=trend_over_runs(ends))


def print_suite(suite: SuiteTrend, run_count: int, screen: Screen) -> None:
    """The suite's resident memory over the runs, in two lines."""
    ends = suite.rss_bytes
    if not ends:
        return
    way = f"{format_size(ends[0])} → {format_size(ends[-1])}" if len(ends) > 1 else format_size(ends[-1])
    verdict, ratio = suite.trend.verdict, suite.trend.ratio
    screen.line(f"suite RSS {way} over {counted(len(ends), 'run')}  {_drawn(ends)}", Look.STRONG)
    rate = f": {ratio.value:+.2%} a run (95 % sure: {ratio.low:+.2%} to {ratio.high:+.2%})" if ratio else ""
    screen.line(verdict.value + rate, Look.BAD if verdict is TrendVerdict.RISING else Look.PLAIN)
    if unlike := run_count - len(ends):
        screen.line(f"{counted(unlike, 'run')} with other tests or workers left out of the suite's RSS", Look.FAINT)
    screen.line()


def print_tests(tests: Sequence[TrendOfTest], figure: Figure, top: int, screen: Screen) -> None:
    """A table of at most ``top`` tests that don't hold nothing all along."""
    told = [test for test in tests if not test.is_quiet]
    if told:
        columns = (Column(figure.name), Column("runs", Kind.WORD), Column("last step", Kind.WORD))
        screen.table((*columns, Column("test", Kind.NAME)), [_row(test, figure) for test in told[:top]])
    if len(told) > top:
        screen.line(f"and {counted(len(told) - top, 'more test')}; --top {len(told)} shows them", Look.FAINT)
    if quiet := len(tests) - len(told):
        zero = figure.value_text(0)
        screen.line(f"{counted(quiet, 'test')} at {zero} in every run", Look.FAINT)


def _drawn(values: Sequence[float]) -> str:
    """The newest values, one block each: thinning would hide what changed last."""
    return sparkline(values[-_BLOCKS:], _BLOCKS)


def _row(test: TrendOfTest, figure: Figure) -> tuple[Look, tuple[str, ...]]:
    step = test.step
    told, look = "", Look.PLAIN
    if step is not None:
        point = test.points[step.index]
        told = f"{figure.change_text(step.change)} run {point.run_id} {(point.commit or '')[:7]}".rstrip()
        look = Look.BAD if step.change > 0 else Look.GOOD
    return look, (figure.value_text(test.values[-1]), _drawn(test.values), told, test.nodeid)


def trend_document(trends: Trends) -> dict[str, Any]:
    """The trends for programs."""
    suite = trends.suite
    return {
        "environment": trends.newest.environment._asdict(),
        "suite": {
            "rss_end_bytes": list(suite.rss_bytes),
            "verdict": suite.trend.verdict.value,
            "per_run_ratio": _slope_document(suite.trend.ratio),
        },
        "tests": [_test_document(test) for test in trends.tests],
    }


def _slope_document(slope: Slope | None) -> dict[str, float] | None:
    return None if slope is None else slope._asdict()


def _test_document(test: TrendOfTest) -> dict[str, Any]:
    step = test.step
    changed = None if step is None else test.points[step.index]
    return {
        "nodeid": test.nodeid,
        "runs": [point.run_id for point in test.points],
        "values": test.values,
        "step": None
        if step is None or changed is None
        else {"run": changed.run_id, "commit": changed.commit, "before": step.before, "after": step.after},
    }
