"""Runs side by side: what may be compared, and what changed."""

from pytest_memopt.history.comparable import comparable_runs
from pytest_memopt.history.comparison import Change, Comparison, compare_tests
from pytest_memopt.history.records import Environment, Metric, RunRow, TestRow
from pytest_memopt.history.threshold import Threshold

HERE = Environment(machine="m", platform="linux-x86_64", python="CPython 3.11")
THERE = Environment(machine="m", platform="linux-x86_64", python="CPython 3.12")


def run(environment=HERE, workers=0, test_count=100):
    """A run of this kind."""
    return RunRow(
        started="2026-01-01T00:00:00Z",
        duration_s=1,
        environment=environment,
        plugin_version="0",
        workers=workers,
        test_count=test_count,
    )


def row(nodeid, growth_bytes, outcome="passed", peak_bytes=None):
    """A test's row."""
    return TestRow(
        nodeid=nodeid,
        outcome=outcome,
        verdict="ok",
        duration_s=0.1,
        growth_bytes=growth_bytes,
        peak_bytes=peak_bytes,
    )


def test_only_like_runs_are_comparable():
    """Another environment, other workers, or a tenth more or fewer tests make a run unlike."""
    like = [run(), run(test_count=110), run(test_count=90)]
    unlike = [run(THERE), run(workers=2), run(test_count=111), run(test_count=5)]
    assert comparable_runs([*like, *unlike], run()) == like


def test_changes_come_with_the_most_grown_first():
    """Growth and shrinkage beyond the threshold are told, smaller changes are not."""
    before = [row("a", 0), row("b", 5000), row("c", 100), row("d", 0)]
    after = [row("a", 2000), row("b", 0), row("c", 150), row("d", 9000)]
    changes = compare_tests(before, after, {Metric.GROWTH: Threshold(ratio=0.2, bytes=1000)}).changes
    assert [(change.nodeid, change.amount) for change in changes] == [("d", 9000), ("a", 2000), ("b", -5000)]


def test_tests_of_one_run_only_are_named_apart():
    """New and gone tests are no changes."""
    comparison = compare_tests([row("old", 1), row("both", 1)], [row("both", 1), row("new", 10**6)], {})
    assert comparison == Comparison(changes=(), shared=1, new=("new",), gone=("old",))


def test_what_was_not_measured_is_not_compared():
    """A test that was skipped, broke in set-up, or lacks the figure in one of the runs has no change."""
    before = [row("skipped", 0, "skipped"), row("broken", 0), row("unread", None), row("peak", 0, peak_bytes=1)]
    after = [row("skipped", 9), row("broken", 9, "error"), row("unread", 9), row("peak", 0, peak_bytes=5)]
    comparison = compare_tests(before, after, {Metric.GROWTH: Threshold(), Metric.PEAK: Threshold()})
    assert comparison.changes == (Change(nodeid="peak", metric=Metric.PEAK, before=1, after=5),)
    assert comparison.shared == 2
