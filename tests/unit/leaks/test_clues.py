"""Clues to the lines behind a leak."""

import tracemalloc
from pathlib import Path

import pytest

from pytest_memopt.leaks import clues as clues_module
from pytest_memopt.leaks.clues import LineClues, Stretch
from pytest_memopt.leaks.finding import Origin
from pytest_memopt.meters.rounds import LeakSignal

HERE = Path(__file__).parent


def test_lines_are_told_below_the_root():
    """What was made while lines are remembered is told with a path relative to the root, what was made before is not."""
    before = bytearray(10)
    clues = LineClues(int, {}, HERE)
    with clues.remembered():
        after = [bytearray(10), bytearray(10)]
        clues.note(after)
        clues.note([before])
    assert clues.led_to([before]) == clues.led_to([bytearray(1)]) == ()
    told = clues.origin(clues.led_to(after)).site
    assert told is not None
    assert told.startswith("test_clues.py:")
    assert told.endswith(" in test_lines_are_told_below_the_root")


def test_what_is_left_is_told_by_its_line():
    """Of all that came to be in the block it is the line that made what each round leaves; nothing where none did."""
    kept = []
    clues = LineClues(int, {}, HERE)
    with clues.remembered():
        for _ in range(3):
            kept.append(bytearray(3000))
            kept.append(bytes(9000))
        clues.note_rest(3000, 3)
        frames = clues.led_to_rest()
        clues.note_rest(500_000, 3)
    assert clues.led_to_rest() == ()
    assert "bytearray(3000)" in Path(frames[0][0]).read_text("utf-8").splitlines()[frames[0][1] - 1]


@pytest.mark.parametrize("leaks", [True, False])
def test_a_workload_that_stops_the_tracing_may_be_told_its_leak(monkeypatch, leaks):
    """Then nothing is known of what is left; and where tracemalloc leaks, what grows may be its own."""
    monkeypatch.setattr(clues_module, "TRACING_LEAKS", leaks)
    clues = LineClues(int, {}, HERE)
    with clues.remembered():
        clues.note_rest(3000, 3)
        assert not clues.may_be_of_tracing
        tracemalloc.stop()
        clues.note_rest(3000, 3)
    assert clues.led_to_rest() == ()
    assert clues.may_be_of_tracing is leaks


def test_growth_is_looked_for_where_it_can_be_counted():
    """A signal that can be read between two lines has a line; another has none, and nothing is run for it."""
    level, runs = [0], []

    def run():
        runs.append(1)
        level[0] += 1

    clues = LineClues(run, {LeakSignal.FDS: lambda: level[0]}, HERE)
    assert clues.led_to_growth(LeakSignal.HEAP_BYTES, 1) == ()
    assert runs == []
    told = clues.origin(clues.led_to_growth(LeakSignal.FDS, 1)).site
    assert told is not None
    assert told.endswith(" in run")


@pytest.mark.parametrize(
    ("frames", "fixture"),
    [
        ((("/app/db.py", 90), ("/app/conftest.py", 12), ("/app/test_db.py", 3)), "database"),
        ((("/app/conftest.py", 10),), "database"),
        ((("/app/conftest.py", 14),), "database"),
        ((("/app/conftest.py", 9), ("/app/conftest.py", 15), ("/app/db.py", 12)), None),
        ((), None),
    ],
)
def test_the_fixture_around_a_line_is_told(frames, fixture):
    """It is the one in whose function any of the lines lies."""
    clues = LineClues(int, {}, Path("/app"), [Stretch("database", "/app/conftest.py", 10, 14)])
    assert clues.origin(frames).fixture == fixture


def test_without_lines_nothing_is_told():
    """Nobody is made up."""
    assert LineClues(int, {}, HERE).origin(()) == Origin(None, None)
