"""Factories, resets and closings that hang: they hold the place they have, hinder nobody else, and are named."""

from __future__ import annotations

import os
import threading
import warnings
from contextlib import contextmanager

import pytest

from pytest_memopt.errors import PoolTimeout
from pytest_memopt.pool.hooks import Operation, PoolHooks
from pytest_memopt.pool.pool import MemoryPool
from pytest_memopt.pool.recipe import make_type
from pytest_memopt.pool.trouble import TroubleKind
from pytest_memopt.pool.under_way import CallsUnderWay

LIMIT_S = 30


class Hanging:
    """User code that hangs in the thread called ``stuck``, until it is let go."""

    def __init__(self):
        self.has_begun, self.may_end = threading.Event(), threading.Event()

    def __call__(self, *_):
        if threading.current_thread().name == "stuck":
            self.has_begun.set()
            assert self.may_end.wait(LIMIT_S)
        return object()


@pytest.fixture
def hanging():
    """User code that hangs."""
    return Hanging()


@pytest.fixture
def troubles():
    """What the pools told."""
    return []


@pytest.fixture
def make_pool(clock, troubles):
    """Makes pools of two with a clock of their own."""

    def make(factory=object, *, hooks=None, **options):
        given = {"clock": clock, "tell": troubles.append, **(hooks or {})}
        return MemoryPool.of(make_type("db", factory, **{"max_size": 2, **options}), PoolHooks(**given))

    return make


@contextmanager
def stuck_in(hanging, work):
    """A thread that is stuck in ``work`` for as long as the block lasts."""
    thread = threading.Thread(target=work, name="stuck")
    thread.start()
    assert hanging.has_begun.wait(LIMIT_S)
    try:
        yield
    finally:
        hanging.may_end.set()
        thread.join(LIMIT_S)


def drained(pool):
    """A lease whose resource is closed when it comes back."""
    lease = pool.borrow()
    pool.drain()
    return lease


def spare_is_lent(pool, places):
    """Whether so many can be lent and given back meanwhile, by one who doesn't wait."""
    leases = [pool.borrow(timeout_s=0) for _ in range(places)]
    for lease in leases:
        lease.give_back()
    return True


def test_a_factory_that_hangs_holds_its_place_and_no_more(make_pool, hanging, clock):
    """Others borrow what is left, and who finds nothing is told which thread builds, and for how long."""
    pool = make_pool(hanging)
    with stuck_in(hanging, lambda: pool.borrow().give_back()):
        assert spare_is_lent(pool, 1)
        held = pool.borrow()
        clock.pass_by(31)
        told = r"1 of 2 are lent \(somebody for 31 s\), its factory has been running for 31 s in thread 'stuck'; give"
        with pytest.raises(PoolTimeout, match=told):
            pool.borrow(timeout_s=0)
        held.give_back()
    assert spare_is_lent(pool, 2)
    assert (pool.size, pool.get_stats().in_use) == (2, 0)


def test_a_reset_that_hangs_holds_its_place_and_no_more(make_pool, hanging, clock):
    """Others borrow what is left; where somebody says who borrows, that is what the message names."""
    pool = make_pool(reset=hanging, max_size=1, hooks={"label": lambda: "tests/a.py::test_b"})
    with stuck_in(hanging, pool.borrow().give_back):
        clock.pass_by(7)
        told = "0 of 1 are lent, its reset has been running for 7 s for tests/a.py::test_b; give"
        with pytest.raises(PoolTimeout, match=told):
            pool.borrow(timeout_s=0)
    assert spare_is_lent(pool, 1)


def test_a_reset_that_hangs_leaves_other_places(make_pool, hanging):
    """One of two hangs: the other is lent again and again."""
    pool = make_pool(reset=hanging)
    with stuck_in(hanging, pool.borrow().give_back):
        assert spare_is_lent(pool, 1)
        assert spare_is_lent(pool, 1)
    assert spare_is_lent(pool, 2)


