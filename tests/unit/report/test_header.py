"""The first lines of the summary."""

from __future__ import annotations

import pytest

from pytest_memopt.meters.status import Floor, MeterStatus
from pytest_memopt.report.header import meter_details, meter_pieces, rss_pieces, rss_text, run_pieces
from pytest_memopt.report.summary import RunInfo, RunSummary, SuiteTrend, WorkerUse
from pytest_memopt.report.text import Span, Style
from pytest_memopt.verdicts.record import Outcome, TestRecord, VerdictKind
from tests.unit.values import replace

MIB = 1024**2
RUN = RunInfo(
    id=42, started="", duration_s=1.0, commit=None, dirty=None, branch=None, python="", platform="", machine="",
    workers=0, plugin_version="",
)  # fmt: skip
OK = TestRecord(nodeid="a", outcome=Outcome.PASSED, verdict=VerdictKind.OK)
UNMEASURED = TestRecord(nodeid="b", outcome=Outcome.PASSED, verdict=VerdictKind.UNMEASURED)
MAIN = WorkerUse(name="main", rss_start_bytes=84 * MIB, rss_end_bytes=131 * MIB, rss_peak_bytes=212 * MIB)
SUMMARY = RunSummary(run=RUN, tests=(OK,), workers=(MAIN,), history_path=".memopt/history.db")


def texts(pieces: list[Span]) -> list[str]:
    """What the pieces say."""
    return [piece.text for piece in pieces]


def test_what_was_measured_how_and_where_it_is_kept() -> None:
    """The count of tests, the floor, the collector's mode, the run."""
    assert texts(run_pieces(SUMMARY)) == [
        "1 test measured",
        "floor 0 B, 0 objects",
        "gc frozen",
        "run 42 → .memopt/history.db",
    ]


def test_the_floor_is_printed_as_it_is() -> None:
    """An instrument that reads something of nothing says so."""
    assert "floor 16 B, 1 object" in texts(run_pieces(replace(SUMMARY, floor=Floor(growth_bytes=16, objects=1))))


def test_unmeasured_tests_are_counted_apart() -> None:
    """The number of tests is never taken for the number measured."""
    assert texts(run_pieces(replace(SUMMARY, tests=(OK, UNMEASURED))))[0] == "1 of 2 tests measured"


def test_a_run_that_is_not_kept_says_so() -> None:
    """History switched off, and a history that could not be written, are two things."""
    assert texts(run_pieces(replace(SUMMARY, history_path=None)))[-1] == "history off"
    assert texts(run_pieces(replace(SUMMARY, run=replace(RUN, id=None))))[-1] == "not stored in .memopt/history.db"


@pytest.mark.parametrize(("mode", "text"), [("collect", "gc collected"), ("off", "gc left alone"), ("new", "gc new")])
def test_the_collectors_mode_is_named(mode: str, text: str) -> None:
    """Each mode has its words, an unknown one its name."""
    assert text in texts(run_pieces(replace(SUMMARY, gc_mode=mode)))


def test_instruments_by_what_they_are_worth() -> None:
    """Counted, estimated and missing ones are told apart, missing ones with the reason."""
    meters = (
        MeterStatus(name="C heap", available=True, how="psutil"),
        MeterStatus(name="objects", available=True, how="gc", exact=False),
        MeterStatus(name="peak RSS", available=False, how="/proc is read-only"),
    )
    assert texts(meter_pieces(meters)) == [
        "exact: C heap",
        "≈ estimated: objects",
        "missing: peak RSS (/proc is read-only)",
    ]
    assert texts(meter_details(meters)) == ["C heap: psutil", "≈ objects: gc", "peak RSS: missing, /proc is read-only"]
    assert meter_pieces(()) == []


def test_resident_memory_from_start_to_end() -> None:
    """The unit once where both have it, else each with its own; the peak only where it was read."""
    assert rss_text([MAIN]) == "RSS 84.0 → 131.0 MiB, peak 212.0 MiB"
    small = replace(MAIN, rss_start_bytes=512 * 1024, rss_peak_bytes=None)
    assert rss_text([small]) == "RSS 512.0 KiB → 131.0 MiB"
    assert rss_text([WorkerUse(name="main")]) == ""


def test_the_peaks_of_several_processes_are_an_upper_bound() -> None:
    """They need not have come at one time, so their sum is not called a peak."""
    assert rss_text([MAIN, MAIN]) == "RSS of 2 workers 168.0 → 262.0 MiB, at most 424.0 MiB"


@pytest.mark.parametrize(
    ("trend", "said"),
    [
        (SuiteTrend(), []),
        (SuiteTrend(slope_mb_per_minute=0.8), ["+0.8 MiB/min"]),
        (SuiteTrend(slope_mb_per_minute=0.8, interval_mb_per_minute=(0.5, 1.1)), ["+0.8 MiB/min (+0.5 to +1.1)"]),
        (SuiteTrend(slope_mb_per_minute=0.1, interval_mb_per_minute=(-0.5, 0.7)), ["flat (-0.5 to +0.7 MiB/min)"]),
        (SuiteTrend(runs=3), ["3 runs: too few for a trend"]),
        (SuiteTrend(runs=20, per_run_ratio=0.001, verdict="steady"), ["20 runs: steady (+0.1 %/run)"]),
    ],
)
def test_no_slope_is_claimed_inside_its_interval(trend: SuiteTrend, said: list[str]) -> None:
    """A slope comes with its interval, and is flat when that holds zero; the runs come with their verdict."""
    assert texts(rss_pieces(replace(SUMMARY, trend=trend)))[1:] == said


def test_rising_memory_is_marked() -> None:
    """Inside the run and over the runs."""
    rising = SuiteTrend(
        slope_mb_per_minute=9.0, interval_mb_per_minute=(8, 10), runs=9, per_run_ratio=0.1, verdict="rising"
    )
    assert [piece.style for piece in rss_pieces(replace(SUMMARY, trend=rising))] == [
        Style.PLAIN,
        Style.WARN,
        Style.WARN,
    ]


def test_one_process_has_its_course_drawn() -> None:
    """Several have theirs on lines of their own; without a reading there is no line at all."""
    course = replace(MAIN, rss_series_bytes=(1, 2, 3))
    assert texts(rss_pieces(replace(SUMMARY, workers=(course,))))[1] == "▁▅█"
    assert len(rss_pieces(replace(SUMMARY, workers=(course, course)))) == 1
    assert rss_pieces(replace(SUMMARY, workers=())) == []
