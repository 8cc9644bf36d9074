"""The terminal summary as a whole."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_memopt.leaks.finding import LeakFinding
from pytest_memopt.leaks.ruling import LeakKind
from pytest_memopt.limits.limits import Breach, Limit, Metric, Severity
from pytest_memopt.meters.measurement import Measurement
from pytest_memopt.meters.status import MeterStatus
from pytest_memopt.report.advice import Advice, AdviceKind
from pytest_memopt.report.summary import FixtureUse, RunInfo, RunSummary, SuiteTrend, TrendNote, WorkerUse
from pytest_memopt.report.terminal import render
from pytest_memopt.verdicts.record import Outcome, TestRecord, VerdictKind
from tests.unit.values import replace

MIB = 1024**2
LIMIT = Limit(metric=Metric.GROWTH, ceiling=MIB, source="mark memory_limit")
SOFT = replace(LIMIT, severity=Severity.WARN)
NewScreen = Callable[..., Any]


def entry(name: str, verdict: VerdictKind = VerdictKind.OK, growth: int | None = 0, **known: Any) -> TestRecord:
    """A passed test with the usual readings."""
    readings = {"objects": 0, "peak_rss_bytes": 2 * MIB, **known.pop("readings", {})}
    measured = None if growth is None else Measurement(growth_bytes=growth, **readings)
    return TestRecord(nodeid=name, verdict=verdict, measured=measured, **{"outcome": Outcome.PASSED, **known})


FILL = entry(
    "tests/test_cache.py::test_fill",
    VerdictKind.BREACH,
    12 * MIB,
    outcome=Outcome.FAILED,
    readings={"peak_rss_bytes": 42 * MIB, "objects": 30_012},
    limits=(LIMIT,),
    breaches=(Breach(limit=LIMIT, runs=(12 * MIB,) * 3, confirmed=True),),
)
WARM = entry(
    "tests/test_api.py::test_import",
    VerdictKind.WARM_UP,
    48 * 1024,
    readings={"objects": 210},
    breaches=(Breach(limit=replace(LIMIT, ceiling=1024), runs=(48 * 1024, 0), confirmed=False),),
)
FORKED = entry("tests/test_fork.py::test_child", VerdictKind.UNMEASURED, None, limits=(LIMIT,), why="a forked child")
LONG = entry(
    "tests/integration/storage/test_filesystem_backend.py::TestConcurrentWriters::test_many_writers[4-lock-1024]",
    growth=600,
    readings={"exact": False, "fds": 2},
)
EXEMPT = entry("tests/test_z.py::test_z", VerdictKind.UNMEASURED, None, why="exempt by its mark")
CLEAN = tuple(entry(f"tests/test_y.py::test_{index}") for index in range(407))
MAIN = WorkerUse(
    name="main",
    tests=412,
    rss_start_bytes=84 * MIB,
    rss_end_bytes=131 * MIB,
    rss_peak_bytes=212 * MIB,
    rss_series_bytes=tuple(index * index for index in range(40)),
)
SUMMARY = RunSummary(
    run=RunInfo(
        id=42, started="2026-11-22T19:55:00Z", duration_s=63.0, commit="a1b2c3d", dirty=False, branch="main",
        python="CPython 3.11.7", platform="linux-x86_64", machine="m", workers=0, plugin_version="0.1.0",
    ),
    history_path=".memopt/history.db",
    meters=(
        MeterStatus(name="small blocks", available=True, how="pymalloc"),
        MeterStatus(name="C heap", available=True, how="psutil"),
        MeterStatus(name="peak RSS", available=False, how="/proc is read-only"),
    ),
    tests=(*CLEAN, FILL, WARM, FORKED, LONG, EXEMPT),
    fixtures=(
        FixtureUse(name="client", scope="function", builds=240, setup_s=4.3),
        FixtureUse(name="database", scope="session", builds=3, setup_s=1.2, growth_bytes=9 * MIB),
    ),
    workers=(MAIN,),
    trend=SuiteTrend(
        slope_mb_per_minute=0.8, interval_mb_per_minute=(0.5, 1.1), runs=20, per_run_ratio=0.001, verdict="steady"
    ),
    test_trends={
        FILL.nodeid: TrendNote(
            sparkline_values=(0, 0, 0, 0, 9), step_bytes=9 * MIB, step_run=31, step_commit="a1b2c3d"
        )
    },
    advice=(Advice(AdviceKind.FIXTURE, "client", "fixture `client` is built 240 times, 18 ms each, 4.3 s in all: pool it, or give it a wider scope", saving_s=4.3),),
    warnings=("the history is locked; this run was not stored",),
)  # fmt: skip


def shown(new_screen: NewScreen, summary: RunSummary, **known: Any) -> list[str]:
    """The lines that the terminal shows."""
    out = new_screen(known.pop("encoding", "utf-8"))
    render(summary, out, **{"top": 10, "verbosity": 0, "width": 80, **known})
    return out.lines


def test_at_80_columns(screen: NewScreen) -> None:
    """Names that don't fit beside their figures stand above them, whole; notes stand behind the figures."""
    assert shown(screen, SUMMARY) == [
        "==================================== memory ====================================",
        "410 of 412 tests measured · floor 0 B, 0 objects · gc frozen",
        "run 42 → .memopt/history.db",
        "exact: small blocks, C heap · missing: peak RSS (/proc is read-only)",
        "RSS 84.0 → 131.0 MiB, peak 212.0 MiB · ▁▁▂▃▄▅▆█ · +0.8 MiB/min (+0.5 to +1.1)",
        "20 runs: steady (+0.1 %/run)",
        "   growth  peak RSS  objects",
        "tests/test_cache.py::test_fill",
        "+12.0 MiB  42.0 MiB  +30 012  held 12.0 MiB after the test, limit 1 MiB",
        "                              ▁▁▁▁█ +9.0 MiB since run 31 (a1b2c3d)",
        "tests/test_fork.py::test_child",
        "        -         -        -  unmeasured: a forked child",
        "                              limits not checked: growth",
        "tests/test_api.py::test_import",
        "+48.0 KiB   2.0 MiB     +210  warm-up: 0 B on the second run",
        LONG.nodeid,
        "  ≈+600 B   2.0 MiB        0  +2 open descriptors",
        "  growth  built  set-up  fixture",
        "+9.0 MiB      3   1.2 s  database (session)",
        "       -    240   4.3 s  client (function)",
        "advice  fixture `client` is built 240 times, 18 ms each, 4.3 s in all: pool it,",
        "        or give it a wider scope",
        "1 breach · 1 warm-up · 2 unmeasured (1 with a limit) · 408 ok",
        "unmeasured: exempt by its mark (1 test)",
        "warning: the history is locked; this run was not stored",
    ]


