"""Which tests and fixtures are worth a row."""

from __future__ import annotations

from pytest_memopt.limits.limits import Breach, Limit, Metric, Severity
from pytest_memopt.meters.measurement import Measurement
from pytest_memopt.meters.status import Floor
from pytest_memopt.report.ranking import NOTABLE_PEAK_BYTES, worst_fixtures, worst_tests
from pytest_memopt.report.summary import FixtureUse, RunInfo, RunSummary, TrendNote
from pytest_memopt.verdicts.record import Outcome, TestRecord, VerdictKind

RUN = RunInfo(
    id=None, started="", duration_s=1.0, commit=None, dirty=None, branch=None, python="", platform="", machine="",
    workers=0, plugin_version="",
)  # fmt: skip
LIMIT = Limit(metric=Metric.GROWTH, ceiling=0)
SOFT = Limit(metric=Metric.GROWTH, ceiling=0, severity=Severity.WARN)


def entry(name: str, growth: int | None = 0, verdict: VerdictKind = VerdictKind.OK, **known: object) -> TestRecord:
    """A passed test."""
    readings = known.pop("readings", {})
    measured = None if growth is None else Measurement(growth_bytes=growth, **readings)  # type: ignore[arg-type]
    return TestRecord(nodeid=name, outcome=Outcome.PASSED, verdict=verdict, measured=measured, **known)  # type: ignore[arg-type]


def ranked(*tests: TestRecord, **known: object) -> list[str]:
    """The names of the worst tests."""
    summary = RunSummary(run=RUN, tests=tests, **known)  # type: ignore[arg-type]
    return [record.nodeid for record in worst_tests(summary)]


def test_a_test_that_gave_all_back_has_no_row() -> None:
    """Nothing held, nothing left open, a low peak, no limit broken: nothing to say."""
    assert ranked(entry("a"), entry("b", -64), entry("c", None, VerdictKind.UNMEASURED)) == []


def test_severity_then_growth_then_peak_then_name() -> None:
    """Broken limits and leaks, unchecked limits, warnings, warm-ups, and of those that are fine the ones that hold most."""
    hard = Breach(limit=LIMIT, runs=(1, 1), confirmed=True)
    soft = Breach(limit=SOFT, runs=(1,), confirmed=False)
    assert ranked(
        entry("big", 9000),
        entry("high", 1064, readings={"peak_bytes": 9}),
        entry("low", 1064),
        entry("also low", 1064),
        entry("less than a KiB", 1000),
        entry("warm", 64, VerdictKind.WARM_UP, breaches=(Breach(limit=LIMIT, runs=(64, 0), confirmed=False),)),
        entry("leak", 1, VerdictKind.LEAK),
        entry("warned", 1, VerdictKind.BREACH, breaches=(soft,)),
        entry("unchecked", None, VerdictKind.UNMEASURED, limits=(LIMIT,)),
        entry("broken", 1, VerdictKind.BREACH, breaches=(hard,)),
    ) == ["broken", "leak", "unchecked", "warned", "warm", "big", "high", "also low", "low"]


def test_what_is_left_open_or_high_is_told() -> None:
    """Descriptors, threads, a high peak and a step in the history are news; memory within the floor is not."""
    tests = [
        entry("fds", readings={"fds": 1}),
        entry("threads", readings={"threads": 1}),
        entry("peak", readings={"peak_rss_bytes": NOTABLE_PEAK_BYTES}),
        entry("traced", readings={"peak_bytes": NOTABLE_PEAK_BYTES}),
        entry("floor", 16),
        entry("step"),
        entry("no step"),
    ]
    trends = {"step": TrendNote(step_bytes=-64), "no step": TrendNote()}
    assert set(ranked(*tests, floor=Floor(growth_bytes=16), test_trends=trends)) == {
        "fds",
        "threads",
        "peak",
        "traced",
        "step",
    }


def test_fixtures_that_hold_or_take_most_come_first() -> None:
    """By growth, then by all the time their set-ups took; those with neither are left out."""
    fixtures = [
        FixtureUse(name="quick", scope="function", builds=9, setup_s=0.01),
        FixtureUse(name="slow", scope="function", builds=9, setup_s=4.0),
        FixtureUse(name="slower", scope="session", builds=1, setup_s=5.0, growth_bytes=-10),
        FixtureUse(name="holds", scope="session", builds=1, setup_s=0.0, growth_bytes=10),
    ]
    assert [use.name for use in worst_fixtures(fixtures, 5)] == ["holds", "slower", "slow"]
    assert [use.name for use in worst_fixtures(fixtures, 1)] == ["holds"]
