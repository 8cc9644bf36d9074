"""The text of exceeded limits."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_memopt.limits.limits import Breach, Limit, Metric, Severity
from pytest_memopt.meters.measurement import Measurement, Phase, PhaseUse, Site, TypeUse
from pytest_memopt.report.failure import explain, short, warn_line
from pytest_memopt.verdicts.record import Outcome, TestRecord, VerdictKind

MIB = 1024**2
GROWTH = Limit(metric=Metric.GROWTH, ceiling=MIB, source="mark memory_limit")
HELD = Breach(limit=GROWTH, runs=(12 * MIB,) * 3, confirmed=True)
OBJECTS = Breach(
    limit=Limit(metric=Metric.OBJECTS, ceiling=0, source="mark memory_limit"), runs=(60_000,), confirmed=True
)
FDS = Breach(limit=Limit(metric=Metric.FDS, ceiling=0, source="memopt_limits: tests/*"), runs=(2, 2), confirmed=True)
MEASURED = Measurement(
    growth_bytes=12 * MIB,
    small_bytes=12 * MIB,
    heap_bytes=0,
    types=(TypeUse("app.models.Session", 30_000, 9_646_899), TypeUse("str", 30_000, 2_936_012)),
    phases={Phase.SETUP: PhaseUse(0, 0.1), Phase.CALL: PhaseUse(12 * MIB, 0.1), Phase.TEARDOWN: PhaseUse(None, 0.0)},
)
SITES = (Site("app/cache.py", 41, "put", 9_646_899, 30_000), Site("app/models.py", 12, None, 2_936_012, 1))


def record(*breaches: Breach, verdict: VerdictKind = VerdictKind.BREACH, **known: object) -> TestRecord:
    """A failed test."""
    facts = {"nodeid": "tests/test_cache.py::test_fill", "outcome": Outcome.FAILED, "measured": MEASURED, **known}
    return TestRecord(verdict=verdict, breaches=breaches, **facts)  # type: ignore[arg-type]


def test_a_stranger_learns_what_where_and_what_next() -> None:
    """The whole text: headline, survivors, allocating lines, allocator and phase, the limit's source, the next command."""
    told = explain(record(HELD, sites=SITES), rerun_hint='pytest --memopt-leaks "tests/test_cache.py::test_fill"')
    assert told.headline == "memory: held 12.0 MiB after the test, limit 1 MiB (3 of 3 runs: +12.0, +12.0, +12.0 MiB)"
    assert told.lines == (
        "alive since this test (own sizes, without what they refer to):",
        "  +30 000  app.models.Session  9.2 MiB",
        "  +30 000  str                 2.8 MiB",
        "allocated at:",
        "  9.2 MiB  app/cache.py:41 in put  30 000 blocks",
        "  2.8 MiB  app/models.py:12              1 block",
        "held in: small Python blocks +12.0 MiB",
        "grew in: call +12.0 MiB",
        "limit from: mark memory_limit",
        'next: pytest --memopt-leaks "tests/test_cache.py::test_fill"',
    )


def test_objects_yield_the_headline_to_what_they_are_made_of() -> None:
    """With several breaches the worst is the headline, a count of objects never if there is another; each has a line."""
    told = explain(record(OBJECTS, FDS, HELD), rerun_hint="")
    assert told.headline.startswith("memory: held 12.0 MiB")
    assert told.lines[:2] == (
        "also left 2 file descriptors open, limit 0 (2 of 2 runs: +2, +2)",
        "also left 60 000 objects alive, limit 0",
    )


def test_a_limit_that_only_warns_is_no_headline_of_a_failure() -> None:
    """However far it is exceeded, a ``warn:`` limit did not fail the test."""
    loud = Breach(limit=Limit(metric=Metric.PEAK, ceiling=1, severity=Severity.WARN), runs=(MIB,), confirmed=True)
    assert "held" in explain(record(loud, HELD), rerun_hint="").headline
    assert not any("allocated" in line for line in explain(record(loud, HELD), rerun_hint="").lines)
    assert "allocated" in explain(record(loud), rerun_hint="").headline


def test_a_judgement_on_one_run_says_so_and_why() -> None:
    """Where no rerun was possible the reader is told."""
    once = Breach(limit=GROWTH, runs=(2 * MIB,), confirmed=False)
    told = explain(record(once, why="judged on its first run: its class has a set-up of its own"), rerun_hint="")
    assert told.headline == "memory: held 2.0 MiB after the test, limit 1 MiB"
    assert told.lines[-1] == "judged on its first run: its class has a set-up of its own"
    assert explain(record(once), rerun_hint="").lines[-1] == "judged on its first run"


