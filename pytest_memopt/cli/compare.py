"""``memopt compare``: what grew from one run to another."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from ..errors import UsageError
from ..history.comparison import Change, Comparison, compare_tests
from ..history.records import Metric, RunRow, TestRow
from ..history.store import HistoryStore
from ..history.threshold import Threshold
from ..report.wording import counted
from ..units import format_size
from .command import ExitCode, whole_number
from .figures import FIGURES
from .run_choice import choose_run, short_commit
from .screen import Column, Kind, Look, Screen

_FIGURES: Final = {FIGURES[name].metric: FIGURES[name] for name in ("growth", "peak", "rss")}
# Resident memory is not exactly reproducible: it is shown, and judged only when asked for.
_SHOWN: Final = Threshold(ratio=0.2, bytes=4 * 1024**2)
_JUDGED: Final = Threshold(ratio=0.2, bytes=64 * 1024)
_EXACT: Final = (Metric.GROWTH, Metric.PEAK)
_COLUMNS: Final = (
    Column("", Kind.WORD),
    Column("before"),
    Column("after"),
    Column("change"),
    Column("test", Kind.NAME),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rules:
    """How much of what counts.

    Attributes:
        thresholds: what a figure may move by before it is shown.
        judged: the figures whose growth is a regression.
    """

    thresholds: Mapping[Metric, Threshold]
    judged: AbstractSet[Metric]

    def is_regression(self, change: Change) -> bool:
        """Whether the change makes the command fail."""
        return change.amount > 0 and change.metric in self.judged

    def __str__(self) -> str:
        judged = [f"{_FIGURES[metric].name} {self.thresholds[metric]}" for metric in _FIGURES if metric in self.judged]
        unjudged = [_FIGURES[metric].name for metric in _FIGURES if metric not in self.judged]
        return ", ".join(judged) + "".join(f" ({name} is not judged)" for name in unjudged)


class CompareCommand:
    """Compare two runs and exit with 1 when a test grew.

    A and B are numbers of runs, or last, last-1 and so on. A test grew when its
    growth or its peak rose by more than --fail-on allows, by both its parts.
    Peak resident memory (rss) is shown, but fails only with --fail-on "rss:...".
    """

    name = "compare"
    reads_history = True

    def prepare_parser(self, parser: argparse.ArgumentParser) -> None:
        """Add the runs and the threshold."""
        parser.add_argument("before", metavar="A", help="the earlier run")
        parser.add_argument("after", metavar="B", help="the later run")
        parser.add_argument(
            "--fail-on",
            action="append",
            default=[],
            metavar="[METRIC:]THRESHOLD",
            help="for instance 20%%+64KiB (the default), growth:1MiB, rss:50%%+8MiB; may be given several times",
        )
        parser.add_argument(
            "--top", type=whole_number(1), default=20, metavar="N", help="show at most N changes (default 20)"
        )
        parser.add_argument(
            "--unlike", action="store_true", help="compare runs of unlike machines, platforms or Pythons too"
        )

    def run(self, options: argparse.Namespace, screen: Screen) -> ExitCode:
        """Print what differs."""
        rules = _rules(options.fail_on)
        with HistoryStore.open(options.history, read_only=True) as store:
            before, after = (choose_run(store, text) for text in (options.before, options.after))
            if not options.unlike:
                _refuse_unlike(before, after)
            comparison = compare_tests(_tests(store, before), _tests(store, after), rules.thresholds)
        if options.json:
            screen.json(_document(before, after, comparison, rules))
        else:
            _print_runs(before, after, comparison, screen)
            _print_changes(comparison.changes, rules, options.top, screen)
        grown = any(rules.is_regression(change) for change in comparison.changes)
        return ExitCode.REGRESSION if grown else ExitCode.FINE


def _rules(texts: Iterable[str]) -> _Rules:
    """The thresholds of ``--fail-on``; without a metric, one is for growth and peak."""
    thresholds = {Metric.GROWTH: _JUDGED, Metric.PEAK: _JUDGED, Metric.PEAK_RSS: _SHOWN}
    judged = set(_EXACT)
    for text in texts:
        name, colon, rest = text.rpartition(":")
        if colon and name.strip() not in {figure.name for figure in _FIGURES.values()}:
            names = ", ".join(figure.name for figure in _FIGURES.values())
            raise UsageError(f"--fail-on: {name.strip()!r} is not a figure that can be judged; there are {names}")
        threshold = Threshold.parse(rest.strip(), "--fail-on")
        metrics = (FIGURES[name.strip()].metric,) if colon else _EXACT
        thresholds.update(dict.fromkeys(metrics, threshold))
        judged.update(metrics)
    return _Rules(thresholds=thresholds, judged=judged)


def _refuse_unlike(before: RunRow, after: RunRow) -> None:
    if before.environment != after.environment:
        raise UsageError(
            f"run {before.id} was made on {before.environment}, run {after.id} on {after.environment}: "
            "their memory can't be compared fairly; --unlike does it all the same"
        )


def _tests(store: HistoryStore, run: RunRow) -> list[TestRow]:
    return [] if run.id is None else store.tests(run.id)


def _print_runs(before: RunRow, after: RunRow, comparison: Comparison, screen: Screen) -> None:
    screen.line(f"{_run_text(before)} → {_run_text(after)}", Look.STRONG)
    if before.rss_end_bytes is not None and after.rss_end_bytes is not None:
        screen.line(f"suite RSS {format_size(before.rss_end_bytes)} → {format_size(after.rss_end_bytes)}")
    counts = (
        f"{counted(comparison.shared, 'test')} in both",
        f"{len(comparison.new)} new" if comparison.new else "",
        f"{len(comparison.gone)} gone" if comparison.gone else "",
    )
    screen.line(", ".join(filter(None, counts)))


def _print_changes(changes: Sequence[Change], rules: _Rules, top: int, screen: Screen) -> None:
    """Regressions first, then what moved the farthest."""
    ordered = sorted(changes, key=lambda change: (rules.is_regression(change), abs(change.amount)), reverse=True)
    if ordered:
        screen.line()
        screen.table(_COLUMNS, [_row(change, rules) for change in ordered[:top]])
        if len(ordered) > top:
            more = counted(len(ordered) - top, "more change")
            screen.line(f"and {more}; --top {len(ordered)} shows them", Look.FAINT)
        screen.line()
    grown = len({change.nodeid for change in changes if rules.is_regression(change)})
    if grown:
        screen.line(f"{counted(grown, 'test')} grew beyond {rules}", Look.BAD)
    else:
        screen.line(f"no test grew beyond {rules}", Look.GOOD)


def _run_text(run: RunRow) -> str:
    return " ".join(filter(None, (f"run {run.id}", short_commit(run))))


def _row(change: Change, rules: _Rules) -> tuple[Look, tuple[str, ...]]:
    figure = _FIGURES[change.metric]
    look = Look.GOOD if change.amount < 0 else Look.BAD if rules.is_regression(change) else Look.PLAIN
    values = (figure.value_text(change.before), figure.value_text(change.after), figure.change_text(change.amount))
    return look, (figure.name, *values, change.nodeid)


def _document(before: RunRow, after: RunRow, comparison: Comparison, rules: _Rules) -> dict[str, Any]:
    return {
        "before": before.to_json(),
        "after": after.to_json(),
        "thresholds": {metric.value: threshold._asdict() for metric, threshold in rules.thresholds.items()},
        "judged": sorted(metric.value for metric in rules.judged),
        "shared": comparison.shared,
        "new": list(comparison.new),
        "gone": list(comparison.gone),
        "changes": [
            {**change._asdict(), "metric": change.metric.value, "is_regression": rules.is_regression(change)}
            for change in comparison.changes
        ],
    }