def test_at_120_columns(screen: NewScreen) -> None:
    """There is room for the notes beside names of the usual length."""
    lines = shown(
        screen,
        replace(
            SUMMARY, tests=(*CLEAN, FILL, WARM, FORKED, replace(LONG, nodeid="tests/test_fs.py::test_many"), EXEMPT)
        ),
        width=120,
    )
    assert lines[1:4] == [
        "410 of 412 tests measured · floor 0 B, 0 objects · gc frozen · run 42 → .memopt/history.db",
        "exact: small blocks, C heap · missing: peak RSS (/proc is read-only)",
        "RSS 84.0 → 131.0 MiB, peak 212.0 MiB · ▁▁▂▃▄▅▆█ · +0.8 MiB/min (+0.5 to +1.1) · 20 runs: steady (+0.1 %/run)",
    ]
    assert lines[5] == (
        "+12.0 MiB  42.0 MiB  +30 012  tests/test_cache.py::test_fill  held 12.0 MiB after the test, limit 1 MiB"
    )
    assert max(map(len, lines)) <= 120


def test_ascii_streams_get_ascii(screen: NewScreen) -> None:
    """Every character has an equivalent, and the columns stay aligned."""
    lines = shown(screen, SUMMARY, encoding="ascii", width=120)
    assert "RSS 84.0 -> 131.0 MiB, peak 212.0 MiB | __.-:=+# | +0.8 MiB/min (+0.5 to +1.1)" in lines[3]
    assert any(line.startswith("  ~+600 B   2.0 MiB        0  +2 open") for line in lines)


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "latin-1", "ascii", None])
def test_no_encoding_is_an_error(screen: NewScreen, encoding: str | None) -> None:
    """A node id in another script is told by its escapes."""
    odd = replace(SUMMARY, tests=(replace(FILL, nodeid="tests/test_日本.py::test_\udcff"),))
    assert any(r"test_\u65e5\u672c.py::test_\udcff" in line for line in shown(screen, odd, encoding=encoding, width=90))