def test_a_breach_that_did_not_reproduce_is_told_apart() -> None:
    """A limit that was only exceeded at first is no part of the failure."""
    warm = Breach(limit=Limit(metric=Metric.THREADS, ceiling=0), runs=(1, 0, 0), confirmed=False)
    told = explain(record(HELD, warm), rerun_hint="")
    assert told.lines[-1] == "no failure: threads was over its limit, then 0 on the second run"
    assert "thread" not in told.headline


def test_growth_without_a_python_object_points_at_native_memory() -> None:
    """Where neither types nor lines can be named, the text says what that means."""
    native = Measurement(growth_bytes=12 * MIB, heap_bytes=12 * MIB)
    told = explain(record(HELD, measured=native), rerun_hint="")
    assert told.lines[:2] == (
        "held in: C heap +12.0 MiB",
        "the garbage collector lists nothing of it: bytes, text, numbers, a buffer that grew in place, or memory of a C extension",
    )


def test_survivors_say_nothing_about_a_peak() -> None:
    """For a peak the allocating lines are shown, the types and phases are not."""
    peak = Breach(limit=Limit(metric=Metric.PEAK, ceiling=MIB), runs=(2 * MIB,), confirmed=True)
    lines = explain(record(peak, sites=SITES), rerun_hint="").lines
    assert "allocated at:" in lines
    assert not any(line.startswith(("alive", "held in", "grew in")) for line in lines)


def test_long_tables_are_cut_and_counted() -> None:
    """Six rows are shown, and how many there are besides."""
    types = tuple(TypeUse(f"app.T{index}", 1, 64) for index in range(8))
    sites = tuple(Site("a.py", index, None, 64, 1) for index in range(7))
    lines = explain(record(HELD, measured=Measurement(growth_bytes=MIB, types=types), sites=sites), rerun_hint="").lines
    assert "  and 2 more types" in lines
    assert "  and 1 more line" in lines


def test_estimates_are_called_so() -> None:
    """The notes of the measurement are part of the evidence."""
    rough = Measurement(growth_bytes=MIB, exact=False, notes=("no heap reading on musl",))
    assert "estimated: no heap reading on musl" in explain(record(HELD, measured=rough), rerun_hint="").lines


def test_a_record_without_breach_or_measurement_is_told_by_its_verdict() -> None:
    """Whatever the record, there is a text."""
    assert explain(record(verdict=VerdictKind.LEAK, why="+1 per run"), rerun_hint="x").lines == ("+1 per run",)
    assert explain(record(verdict=VerdictKind.OK), rerun_hint="").headline == "memory: ok"
    assert explain(record(HELD, measured=None), rerun_hint="").lines == ("limit from: mark memory_limit",)


def test_short_is_the_headline_without_its_runs() -> None:
    """One-line summaries name the worst breach that stands, or nothing."""
    warm = Breach(limit=GROWTH, runs=(2 * MIB, 0), confirmed=False)
    assert short(record(OBJECTS, HELD)) == "held 12.0 MiB after the test, limit 1 MiB"
    assert short(record(warm)) == ""


def test_warnings_name_the_test_and_the_source() -> None:
    """Every ``warn:`` limit that was exceeded is in one line; those that fail are not."""
    loud = Breach(
        limit=Limit(metric=Metric.RSS, ceiling=MIB, severity=Severity.WARN, source="memopt_limits: tests/*"),
        runs=(2 * MIB, 2 * MIB),
        confirmed=True,
    )
    assert warn_line(record(loud, HELD)) == (
        "tests/test_cache.py::test_fill: resident memory rose by 2.0 MiB, limit 1 MiB (2 of 2 runs: +2.0, +2.0 MiB), "
        "by memopt_limits: tests/*"
    )
    assert warn_line(record(HELD)) == ""


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data(), hint=st.sampled_from(["", "pytest --lf"]))
def test_any_record_can_be_explained(records: st.SearchStrategy[TestRecord], hint: str, data: st.DataObject) -> None:
    """Whatever was measured there is a headline, and the command comes last where there is one to give."""
    drawn = data.draw(records)
    told = explain(drawn, rerun_hint=hint)
    assert told.headline.startswith("memory: ")
    if hint and short(drawn):
        assert told.lines[-1] == f"next: {hint}"
