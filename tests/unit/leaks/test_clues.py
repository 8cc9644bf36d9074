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
    clues = LineClues(tracemalloc.stop, {}, HERE)
    assert not clues.may_be_of_tracing
    with clues.remembered():
        clues.note_rest(3000, 3)
    assert (clues.led_to_rest(), clues.ran_out) == ((), False)
    assert clues.may_be_of_tracing is leaks


def test_a_workload_that_leaves_the_tracing_alone_leaks_by_itself(monkeypatch):
    """Its leak is not tracemalloc's, be there time to remember lines or not."""
    monkeypatch.setattr(clues_module, "TRACING_LEAKS", True)
    for budget_s in (10.0, 0.0):
        clues = LineClues(int, {}, HERE, budget_s=budget_s)
        with clues.remembered():
            clues.note_rest(3000, 3)
        assert not clues.may_be_of_tracing


def test_unwatched_nothing_is_run_and_no_line_is_known():
    """The same clues for a workload that fails when it is watched: not even one round more is run."""
    clues = LineClues(lambda: 1 / 0, {LeakSignal.FDS: lambda: 0}, HERE).unwatched()
    with clues.remembered():
        assert not tracemalloc.is_tracing()
        clues.note([HERE])
        clues.note_rest(3000, 3)
    assert (clues.led_to([HERE]), clues.led_to_rest(), clues.led_to_growth(LeakSignal.FDS, 1)) == ((), (), ())
    assert (clues.native_calls(3000), clues.ran_out, clues.may_be_of_tracing) == ((), False, False)


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


class Slow:
    """A workload whose rounds take so long where lines are remembered, by a clock of its own."""

    def __init__(self, traced_s):
        self.traced_s, self.now_s = traced_s, 0.0

    def run(self):
        self.now_s += self.traced_s if tracemalloc.is_tracing() else 0.0

    def clues(self, **options):
        return LineClues(self.run, {}, HERE, clock=lambda: self.now_s, **options)


@pytest.mark.parametrize(("traced_s", "frames"), [(0.0, 16), (0.1, 16), (0.3, 5), (2.0, 1)])
def test_as_many_lines_are_remembered_as_there_is_time_for(traced_s, frames):
    """Of ten seconds half are for three rounds; a line costs what the round took longer with one."""
    with Slow(traced_s).clues(budget_s=10).remembered():
        assert tracemalloc.get_traceback_limit() == frames


@pytest.mark.parametrize(("traced_s", "has_time"), [(1.5, True), (2.0, False)])
def test_the_first_round_tells_whether_there_is_time_for_all(traced_s, has_time):
    """Where there isn't time ran out, which is told; the rest of the rounds are to be run without."""
    slow = Slow(traced_s)
    clues = slow.clues(budget_s=10)
    with clues.remembered():
        slow.run()
        assert clues.has_time_to_remember(1, 3) is has_time
    assert clues.ran_out is not has_time


def test_a_container_has_the_line_of_its_newest_element():
    """Also when it has got another one since, whose line isn't known."""
    kept = []
    clues = LineClues(int, {}, HERE)
    with clues.remembered():
        kept.append(bytearray(1))
        clues.note_newest(kept, kept[-1])
    kept.append(bytearray(2))
    assert clues.led_to([kept[-1], kept]) == clues.led_to([kept[0]]) != ()


def test_a_search_that_came_to_no_end_ran_out_of_time():
    """Without any time left no line is found, and that is the reason."""
    level, times = [0], iter(range(0, 10_000, 100))

    def run():
        level[0] += 1

    clues = LineClues(run, {LeakSignal.FDS: lambda: level[0]}, HERE, clock=lambda: next(times))
    assert (clues.led_to_growth(LeakSignal.FDS, 1), clues.ran_out) == ((), True)


def test_who_waits_is_told_before_each_step():
    """How many seconds are left, before lines are remembered, and before each round in which lines are watched."""
    level, left = [0], []

    def run():
        level[0] += 1

    clues = LineClues(run, {LeakSignal.FDS: lambda: level[0]}, HERE, clock=lambda: 5.0, on_step=left.append)
    with clues.remembered():
        assert left == [10.0]
    clues.led_to_growth(LeakSignal.FDS, 1)
    assert left == [10.0] * 5


def test_what_is_not_wanted_takes_no_time():
    """No round is run, nothing is remembered, and time doesn't run out for it."""
    slow = Slow(100.0)
    clues = slow.clues()
    with clues.remembered(is_wanted=False):
        slow.run()
        assert clues.has_time_to_remember(1, 3)
        clues.note_rest(100, 3)
    assert (slow.now_s, clues.led_to_rest(), clues.ran_out) == (0.0, (), False)


@pytest.mark.parametrize("stops", [1, 2])
def test_what_was_forgotten_is_not_told(stops):
    """Where the clock rang in the first look, nothing more is tried; where it did later, nothing is known, and breaks nothing."""
    kept, runs, times = [], [], [0.0]

    def run():
        runs.append(1)
        kept.append(bytearray(3000))
        if len(runs) >= stops:
            times.append(9.0)
            tracemalloc.stop()

    clues = LineClues(run, {}, HERE, clock=lambda: times[-1], budget_s=10.0)
    with clues.remembered():
        assert tracemalloc.is_tracing() is (stops > 1)
        run()
        clues.note(kept)
        clues.note_rest(3000, 1)
    assert (clues.led_to(kept), clues.led_to_rest(), clues.ran_out) == ((), (), True)