def test_quiet_is_two_lines(screen: NewScreen) -> None:
    """With ``-q`` a run whose memory is fine takes two lines, however much there is to count."""
    calm = replace(SUMMARY, tests=(*CLEAN, WARM, FORKED, EXEMPT))
    assert shown(screen, calm, verbosity=-1) == [
        "memory: 408 of 410 tests measured · RSS 84.0 → 131.0 MiB, peak 212.0 MiB",
        "1 warm-up · 2 unmeasured (1 with a limit) · 407 ok · 1 warning, told without -q",
    ]
    assert len(shown(screen, calm, verbosity=-2, width=30)) == 2
    assert shown(screen, replace(calm, tests=CLEAN, workers=(), warnings=()), verbosity=-1) == [
        "memory: 407 tests measured · 407 ok"
    ]


def test_warnings_that_are_told_are_not_counted(screen: NewScreen) -> None:
    """Only where the caller keeps them to itself does a brief summary say that there are some, and how to see them."""
    calm = replace(SUMMARY, tests=CLEAN, workers=())
    assert shown(screen, calm, verbosity=-1) == ["memory: 407 tests measured · 407 ok · 1 warning, told without -q"]
    assert shown(screen, calm, verbosity=-1, are_warnings_told=True) == ["memory: 407 tests measured · 407 ok"]


def test_quiet_tells_leaks_before_what_came_to_nothing(screen: NewScreen) -> None:
    """A hunt that was inconclusive has a line with its reason, below those of tests that failed."""
    hunt = LeakFinding(LeakKind.INCONCLUSIVE, 9, why="undecided after 9 runs")
    vague = replace(CLEAN[0], nodeid="tests/test_a.py::test_vague", verdict=VerdictKind.INCONCLUSIVE, leak=hunt)
    lines = shown(screen, replace(SUMMARY, tests=(vague, FILL)), verbosity=-1)
    assert lines[2:] == [
        "tests/test_cache.py::test_fill: held 12.0 MiB after the test, limit 1 MiB",
        "tests/test_a.py::test_vague: inconclusive: undecided after 9 runs",
    ]


def test_quiet_still_tells_what_failed(screen: NewScreen) -> None:
    """A line for each broken limit and for each process that died."""
    lost = replace(MAIN, name="gw1", tests=57, lost="tests/test_x.py::test_boom, 812.0 MiB")
    lines = shown(screen, replace(SUMMARY, workers=(lost,)), verbosity=-1)
    assert lines[2:] == [
        "tests/test_cache.py::test_fill: held 12.0 MiB after the test, limit 1 MiB",
        "gw1 died after 57 tests: tests/test_x.py::test_boom, 812.0 MiB",
    ]


@pytest.mark.parametrize("verbosity", [-1, 0, 1])
def test_an_empty_run_is_one_line(screen: NewScreen, verbosity: int) -> None:
    """Without tests there is nothing to tell but that."""
    empty = RunSummary(run=SUMMARY.run)
    assert shown(screen, empty, verbosity=verbosity) == ["memory: no test ran, so none was measured"]


def test_a_clean_suite_says_so_in_one_line(screen: NewScreen) -> None:
    """Where no test has anything to say there is no table."""
    lines = shown(screen, replace(SUMMARY, tests=CLEAN, fixtures=(), advice=(), warnings=()))
    assert lines[-2:] == ["every test gave back all that it took", "407 ok"]
    assert not any("growth" in line for line in lines)


def test_a_suite_without_a_measurement_claims_nothing(screen: NewScreen) -> None:
    """Not measured is not the same as clean."""
    lines = shown(screen, replace(SUMMARY, tests=(EXEMPT,), fixtures=(), warnings=()))
    assert lines[-2:] == ["1 unmeasured", "unmeasured: exempt by its mark (1 test)"]


def test_the_table_is_cut_at_its_top(screen: NewScreen) -> None:
    """The worst stay, the others are counted, with the option that shows them."""
    lines = shown(screen, SUMMARY, top=1)
    assert "3 more tests to tell of: --memopt-top 4 shows all" in lines
    assert not any("test_import" in line for line in lines)
    assert any(line.startswith("4 more tests") for line in shown(screen, SUMMARY, top=0))


