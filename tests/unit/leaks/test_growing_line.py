"""Finding the line during which something outside Python grows."""

import json
import sys
import threading
from linecache import getline

import pytest

from pytest_memopt.leaks import growing_line as module
from pytest_memopt.leaks.growing_line import growing_line
from pytest_memopt.meters.allocation_lines import site_at


class Outside:
    """Something outside Python that is taken and given back."""

    def __init__(self):
        self.level = self.reads = 0

    def take(self, amount):
        self.level += amount

    def count(self):
        self.reads += 1
        return self.level


@pytest.fixture
def outside():
    """Nothing is taken yet."""
    return Outside()


@pytest.fixture
def seen(outside):
    """A function that finds the line of this file during which a workload grows, as text; its clock stands still."""

    def find(run, per_round, **options):
        frames = growing_line(run, outside.count, per_round, clock=lambda: 0.0, **options)
        if not frames:
            return None
        site = site_at(frames)
        assert site.path == __file__
        return getline(__file__, site.line).strip(), site.function

    return find


def test_the_line_that_grows_is_found(outside, seen):
    """Of many lines in several functions it is the one that takes what the round leaves."""

    def inner():
        sum(range(5))
        outside.level += 700
        return sum(range(5))

    def run():
        inner()
        return [inner for _ in range(3)]

    assert seen(run, 700) == ("outside.level += 700", "inner")


def test_what_is_given_back_does_not_mislead(outside, seen):
    """A line that takes more, which another gives back, is not the one."""

    def run():
        outside.level += 5000
        outside.level += 700
        outside.level -= 5000

    assert seen(run, 700) == ("outside.level += 700", "run")


def test_growth_within_the_library_is_its_callers(outside, seen):
    """What grows while Python's own library runs is told as the line that called it."""

    def take(pairs):
        outside.level += 80
        return pairs

    take = type(take)(
        take.__code__.replace(co_filename=json.__file__), take.__globals__, "take", None, take.__closure__
    )

    def run():
        json.loads("{}")
        take(())

    assert seen(run, 80) == ("take(())", "run")


def test_every_round_must_grow(outside, seen):
    """A line that grows in one round only, as a cache does, is not told."""
    done = []

    def run():
        if not done:
            outside.level += 700
        done.append(1)

    assert seen(run, 700) is None


def test_a_line_that_explains_little_is_not_told(outside, seen):
    """Less than half of what a round leaves is no explanation: a strange line is worse than none."""

    def run():
        outside.level += 100

    assert seen(run, 700) is None


def test_the_test_runner_is_not_watched(outside, seen, monkeypatch):
    """What pytest or this plugin takes is nobody's."""
    monkeypatch.setattr(module, "is_runner", lambda path: path == __file__)

    def run():
        outside.level += 700

    assert seen(run, 700) is None


def test_time_is_bounded(outside):
    """A round that takes too long is not watched to its end, and no line is told."""
    times = iter(range(100))

    def run():
        for _ in range(50):
            outside.level += 700

    assert growing_line(run, outside.count, 700, budget_s=10, clock=lambda: next(times)) == ()
    assert next(times) < 20, "it went on reading"


def test_who_traced_before_goes_on(outside):
    """A debugger, or coverage, is back in its place, also when the round raises."""
    before = sys.gettrace()

    def tracer(frame, event, arg):
        return None

    sys.settrace(tracer)
    try:
        with pytest.raises(ZeroDivisionError):
            growing_line(lambda: 1 / 0, outside.count, 1)
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)


def test_the_line_that_starts_a_thread_is_found():
    """With nothing faked: threads that stay are told by the line that starts them."""
    stop = threading.Event()
    started = []

    def run():
        thread = threading.Thread(target=stop.wait)
        started.append(thread)
        thread.start()

    try:
        site = site_at(growing_line(run, threading.active_count, 1))
    finally:
        stop.set()
        for thread in started:
            thread.join()
    assert site is not None
    assert (site.path, site.function) == (__file__, "run")


def compute(steps):
    """Many lines that take nothing."""
    total = 0
    for number in range(steps):
        total += number % 7
        total -= 1
    return total


def test_what_grows_is_not_read_at_lines_that_change_nothing(outside, seen):
    """Only the lines of functions in which something changed are looked at: a long computation beside them costs little."""

    def run():
        compute(5_000)
        outside.take(700)
        compute(5_000)

    assert seen(run, 700) == ("self.level += amount", "take")
    assert outside.reads < 100
