"""Finding the line during which something outside Python grows."""

import json
import sys
import threading
from linecache import getline

import pytest

from pytest_memopt.leaks import line_watch as module
from pytest_memopt.leaks.growing_line import Sought, growing_line
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
        frames = growing_line(run, outside.count, per_round, **{"clock": lambda: 0.0, **options}).frames
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

    assert growing_line(run, outside.count, 700, budget_s=10, clock=lambda: next(times)) == Sought(is_late=True)
    assert next(times) < 10, "it went on reading"


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
        site = site_at(growing_line(run, threading.active_count, 1).frames)
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


def one(number):
    """A function that takes nothing."""
    return number % 7


def test_what_grows_is_not_read_at_lines_that_change_nothing(outside, seen):
    """Only the lines of functions in which something changed are looked at: a long computation beside them costs little."""

    def run():
        compute(5_000)
        outside.take(700)
        compute(5_000)

    assert seen(run, 700) == ("self.level += amount", "take")
    assert outside.reads < 100


@pytest.mark.parametrize("budget_s", [10, 40])
def test_in_a_hurry_what_often_changed_nothing_is_passed_over(outside, seen, budget_s):
    """Where each reading takes long, functions and lines that run again and again are not looked at for ever."""

    def run():
        for number in range(20_000):
            one(number)
        outside.level += 700

    found = seen(run, 700, budget_s=budget_s, clock=lambda: outside.reads * 0.001)
    assert found == ("outside.level += 700", "run")
    assert outside.reads < budget_s * 1000


def test_what_follows_a_call_on_its_line_is_that_lines(outside, seen):
    """A function that is passed over doesn't pay for what its caller takes when it has returned."""

    def run():
        compute(3)
        outside.level += 700 + one(7)

    assert seen(run, 700) == ("outside.level += 700 + one(7)", "run")


def test_a_function_that_is_called_by_one_that_takes_nothing(outside, seen):
    """Who stands between two functions that take something is passed over, and the right one goes on."""

    def between():
        outside.take(300)
        return 0

    def run():
        outside.level = 700 + between() + outside.level

    assert seen(run, 1000) == ("outside.level = 700 + between() + outside.level", "run")


def test_who_calls_the_test_runner_is_watched_afterwards(outside, seen):
    """A test that calls a helper of pytest's, and then takes something, is seen to take it."""
    helper = type(one)(one.__code__.replace(co_filename="/lib/_pytest/helper.py"), {})

    def run():
        helper(7)
        outside.level += 700

    assert seen(run, 700) == ("outside.level += 700", "run")


def test_it_is_seen_early_that_time_will_not_do(outside):
    """A round that takes more than its share of the time ends the search: most of the time is not spent."""

    def run():
        for number in range(100):
            outside.level += one(number) + 1

    rounds = []
    sought = growing_line(run, outside.count, 500, clock=lambda: outside.reads * 0.1, on_round=lambda: rounds.append(1))
    assert (sought, len(rounds)) == (Sought(is_late=True), 1)
    assert outside.reads * 0.1 < 4


def test_before_each_round_somebody_is_told(outside):
    """One round for the functions, three for the lines; none of these where nothing changed in any function."""
    told = []
    growing_line(lambda: outside.take(1), outside.count, 1, on_round=lambda: told.append(1))
    growing_line(lambda: None, outside.count, 1, on_round=lambda: told.append(2))
    assert told == [1, 1, 1, 1, 2]


@pytest.mark.parametrize("deadline_s", [10.0, 0.0])
def test_frames_that_live_on_are_told_line_by_line_again(deadline_s):
    """A generator that a round suspends, and who runs when time is up, are left to coverage and debuggers as they were."""

    def generate():
        while True:
            yield

    running, frames = generate(), [sys._getframe()]
    growing_line(lambda: next(running), lambda: 0, 1, budget_s=deadline_s)
    frames.append(running.gi_frame)
    assert all(frame.f_trace_lines for frame in frames)
