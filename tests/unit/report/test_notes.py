"""The notes beside a test's figures."""

from __future__ import annotations

import pytest

from pytest_memopt.limits.limits import Breach, Limit, Metric, Severity
from pytest_memopt.meters.measurement import Measurement
from pytest_memopt.report.notes import notes, row_style
from pytest_memopt.report.summary import TrendNote
from pytest_memopt.report.text import Style
from pytest_memopt.verdicts.record import Outcome, TestRecord, VerdictKind

MIB = 1024**2
HARD = Limit(metric=Metric.GROWTH, ceiling=MIB)
SOFT = Limit(metric=Metric.GROWTH, ceiling=MIB, severity=Severity.WARN)
THREADS = Breach(limit=Limit(metric=Metric.THREADS, ceiling=0), runs=(1, 1), confirmed=True)


def record(verdict: VerdictKind, *breaches: Breach, outcome: Outcome = Outcome.PASSED, **known: object) -> TestRecord:
    """A test, measured unless told otherwise."""
    facts = {"measured": Measurement(growth_bytes=48 * 1024), **known}
    return TestRecord(nodeid="t", outcome=outcome, verdict=verdict, breaches=breaches, **facts)  # type: ignore[arg-type]


def held(limit: Limit, *runs: int) -> Breach:
    """The limit with its runs."""
    return Breach(limit=limit, runs=runs, confirmed=len(runs) > 1 and min(runs) > limit.ceiling)


def said(told: TestRecord, trend: TrendNote | None = None) -> list[str]:
    """The note's pieces."""
    return [span.text for span in notes(told, trend)]


def test_a_test_that_is_fine_needs_no_note() -> None:
    """Figures alone say that all is well."""
    assert said(record(VerdictKind.OK), TrendNote(sparkline_values=(1.0, 2.0))) == []


def test_a_broken_limit_is_named_with_the_number_of_others() -> None:
    """The worst breach is told, the others are counted."""
    told = record(VerdictKind.BREACH, held(HARD, 2 * MIB, 2 * MIB), THREADS)
    assert said(told) == ["held 2.0 MiB after the test, limit 1 MiB", "and over 1 other limit"]


def test_a_limit_judged_once_says_so() -> None:
    """A verdict that was not reproduced is not shown as if it were."""
    told = record(VerdictKind.BREACH, held(HARD, 2 * MIB), why="judged on its first run: a subtest")
    assert said(told)[1] == "judged on its first run: a subtest"
    assert said(record(VerdictKind.BREACH, held(HARD, 2 * MIB)))[1] == "judged on its first run"


def test_a_warning_and_an_expected_failure_are_told_apart() -> None:
    """What did not fail the test does not look as if it had."""
    assert said(record(VerdictKind.BREACH, held(SOFT, 2 * MIB, 2 * MIB)))[0].startswith("warn: held")
    expected = record(VerdictKind.BREACH, held(HARD, 2 * MIB, 2 * MIB), outcome=Outcome.XFAILED)
    assert said(expected)[0].startswith("expected: held")


def test_unmeasured_limits_are_visible() -> None:
    """The reason, and what could not be checked for it."""
    told = record(VerdictKind.UNMEASURED, why="forked", measured=None, limits=(HARD, SOFT, THREADS.limit))
    assert said(told) == ["unmeasured: forked", "limits not checked: growth, threads"]
    assert said(record(VerdictKind.UNMEASURED, why="growth could not be measured", limits=(HARD,))) == [
        "unmeasured: growth could not be measured"
    ]
    assert said(record(VerdictKind.UNMEASURED, measured=None)) == ["unmeasured: no reason given"]


def test_a_warm_up_names_the_run_that_was_fine() -> None:
    """From the breach that did not reproduce, else from the reruns, else only the word."""
    assert said(record(VerdictKind.WARM_UP, held(HARD, 2 * MIB, 0))) == ["warm-up: 0 B on the second run"]
    assert said(record(VerdictKind.WARM_UP, reruns=(48 * 1024, 64))) == ["warm-up: +64 B on the third run"]
    assert said(record(VerdictKind.WARM_UP, why="imports numpy")) == ["warm-up: imports numpy"]


def test_other_verdicts_are_their_own_words() -> None:
    """With their reason, where there is one."""
    assert said(record(VerdictKind.KNOWN_LEAK, why="issue 12")) == ["known leak: issue 12"]
    assert said(record(VerdictKind.INCONCLUSIVE)) == ["inconclusive"]
    assert notes(record(VerdictKind.LEAK), None)[0].style is Style.BAD


def test_what_is_left_open_is_counted() -> None:
    """Descriptors and threads have no column, so the note has them; fewer than before is no news."""
    left = Measurement(growth_bytes=0, fds=2, threads=1)
    assert said(record(VerdictKind.OK, measured=left)) == ["+2 open descriptors", "+1 running thread"]
    assert said(record(VerdictKind.OK, measured=Measurement(growth_bytes=0, fds=-1, threads=0))) == []


def test_a_step_in_the_history_is_drawn_and_dated() -> None:
    """The course, the size of the step, its run and its commit, as far as they are known."""
    trend = TrendNote(sparkline_values=(0, 0, 9.1), step_bytes=9 * MIB, step_run=31, step_commit="a1b2c3d")
    assert said(record(VerdictKind.OK), trend) == ["▁▁█ +9.0 MiB since run 31 (a1b2c3d)"]
    assert said(record(VerdictKind.OK), TrendNote(step_bytes=-64)) == ["-64 B"]


@pytest.mark.parametrize(
    ("told", "style"),
    [
        (record(VerdictKind.BREACH, held(HARD, 2 * MIB, 2 * MIB), outcome=Outcome.FAILED), Style.BAD),
        (record(VerdictKind.BREACH, held(HARD, 2 * MIB, 2 * MIB), outcome=Outcome.XFAILED), Style.WARN),
        (record(VerdictKind.BREACH, held(SOFT, 2 * MIB, 2 * MIB)), Style.WARN),
        (record(VerdictKind.UNMEASURED, limits=(HARD,)), Style.WARN),
        (record(VerdictKind.WARM_UP, held(HARD, 2 * MIB, 0)), Style.PLAIN),
    ],
)
def test_only_what_failed_is_red(told: TestRecord, style: Style) -> None:
    """Red for a failure, yellow for what needs a look, no colour for the rest."""
    assert row_style(told) is style
