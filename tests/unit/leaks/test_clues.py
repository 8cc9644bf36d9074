"""Clues to the lines behind a leak."""

from pathlib import Path

from pytest_memopt.leaks.clues import LineClues
from pytest_memopt.meters.rounds import LeakSignal


def test_lines_are_told_below_the_root():
    """What was made while lines are remembered is told with a path relative to the root, what was made before is not."""
    before = bytearray(10)
    clues = LineClues(int, {}, Path(__file__).parent)
    with clues.remembered():
        after = [bytearray(10), bytearray(10)]
        told = clues.made_at(after)
        assert clues.made_at([before]) is None
    assert told is not None
    assert told.startswith("test_clues.py:")
    assert told.endswith(" in test_lines_are_told_below_the_root")


def test_growth_is_looked_for_where_it_can_be_counted():
    """A signal that can be read between two lines has a line; another has none, and nothing is run for it."""
    level, runs = [0], []

    def run():
        runs.append(1)
        level[0] += 1

    clues = LineClues(run, {LeakSignal.FDS: lambda: level[0]}, Path(__file__).parent)
    assert clues.grown_at(LeakSignal.HEAP_BYTES, 1) is None
    assert runs == []
    told = clues.grown_at(LeakSignal.FDS, 1)
    assert told is not None
    assert told.endswith(" in run")
