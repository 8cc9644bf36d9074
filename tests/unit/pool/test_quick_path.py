"""Borrowing and returning without the lock: what another thread does in the very moment is made up for."""

from __future__ import annotations

from collections import deque

import pytest

from pytest_memopt.pool import desk as desk_module
from pytest_memopt.pool.arguments import arguments_of
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.inventory import Demand
from pytest_memopt.pool.pool import MemoryPool
from pytest_memopt.pool.recipe import make_type
from pytest_memopt.pool.stats import Eviction


class Shelf(deque):
    """A shelf beside which another thread does something, each time one looks or after one has put something there."""

    def __init__(self, *, before_taking=None, after_putting=None):
        super().__init__()
        self.before_taking = before_taking or (lambda: None)
        self.after_putting = after_putting or (lambda: None)

    def pop(self):
        self.before_taking()
        return super().pop()

    def append(self, member):
        super().append(member)
        self.after_putting()

    def remove(self, member):
        self.before_taking()
        super().remove(member)


class Thing:
    """A resource that counts how often it is closed."""

    def __init__(self, *_):
        self.closed = 0

    def close(self):
        self.closed += 1


@pytest.fixture
def make_pool(clock):
    """Makes pools with another shelf."""

    def make(shelf, **options):
        pool = MemoryPool.of(make_type("thing", Thing, **options), PoolHooks(clock=clock))
        pool._stock.shelf = pool._stock._shelves[None] = pool._quick_shelf = shelf
        pool._next = shelf.pop
        return pool

    return make


def once(act):
    """What happens the first time only."""
    acts = [act]
    return lambda: acts.pop()() if acts else None


def test_what_another_thread_takes_first_is_not_lent_twice(make_pool):
    """A shelf that is empty by the time one takes from it is no error: another resource is built."""
    shelf = Shelf()
    pool = make_pool(shelf)
    pool.borrow().give_back()
    taken = []
    shelf.before_taking = once(lambda: taken.append(deque.pop(shelf)))
    lease = pool.borrow()
    assert lease.resource is not taken[0].resource
    assert (pool.size, pool.get_stats().built) == (2, 2)


def test_a_careful_borrower_may_come_too_late_as_well(make_pool):
    """The same where the members are looked at before they are lent, and there's no room: the borrower builds or waits."""
    shelf = Shelf()
    pool = make_pool(shelf, validate=lambda thing: True)
    pool.borrow().give_back()
    pool._quick_shelf = ()
    shelf.before_taking = once(lambda: deque.pop(shelf))
    assert pool.borrow().resource is not None
    assert pool.size == 2


def test_who_came_into_the_queue_is_served(make_pool):
    """One who stands in the queue just after it was looked at gets what was put on the shelf."""
    woken = []
    demand = Demand(None, lambda: woken.append(1))
    shelf = Shelf()
    pool = make_pool(shelf, max_size=1)
    lease = pool.borrow()
    shelf.after_putting = once(lambda: pool._stock.demands.append(demand))
    lease.give_back()
    assert woken == [1]
    assert demand.grant.resource is lease.resource


def test_what_came_onto_the_shelf_is_taken_from_the_queue(make_pool):
    """One who stands in the queue looks at the shelf once more."""
    pool = make_pool(Shelf(), max_size=1)
    lease = pool.borrow()
    demand = Demand(None, lambda: None)
    pool._stock.shelf.append(lease.member)
    pool._stock.wait(demand)
    assert demand.grant is lease.member


@pytest.mark.parametrize(("end", "is_closed"), [(MemoryPool.drain, False), (MemoryPool.close, True)])
def test_what_ends_while_it_comes_back_is_closed(make_pool, end, is_closed):
    """A pool that is drained or closed while a resource is put on its shelf keeps nothing."""
    shelf = Shelf()
    pool = make_pool(shelf)
    lease = pool.borrow()
    member = lease.member
    # the shelf is emptied before the member is there, and its end comes after it was looked at
    shelf.after_putting = once(lambda: (deque.remove(shelf, member), end(pool), deque.append(shelf, member)))
    lease.give_back()
    assert (lease.resource.closed, pool.size, pool.is_closed) == (1, 0, is_closed)
    assert pool.get_stats().evicted == {Eviction.DRAINED: 1}


