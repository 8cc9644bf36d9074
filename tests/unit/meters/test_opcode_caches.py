"""The caches of opcodes that CPython 3.10 gives to functions that are called often, made before they are."""

import sys
import threading
from array import array
from itertools import repeat
from types import CodeType, SimpleNamespace

import pytest

from pytest_memopt.meters import opcode_caches
from pytest_memopt.meters.opcode_caches import OpcodeCaches

kept = pytest.mark.skipif(
    sys.version_info >= (3, 11) or sys.implementation.name != "cpython", reason="only CPython 3.10 has such caches"
)


def reads_a_global():
    """One that is cached."""
    return len


def reads_an_attribute(number):
    """With a variable that an inner function shares, as such codes are larger."""

    def inner():
        return number

    return number.real, inner


def generates(*numbers, last):
    """A generator, with arguments of all kinds."""
    while True:
        yield sum(numbers), last


async def awaits(**given):
    """A coroutine."""
    return await given.nothing


def reads_nothing(number):
    """What needs no cache."""
    return number


@pytest.fixture
def untraced():
    """What follows the tests line by line, which is coverage, looks away for the time of the test."""
    before = sys.gettrace()
    sys.settrace(None)
    yield
    sys.settrace(before)


@pytest.fixture
def unseen(monkeypatch):
    """Nobody is said to follow calls: coverage goes on with it."""
    said = SimpleNamespace(gettrace=lambda: None, getprofile=lambda: None)
    monkeypatch.setattr(opcode_caches, "sys", said)


@pytest.fixture
def counted():
    """The codes that are called, one for each call, and what makes caches by such calls; none is ever there."""
    codes = []
    return codes, OpcodeCaches(lambda code: lambda: codes.append(code), size_of=lambda code: 0)


ONE_TWO = compile("one.two", "", "eval")


def test_what_may_get_a_cache_is_called_often_enough(unseen, counted):
    """1 024 calls, as long as there is no cache; a code that reads neither globals nor attributes gets none."""
    codes, caches = counted
    caches.make(ONE_TWO)
    caches.make(reads_nothing.__code__)
    assert codes == [ONE_TWO] * 1024


@pytest.mark.parametrize(("calls_before", "calls_made"), [(0, 1024), (100, 960), (1024, 0)])
def test_no_more_calls_are_made_than_needed(unseen, calls_before, calls_made):
    """The code grows when it gets its cache, which is looked at every 64 calls; one that has one is left alone."""
    calls = [None] * calls_before
    has_cache = lambda: len(calls) >= 1024  # noqa: E731
    caches = OpcodeCaches(
        lambda code: lambda: calls.append(None), size_of=lambda code: CodeType.__basicsize__ + 100 * has_cache()
    )
    caches.make(ONE_TWO)
    assert len(calls) - calls_before == calls_made


def test_nobody_who_follows_calls_hears_of_these(counted):
    """A debugger, coverage and a profiler would take them for calls: nothing is made."""
    codes, caches = counted
    trace, profile = sys.gettrace(), sys.getprofile()
    sys.settrace(lambda *event: None)
    caches.make(ONE_TWO)
    sys.settrace(None)
    sys.setprofile(lambda *event: None)
    caches.make(ONE_TWO)
    sys.setprofile(profile)
    sys.settrace(trace)
    assert codes == []


def test_all_that_a_run_calls_is_made(untraced, counted):
    """The run's own functions and those that they call, in this thread; once, however often they are called."""
    codes, caches = counted

    def run():
        called()
        called()
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()

    def called():
        return len

    def elsewhere():
        return len

    caches.make_for(run)
    assert [codes.count(one.__code__) for one in (run, called, elsewhere)] == [1024, 1024, 0]
    assert sys.gettrace() is None


def test_what_a_run_raises_comes_through(untraced, counted):
    """Then nothing is made, and nobody follows any longer."""
    codes, caches = counted
    with pytest.raises(ZeroDivisionError):
        caches.make_for(lambda: 1 / 0)
    assert (codes, sys.gettrace()) == ([], None)


def test_a_run_that_is_followed_is_just_run(counted):
    """A debugger or coverage is not looked away from."""
    codes, caches = counted
    before = sys.gettrace()
    sys.settrace(lambda *event: None)
    runs = []
    caches.make_for(lambda: runs.append(sys.gettrace()))
    sys.settrace(before)
    assert (codes, len(runs)) == ([], 1)
    assert runs[0] is not None


@kept
@pytest.mark.parametrize("function", [reads_a_global, reads_an_attribute, generates, awaits])
def test_no_code_runs(untraced, function):
    """The cache of a code is there afterwards, and not made a second time; the code has done nothing."""
    made = OpcodeCaches()
    before = sys.getsizeof(function.__code__)
    made.make(function.__code__)
    after = sys.getsizeof(function.__code__)
    made.make(function.__code__)
    assert before < after == sys.getsizeof(function.__code__)


@kept
def test_calls_then_take_no_block(untraced):
    """A function whose cache was made takes none at its 1 024th call; one whose cache wasn't takes two."""

    def made():
        return len

    def plain():
        return len

    OpcodeCaches().make(made.__code__)
    blocks = array("q", bytes(24))
    for _ in range(2):  # the frames are kept by then
        made()
        plain()
    blocks[0] = sys.getallocatedblocks()
    for _ in repeat(None, 1100):
        made()
    blocks[1] = sys.getallocatedblocks()
    for _ in repeat(None, 1100):
        plain()
    blocks[2] = sys.getallocatedblocks()
    assert [blocks[1] - blocks[0], blocks[2] - blocks[1]] == [0, 2]
