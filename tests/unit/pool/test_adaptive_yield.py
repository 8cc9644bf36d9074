"""When a thread that finds nothing lets the others run first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.errors import PoolTimeout
from pytest_memopt.pool.adaptive_yield import CREDIT_MOST, PASSED_OVER_MOST, REWARD, TRIALS, AdaptiveYield
from pytest_memopt.pool.pool import MemoryPool


def yields_of(adaptive, asked, *, has_helped):
    """How many of so many times it yields, when that always ends so."""
    count = 0
    for _ in range(asked):
        if adaptive.is_worth_it():
            count += 1
            adaptive.learn(has_helped=has_helped)
    return count


def test_what_does_not_help_is_given_up():
    """After a few yields in vain there are none for a long while, then a few again."""
    adaptive = AdaptiveYield()
    assert yields_of(adaptive, PASSED_OVER_MOST, has_helped=False) == TRIALS
    assert yields_of(adaptive, TRIALS, has_helped=False) == 0
    assert yields_of(adaptive, PASSED_OVER_MOST, has_helped=False) == TRIALS


def test_what_helps_is_kept():
    """As long as yields help there is one each time, and they outlive some that don't."""
    adaptive = AdaptiveYield()
    assert yields_of(adaptive, 1000, has_helped=True) == 1000
    assert yields_of(adaptive, PASSED_OVER_MOST, has_helped=False) == CREDIT_MOST


def test_a_trial_that_helps_brings_them_back():
    """One success buys more than the trials cost."""
    adaptive = AdaptiveYield()
    yields_of(adaptive, PASSED_OVER_MOST + TRIALS, has_helped=False)
    assert adaptive.is_worth_it()
    adaptive.learn(has_helped=True)
    assert yields_of(adaptive, 1000, has_helped=False) >= REWARD


@given(st.lists(st.booleans(), min_size=1, max_size=2000))
def test_in_vain_it_is_rare(helped):
    """Whatever came before, a long series of failures costs a yield in 32 at most."""
    adaptive = AdaptiveYield()
    for has_helped in helped:
        if adaptive.is_worth_it():
            adaptive.learn(has_helped=has_helped)
    asked = 20_000
    assert yields_of(adaptive, asked, has_helped=False) <= CREDIT_MOST + asked / 32


def test_what_comes_free_while_others_run_is_taken(monkeypatch):
    """A borrower who finds nothing gets what is given back during the yield, without having stood in the queue."""
    pool = MemoryPool(object, max_size=1)
    held = [pool.borrow()]
    monkeypatch.setattr("pytest_memopt.pool.pool.sleep", lambda seconds: held.pop().give_back())
    lease = pool.borrow(timeout_s=1)
    stats = pool.get_stats()
    assert (stats.waits, stats.in_use, stats.timeouts) == (1, 1, 0)
    lease.give_back()


def test_a_borrower_without_patience_does_not_yield(monkeypatch):
    """With timeout_s=0 the answer comes at once."""
    pool = MemoryPool(object, max_size=1)
    lease = pool.borrow()
    monkeypatch.setattr("pytest_memopt.pool.pool.sleep", lambda seconds: lease.give_back())
    with pytest.raises(PoolTimeout):
        pool.borrow(timeout_s=0)


def test_nobody_in_the_queue_is_overtaken(monkeypatch):
    """What comes free while others run goes to the one who waits already, not to the one who yields."""
    pool = MemoryPool(object, max_size=1)
    lease, order = pool.borrow(), []

    def wait_for(name, then):
        demand = pool_demand(pool, lambda: order.append(name))
        then()
        return demand

    def while_yielding(seconds):
        monkeypatch.setattr("pytest_memopt.pool.pool.sleep", lambda seconds: None)
        demands.append(wait_for("first", lease.give_back))

    demands = []
    monkeypatch.setattr("pytest_memopt.pool.pool.sleep", while_yielding)
    with pytest.raises(PoolTimeout):
        pool.borrow(timeout_s=0.001)
    assert order == ["first"]
    assert demands[0].grant.resource is lease.resource


def pool_demand(pool, wake):
    """Stand in the queue of ``pool``, without a thread."""
    from pytest_memopt.pool.inventory import Demand

    demand = Demand(None, wake)
    assert pool._queue(demand)[0] is None
    return demand
