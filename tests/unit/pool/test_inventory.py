"""Who gets which member, decided without threads."""

from __future__ import annotations

from pytest_memopt.pool.inventory import Demand, Inventory, Permit
from pytest_memopt.pool.policy import PoolPolicy
from pytest_memopt.pool.resource import PooledResource


def lend_one(stock):
    """A member that was built and lent."""
    assert stock.take(None) is Permit.BUILD
    member = PooledResource(object(), None, 0.0)
    assert stock.enrol(member)
    stock.lend(member)
    return member


def queue(stock, count):
    """So many who wait."""
    demands = [Demand(None, lambda: None) for _ in range(count)]
    for demand in demands:
        stock.wait(demand)
    return demands


def test_who_leaves_the_queue_is_not_served():
    """Those behind move up."""
    stock = Inventory(PoolPolicy(max_size=1))
    member = lend_one(stock)
    first, second = queue(stock, 2)
    stock.withdraw(first, 0.0)
    stock.put(member, 0.0)
    assert (first.grant, second.grant) == (None, member)


def test_a_grant_that_comes_too_late_goes_to_the_next():
    """A member that was granted to a borrower who left isn't lost."""
    stock = Inventory(PoolPolicy(max_size=1))
    member = lend_one(stock)
    first, second = queue(stock, 2)
    stock.put(member, 0.0)
    stock.withdraw(first, 0.0)
    assert second.grant is member


def test_a_permit_that_comes_too_late_goes_to_the_next():
    """Nor is the leave to build one."""
    stock = Inventory(PoolPolicy(max_size=1))
    member = lend_one(stock)
    first, second = queue(stock, 2)
    stock.reject(member, None)
    assert first.grant is Permit.BUILD
    stock.withdraw(first, 0.0)
    assert second.grant is Permit.BUILD
    assert stock.size == 1


def test_an_error_needs_no_passing_on():
    """Who is refused leaves as he came."""
    stock = Inventory(PoolPolicy(max_size=1))
    lend_one(stock)
    (demand,) = queue(stock, 1)
    stock.close(lambda: ValueError("closed"))
    stock.withdraw(demand, 0.0)
    assert isinstance(demand.grant, ValueError)
    assert stock.size == 1


def test_a_newcomer_stands_behind_those_who_wait():
    """Nobody is served out of turn."""
    stock = Inventory(PoolPolicy(max_size=1))
    lend_one(stock)
    queue(stock, 1)
    assert stock.take(None) is None
    assert not stock.reserve()
    assert stock.waiting_count == 1


def test_a_child_process_forgets_all():
    """What was there is handed over, not closed."""
    stock = Inventory(PoolPolicy(max_size=2))
    member = lend_one(stock)
    assert stock.forget() == [member]
    assert (stock.size, stock.lent_count, stock.doomed) == (0, 0, [])