def test_a_validation_that_hangs_leaves_other_places(make_pool, hanging):
    """One that is looked at for ever is missed, and no other."""
    pool = make_pool(validate=hanging)
    pool.borrow().give_back()
    with stuck_in(hanging, lambda: pool.borrow().give_back()):
        assert spare_is_lent(pool, 1)
    assert spare_is_lent(pool, 2)


def test_a_closing_that_hangs_holds_no_place(make_pool, hanging):
    """What is being closed has left the pool: all places are there, also while the pool is closed."""
    pool = make_pool(close=hanging)
    with stuck_in(hanging, drained(pool).give_back):
        assert spare_is_lent(pool, 2)
        pool.close()
    assert pool.size == 0


def test_upkeep_tells_of_what_takes_too_long_once(make_pool, hanging, clock, troubles):
    """A call that takes longer than leak_threshold is told with its thread, once."""
    pool = make_pool(hanging, leak_threshold=5)
    with stuck_in(hanging, lambda: pool.borrow().give_back()):
        pool.maintain()
        assert not troubles
        clock.pass_by(6)
        pool.maintain()
        pool.maintain()
    assert [trouble.kind for trouble in troubles] == [TroubleKind.SLOW]
    assert troubles[0].told == (
        "resource 'db' takes too long: its factory has been running for 6 s in thread 'stuck', threshold 5 s"
    )


def test_only_the_longest_are_told(clock):
    """Three calls are named, the longest first, and the others counted; one that has returned is forgotten."""
    calls = CallsUnderWay(clock, None)
    for operation in (Operation.BUILD, Operation.RESET, Operation.CLOSE, Operation.VALIDATE, Operation.FINGERPRINT):
        calls.watched(operation, None).__enter__()
        clock.pass_by(1)
    with calls.watched(Operation.BUILD, None):
        pass
    assert next(call.operation for call in calls.running()) is Operation.BUILD
    spelt = calls.spell(clock())
    assert spelt.startswith(", its factory has been running for 5 s in thread 'MainThread', its reset")
    assert spelt.endswith("its close has been running for 3 s in thread 'MainThread' and 2 more")
    assert calls.find_slow(clock(), None) == []
    calls.forget()
    assert calls.spell(clock()) == ""


def test_a_thread_that_has_ended_has_no_name(clock):
    """A call that was left without an end is told without its thread."""
    calls = CallsUnderWay(clock, None)
    thread = threading.Thread(target=lambda: calls.watched(Operation.CLOSE, None).__enter__())
    thread.start()
    thread.join(LIMIT_S)
    calls.running()[0].thread_id = -1
    assert calls.spell(clock()) == ", its close has been running for 0 s"


def test_what_surrounds_a_call_may_fail(clock):
    """A context that can't be entered leaves no call behind."""

    @contextmanager
    def failing():
        raise OSError("no")
        yield

    calls = CallsUnderWay(clock, None)
    with pytest.raises(OSError, match="no"), calls.watched(Operation.BUILD, failing()):
        pass
    assert not calls.running()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_a_forked_child_knows_no_calls(make_pool, hanging):
    """The parent's threads don't run in the child, and nothing is said of them there."""
    pool = make_pool(hanging)
    with stuck_in(hanging, lambda: pool.borrow().give_back()):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if not child:
            os._exit(len(pool._works.calls.running()))
        assert os.waitpid(child, 0)[1] == 0


def test_a_new_resource_without_a_fingerprint_is_closed(make_pool):
    """Where the first fingerprint raises, the resource is closed, the place free, and the error the borrower's."""
    closed = []

    def refuse(resource):
        raise OSError("no fingerprint")

    pool = make_pool(fingerprint=refuse, close=closed.append)
    with pytest.raises(OSError, match="no fingerprint"):
        pool.borrow()
    assert (len(closed), pool.size, pool.get_stats().errors) == (1, 0, 1)