def test_traced_peaks_have_a_column_only_where_there_are_some(screen: NewScreen) -> None:
    """The tracer is slow and rare, so its column is not always there."""
    traced = entry("tests/test_p.py::test_peak", growth=64, readings={"peak_bytes": 40 * MIB})
    lines = shown(screen, replace(SUMMARY, tests=(traced, WARM, FORKED)))
    assert "   growth  peak RSS  allocated  objects  test" in lines
    assert any(line.startswith("    +64 B   2.0 MiB   40.0 MiB        0  tests/test_p") for line in lines)
    assert any(line.startswith("        -         -          -        -  tests/test_fork") for line in lines)


def test_breaches_that_only_warned_are_counted_apart(screen: NewScreen) -> None:
    """The number of breaches is not read as the number of failures."""
    warned = replace(FILL, outcome=Outcome.PASSED, breaches=(Breach(limit=SOFT, runs=(2 * MIB,), confirmed=False),))
    assert "2 breaches (1 without failing)" in shown(screen, replace(SUMMARY, tests=(FILL, warned)))


def test_missing_readings_are_dashes(screen: NewScreen) -> None:
    """A platform without peak and objects shows neither as zero."""
    bare = entry("tests/test_p.py::test_bare", growth=2048, readings={"objects": None, "peak_rss_bytes": None})
    assert "+2.0 KiB         -        -  tests/test_p.py::test_bare" in shown(screen, replace(SUMMARY, tests=(bare,)))


def test_workers_have_a_line_each(screen: NewScreen) -> None:
    """With the tests they ran and the memory they used; one that died has its last words."""
    workers = (
        replace(MAIN, name="gw0", tests=1),
        replace(MAIN, name="gw10", tests=206, rss_series_bytes=()),
        replace(MAIN, name="gw2", tests=57, lost="tests/test_x.py::test_boom, 812.0 MiB"),
    )
    lines = shown(screen, replace(SUMMARY, workers=workers))
    assert [line for line in lines if line.startswith("gw")] == [
        "gw0      1 test  RSS 84.0 → 131.0 MiB, peak 212.0 MiB  ▁▁▂▃▄▅▆█",
        "gw10  206 tests  RSS 84.0 → 131.0 MiB, peak 212.0 MiB",
        "gw2 died after 57 tests: tests/test_x.py::test_boom, 812.0 MiB",
    ]


def test_verbose_tells_the_means_and_every_reason(screen: NewScreen) -> None:
    """With ``-v`` the meters come with their means, and no reason and no fixture is left out."""
    reasons = tuple(replace(EXEMPT, nodeid=f"t{index}", why=f"reason {index}") for index in range(5))
    fixtures = tuple(FixtureUse(name=f"f{index}", scope="module", builds=1, setup_s=1.0) for index in range(7))
    many = replace(SUMMARY, tests=reasons, fixtures=fixtures)
    usual, verbose = shown(screen, many), shown(screen, many, verbosity=1)
    assert "small blocks: pymalloc · C heap: psutil · peak RSS: missing, /proc is read-only" in verbose
    assert any("2 other reasons" in line for line in usual)
    assert any("reason 4" in line for line in verbose)
    assert sum("(module)" in line for line in usual) == 5
    assert sum("(module)" in line for line in verbose) == 7


def test_a_failure_is_red_and_a_clean_suite_green(screen: NewScreen) -> None:
    """Colour says at a glance what needs a look."""
    out = screen()
    render(SUMMARY, out, top=3, verbosity=0, width=80)
    assert out.style_of("+12.0 MiB") == {"red", "bold"}
    assert out.style_of("missing: peak RSS") == {"yellow"}
    assert out.style_of("408 ok") == {"green"}


OPTIONS = st.fixed_dictionaries(
    {
        "encoding": st.sampled_from(["utf-8", "ascii", "cp1252"]),
        "verbosity": st.integers(min_value=-2, max_value=2),
        "top": st.integers(min_value=-1, max_value=5),
        "width": st.integers(min_value=20, max_value=140),
    }
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(data=st.data(), options=OPTIONS)
def test_any_run_can_be_shown(
    summaries: st.SearchStrategy[RunSummary], screen: NewScreen, data: st.DataObject, options: dict[str, Any]
) -> None:
    """Whatever was measured, on whatever terminal, there is a summary that its encoding can show."""
    summary = data.draw(summaries)
    lines = shown(screen, summary, **options)
    assert any("memory" in line for line in lines)
    if options["verbosity"] < 0 and summary.tests:
        extra = sum(use.lost is not None for use in summary.workers) + len(summary.tests)
        assert len(lines) <= 2 + extra
