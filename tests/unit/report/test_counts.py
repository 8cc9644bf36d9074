"""The last line of the summary."""

from __future__ import annotations

from pytest_memopt.report.counts import verdict_counts
from pytest_memopt.report.text import Span, Style
from pytest_memopt.verdicts.record import Outcome, TestRecord, VerdictKind


def record(outcome: Outcome, verdict: VerdictKind = VerdictKind.OK) -> TestRecord:
    """A test of which nothing else is known."""
    return TestRecord("t", outcome, verdict)


def test_what_did_not_run_to_its_end_is_not_ok() -> None:
    """Where nothing is to be said of its memory, a test counts as what became of it."""
    outcomes = [*Outcome, Outcome.FAILED, Outcome.ERROR]
    assert [span.text for span in verdict_counts([record(outcome) for outcome in outcomes])] == [
        "2 failed",
        "2 errors",
        "1 skipped",
        "1 xfailed",
        "2 ok",
    ]


def test_a_test_is_counted_once() -> None:
    """One whose memory has a verdict counts as that, whatever became of it."""
    tests = [
        record(Outcome.FAILED, VerdictKind.LEAK),
        record(Outcome.FAILED, VerdictKind.INCONCLUSIVE),
        record(Outcome.PASSED, VerdictKind.WARM_UP),
        record(Outcome.PASSED),
    ]
    assert verdict_counts(tests) == [
        Span("1 leak", Style.BAD),
        Span("1 warm-up"),
        Span("1 inconclusive"),
        Span("1 ok", Style.GOOD),
    ]


def test_without_tests_nothing_is_counted() -> None:
    """No verdict is told as zero."""
    assert verdict_counts([]) == []