def test_who_was_served_before_the_end_gets_what_it_asked_for(make_pool, clock):
    """A borrower who took a stale resource just before the pool was closed gets another, closed when it comes back."""
    shelf = Shelf()
    pool = make_pool(shelf, idle_ttl=10)
    pool.borrow().give_back()
    clock.pass_by(11)
    member = shelf[0]
    shelf.before_taking = once(lambda: (deque.pop(shelf), pool.close(), deque.append(shelf, member)))
    lease = pool.borrow()
    assert (member.resource.closed, lease.resource.closed, pool.size) == (1, 0, 1)
    lease.give_back()
    assert (lease.resource.closed, pool.size) == (1, 0)


def test_what_is_lent_this_moment_does_not_idle(make_pool, clock):
    """Upkeep that finds a resource gone from its shelf lets it be."""
    shelf = Shelf()
    pool = make_pool(shelf, idle_ttl=10)
    pool.borrow().give_back()
    clock.pass_by(11)
    shelf.before_taking = once(lambda: deque.pop(shelf))
    pool.maintain()
    assert (pool.size, pool.get_stats().evicted) == (1, {})


def test_room_is_made_by_the_next_one_where_the_first_is_gone(make_pool):
    """A member that is lent the very moment it should make room doesn't; where none is left one waits."""
    shelf = Shelf()
    pool = make_pool(shelf, max_size=2)
    for lease in [pool.borrow(), pool.borrow()]:
        lease.give_back()
    first, second = shelf
    shelf.before_taking = once(lambda: deque.remove(shelf, first))
    lease = pool.borrow(arguments_of("thing", ("x",), {}))
    assert (first.resource.closed, second.resource.closed) == (0, 1)
    assert lease.resource is not None


def test_a_stale_member_may_be_followed_by_none(make_pool, clock):
    """A borrower whose resource went stale builds in its place where another thread took the next."""
    shelf = Shelf()
    pool = make_pool(shelf, idle_ttl=10)
    for lease in [pool.borrow(), pool.borrow()]:
        lease.give_back()
    clock.pass_by(11)
    acts = [lambda: deque.pop(shelf), lambda: None]
    shelf.before_taking = lambda: acts.pop()() if acts else None
    pool.borrow()
    assert (pool.size, pool.get_stats().built) == (2, 3)


def test_without_a_global_lock_all_goes_by_the_pools_own(clock, monkeypatch):
    """In a free-threaded build nothing is borrowed or given back without the lock."""
    monkeypatch.setattr(desk_module, "has_gil", lambda: False)
    pool = MemoryPool.of(make_type("thing", Thing), PoolHooks(clock=clock))
    held = pool._stock.lend
    lends = []
    pool._stock.lend = lambda member: (lends.append(member), held(member))
    for _ in range(3):
        with pool.borrow():
            assert pool.get_stats().in_use == 1
    stats = pool.get_stats()
    assert (len(lends), stats.borrowed, stats.built, stats.resets, stats.idle) == (3, 3, 1, 0, 1)


def test_a_new_peak_is_noted(make_pool):
    """After the account was begun anew, the most that are lent at one time are those of the new account."""
    pool = make_pool(Shelf())
    for lease in [pool.borrow(), pool.borrow()]:
        lease.give_back()
    assert pool.pop_stats().peak_in_use == 2
    leases = [pool.borrow(), pool.borrow()]
    assert pool.get_stats().peak_in_use == 2
    for lease in leases:
        lease.give_back()


class InterruptedGate:
    """A lock whose second acquisition, for which one waits, is interrupted, after something has happened."""

    def __init__(self, meanwhile):
        self.acquired = 0
        self.meanwhile = meanwhile

    def acquire(self, timeout=-1):
        self.acquired += 1
        if self.acquired == 2:
            self.meanwhile()
            raise KeyboardInterrupt

    def release(self):
        """Somebody has woken it."""


@pytest.mark.parametrize("is_granted", [True, False])
def test_an_interrupted_wait_loses_nothing(make_pool, monkeypatch, is_granted):
    """Ctrl-C while waiting leaves the queue; a resource that was granted in that moment goes back."""
    pool = make_pool(Shelf(), max_size=1)
    lease = pool.borrow()
    meanwhile = lease.give_back if is_granted else (lambda: None)
    monkeypatch.setattr("pytest_memopt.pool.pool.allocate_lock", lambda: InterruptedGate(meanwhile))
    with pytest.raises(KeyboardInterrupt):
        pool.borrow(timeout_s=1)
    stats = pool.get_stats()
    assert (stats.in_use, stats.idle, pool._stock.waiting_count) == ((0, 1, 0) if is_granted else (1, 0, 0))
