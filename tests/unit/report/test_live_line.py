"""The line that tells of memory while tests run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.report.live_line import live_line, live_report
from pytest_memopt.report.summary import SuiteTrend, WorkerUse
from pytest_memopt.report.typeface import Typeface, cell_width

MIB = 1024**2
FANCY, PLAIN = Typeface.for_encoding("utf-8"), Typeface.for_encoding("ascii")
RISES = SuiteTrend(slope_mb_per_minute=0.84, interval_mb_per_minute=(0.5, 1.0))


def process(name, now, peak=None, tests=7, **others):
    """A process with so many MiB."""
    peak_bytes = None if peak is None else peak * MIB
    return WorkerUse(name, tests, now * MIB, now * MIB, peak_bytes, **others)


ALONE = (process("main", 131, 212, rss_series_bytes=(1, 2, 3, 9)),)
WORKERS = tuple(process(f"gw{index}", 100 + index, 120) for index in range(4))


@pytest.mark.parametrize(
    ("uses", "trend", "width", "line"),
    [
        (ALONE, SuiteTrend(), 80, "  RSS 131.0 MiB · peak 212.0 MiB · ▁▂▃█"),
        (ALONE, RISES, 80, "  RSS 131.0 MiB · peak 212.0 MiB · +0.8 MiB/min · ▁▂▃█"),
        (
            ALONE,
            RISES._replace(interval_mb_per_minute=(-0.1, 1.0)),
            80,
            "  RSS 131.0 MiB · peak 212.0 MiB · flat · ▁▂▃█",
        ),
        (ALONE, RISES, 40, "  RSS 131.0 MiB · peak 212.0 MiB · ▁▂▃█"),
        (ALONE, RISES, 18, "  RSS 131.0 MiB"),
        (ALONE, RISES, 15, ""),
        (
            WORKERS,
            RISES,
            120,
            "  RSS of 4 workers 406.0 MiB · at most 480.0 MiB · +0.8 MiB/min · gw0 100, gw1 101, gw2 102, gw3 103 MiB",
        ),
        (
            WORKERS,
            SuiteTrend(),
            80,
            "  RSS of 4 workers 406.0 MiB · at most 480.0 MiB · most in gw3, 103.0 MiB",
        ),
        (WORKERS, RISES, 20, "  RSS 406.0 MiB"),
        (WORKERS[:1], SuiteTrend(), 80, "  RSS of 1 worker 100.0 MiB · peak 120.0 MiB · gw0 100 MiB"),
        ((process("main", 5),), SuiteTrend(), 80, "  RSS 5.0 MiB"),
    ],
)
def test_what_is_most_important_stays(uses, trend, width, line):
    """Now, peak, slope, then the course or each worker; where there is little room, a shorter form or nothing."""
    assert live_line(uses, trend, width, FANCY) == line


def test_a_worker_that_died_holds_nothing():
    """What a process had that is gone isn't counted; one that told nothing yet isn't either."""
    uses = (*WORKERS[:2], process("gw2", 900, lost="it was running test_x"), WorkerUse("gw3"))
    assert live_line(uses, SuiteTrend(), 70, PLAIN).startswith("  RSS of 2 workers 201.0 MiB | at most 240.0 MiB")
    assert live_line((WorkerUse("main"),), SuiteTrend(), 80, FANCY) == ""


def test_a_log_gets_the_number_of_tests():
    """In a log the line stays, so that it says when it was; without a figure there is none."""
    assert live_report(WORKERS, SuiteTrend(), 80, PLAIN) == (
        "memory after 28 tests | RSS of 4 workers 406.0 MiB | at most 480.0 MiB"
    )
    assert live_report((), SuiteTrend(), 80, PLAIN) == ""


@given(st.integers(0, 200), st.integers(0, 40), st.booleans(), st.sampled_from([live_line, live_report]))
def test_no_line_is_too_wide(width, count, rises, spell):
    """Whatever there is to tell, the last column stays free, and a stream can encode it."""
    uses = tuple(process(f"gw{index}", 10**index % 977, 3000) for index in range(count))
    line = spell(uses, RISES if rises else SuiteTrend(), width, PLAIN)
    assert cell_width(line) <= max(width - 1, 0)
    assert line.isascii()
