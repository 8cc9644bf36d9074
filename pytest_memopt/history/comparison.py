"""Two runs side by side: which tests hold or reach more, or less, than before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from .records import Metric, TestRow
from .threshold import Threshold

_UNTRIED = ("skipped", "error")


class Change(NamedTuple):
    """One test's figure that moved by more than its threshold.

    Attributes:
        nodeid: the test.
        metric: the figure.
        before: its value in the earlier run.
        after: its value in the later run.
    """

    nodeid: str
    metric: Metric
    before: int
    after: int

    @property
    def amount(self) -> int:
        """``after`` less ``before``: positive where it grew."""
        return self.after - self.before


class Comparison(NamedTuple):
    """What differs between two runs.

    Attributes:
        changes: the figures that moved, the most grown first.
        shared: how many tests were measured in both.
        new: tests only in the later run.
        gone: tests only in the earlier run.
    """

    changes: tuple[Change, ...]
    shared: int
    new: tuple[str, ...]
    gone: tuple[str, ...]


def compare_tests(
    before: Iterable[TestRow], after: Iterable[TestRow], thresholds: Mapping[Metric, Threshold]
) -> Comparison:
    """The tests of two runs compared by each metric that has a threshold; skipped and broken tests are left out."""
    earlier = {test.nodeid: test for test in before if test.outcome not in _UNTRIED}
    later = {test.nodeid: test for test in after if test.outcome not in _UNTRIED}
    shared = [nodeid for nodeid in later if nodeid in earlier]
    changes = [
        change
        for nodeid in shared
        for metric, threshold in thresholds.items()
        if (change := _change(earlier[nodeid], later[nodeid], metric)) and _counts(change, threshold)
    ]
    return Comparison(
        changes=tuple(sorted(changes, key=lambda change: change.amount, reverse=True)),
        shared=len(shared),
        new=tuple(nodeid for nodeid in later if nodeid not in earlier),
        gone=tuple(nodeid for nodeid in earlier if nodeid not in later),
    )


def _change(earlier: TestRow, later: TestRow, metric: Metric) -> Change | None:
    """The two values, where both were read."""
    before, after = getattr(earlier, metric.value), getattr(later, metric.value)
    if before is None or after is None:
        return None
    return Change(nodeid=later.nodeid, metric=metric, before=before, after=after)


def _counts(change: Change, threshold: Threshold) -> bool:
    """Whether it went up, or down, by more than the threshold lets it."""
    return abs(change.amount) > threshold.allowance(change.before)
