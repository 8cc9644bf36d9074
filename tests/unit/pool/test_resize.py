"""A pool whose size is set while it works, and idle members that are closed on request."""

import threading

import pytest

from pytest_memopt.errors import ResourceTypeError
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.inventory import Demand, Inventory, Permit
from pytest_memopt.pool.policy import PoolPolicy
from pytest_memopt.pool.pool import MemoryPool
from pytest_memopt.pool.recipe import make_type, resized
from pytest_memopt.pool.stats import Eviction, PoolStats


class Thing:
    """Knows whether it was closed."""

    closed = 0

    def close(self):
        self.closed += 1


@pytest.fixture
def pool(clock):
    """Of two things."""
    return MemoryPool.of(make_type("thing", Thing, max_size=2), PoolHooks(clock=clock))


def test_who_waits_gets_the_places_that_came():
    """More room serves the queue at once, in order."""
    stock = Inventory(PoolPolicy(max_size=1))
    assert stock.take(None) is Permit.BUILD
    woken = []
    demands = [Demand(None, lambda number=number: woken.append(number)) for number in range(3)]
    for demand in demands:
        stock.wait(demand)
    stock.resize(3)
    assert woken == [0, 1]
    assert (demands[0].grant, demands[2].grant, stock.size) == (Permit.BUILD, None, 3)


def test_a_borrower_who_waits_is_served_when_the_pool_grows(pool):
    """Another thread waits for one of two, and gets the third."""
    held = [pool.borrow(), pool.borrow()]
    got = []
    thread = threading.Thread(target=lambda: got.append(pool.borrow(timeout_s=60)))
    thread.start()
    while not pool.get_stats().waits:
        pass
    pool.resize(3)
    thread.join()
    assert len({id(lease.resource) for lease in [*held, *got]}) == 3


def test_what_is_too_many_leaves(pool):
    """Idle ones at once, the least recently used first, and lent ones when they come back."""
    pool.resize(5)
    leases = [pool.borrow() for _ in range(5)]
    things = [lease.resource for lease in leases]
    leases[0].give_back()
    leases[1].give_back()
    pool.resize(2)
    assert [thing.closed for thing in things[:2]] == [1, 1]
    for lease in leases[2:]:
        lease.give_back()
    assert sum(thing.closed for thing in things) == 3
    assert (pool.size, pool.get_stats().idle) == (2, 2)


def test_the_account_since_its_size_was_set(pool):
    """Counts begin anew for the new size, those of all time go on; a size that is put back has its account again."""
    pool.borrow().give_back()
    before = pool.sized_at
    pool.resize(4)
    pool.borrow().give_back()
    pool.borrow().give_back()
    assert (pool.stats_at_size().borrowed, pool.get_stats().borrowed) == (2, 3)
    pool.resize(2, before)
    assert pool.stats_at_size().borrowed == 3
    pool.resize(3)
    pool.pop_stats()
    assert pool.stats_at_size() == pool.get_stats()


def test_a_child_counts_anew(pool):
    """What a forked child's pool does is counted from the fork on, whatever size it has."""
    pool.borrow().give_back()
    pool.resize(4)
    pool.after_fork_in_child()
    assert pool.stats_at_size() == pool.get_stats()
    assert pool.stats_at_size().borrowed == 0


def test_an_account_since_an_earlier_one_counts_evictions_too():
    """By reason."""
    earlier = PoolStats(borrowed=1, evicted={Eviction.LOST: 1})
    now = PoolStats(borrowed=5, evicted={Eviction.LOST: 1, Eviction.INVALID: 2}, peak_size=3)
    since = now.since(earlier)
    assert (since.borrowed, since.peak_size) == (4, 3)
    assert since.evicted == {Eviction.LOST: 0, Eviction.INVALID: 2}


def test_a_closed_pool_stays_closed(pool):
    """It gets no members by a larger size."""
    pool.close()
    pool.resize(9)
    assert pool.kind.policy.max_size == 2


@pytest.mark.parametrize(("options", "size"), [({}, 0), ({"min_idle": 2}, 1), ({"shared": True}, 5)])
def test_a_size_that_makes_no_sense_is_refused(options, size):
    """Less than one, less than are kept ready, and what processes share."""
    with pytest.raises(ResourceTypeError, match=f"resource type 'thing': max_size={size} "):
        resized(make_type("thing", Thing, **options), size)


def test_idle_members_are_closed_on_request(pool, clock):
    """But for those that are kept ready; what is lent stays."""
    leases = [pool.borrow(), pool.borrow()]
    thing = leases[0].resource
    leases[0].give_back()
    assert pool.release_idle() == 1
    assert (thing.closed, pool.get_stats().evicted) == (1, {Eviction.RELEASED: 1})
    kept = MemoryPool.of(make_type("thing", Thing, min_idle=1), PoolHooks(clock=clock))
    kept.borrow().give_back()
    assert kept.release_idle() == 0
