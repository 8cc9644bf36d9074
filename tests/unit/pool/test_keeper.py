"""Upkeep in the background: whose turn it is when, without a thread and without waiting."""

import gc
import threading
import weakref

import pytest

from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.keeper import Keeper
from pytest_memopt.pool.pool import MemoryPool
from pytest_memopt.pool.recipe import make_type


@pytest.fixture
def keeper(clock):
    """A keeper whose thread is started by nobody."""
    return Keeper(clock, start=lambda run: None)


def pool_of(keeper, clock, **options):
    """A pool that is looked after by ``keeper``."""
    return MemoryPool.of(make_type("thing", object, **options), PoolHooks(clock=clock, keeper=keeper))


def test_a_pool_is_looked_after_once_it_has_built_something(keeper, clock):
    """Until its first member is built a pool needs nobody."""
    pool = pool_of(keeper, clock)
    assert keeper.wait_s() is None
    pool.borrow().give_back()
    assert keeper.wait_s() == 300
    assert keeper.is_running


def test_upkeep_comes_at_the_interval_of_each_pool(keeper, clock):
    """Idle members are closed by the first round of upkeep after their time, in each pool at its own interval."""
    quick = pool_of(keeper, clock, cleanup_interval=10, idle_ttl=5)
    slow = pool_of(keeper, clock, cleanup_interval=60, idle_ttl=5)
    for pool in (quick, slow):
        pool.borrow().give_back()
    clock.pass_by(10)
    assert keeper.wait_s() == 0
    keeper.work()
    assert (quick.size, slow.size) == (0, 1)
    assert keeper.wait_s() == 10
    clock.pass_by(50)
    keeper.work()
    assert slow.size == 0


def test_min_idle_members_are_kept_ready(keeper, clock):
    """A round of upkeep builds what is missing."""
    pool = pool_of(keeper, clock, min_idle=3)
    pool.borrow().give_back()
    clock.pass_by(300)
    keeper.work()
    assert pool.get_stats().idle == 3


def test_a_pool_without_an_interval_is_left_alone(keeper, clock):
    """``cleanup_interval=None`` starts nothing."""
    pool_of(keeper, clock, cleanup_interval=None).borrow().give_back()
    assert keeper.wait_s() is None
    assert not keeper.is_running


def test_a_closed_pool_is_dismissed(keeper, clock):
    """Closing the last pool leaves nothing to wait for."""
    pool = pool_of(keeper, clock)
    pool.borrow().give_back()
    pool.close()
    assert keeper.wait_s() is None


def test_a_pool_that_nobody_has_is_forgotten(keeper, clock):
    """The keeper holds pools weakly."""
    pool = pool_of(keeper, clock)
    pool.borrow().give_back()
    reference = weakref.ref(pool)
    del pool
    gc.collect()
    assert reference() is None
    assert keeper.wait_s() is None


def test_a_failing_upkeep_is_logged_and_the_others_go_on(keeper, clock, caplog):
    """What one pool's listener raises keeps no other pool from its upkeep."""

    def refuse(trouble):
        raise RuntimeError(trouble.told)

    kind = make_type("broken", object, leak_threshold=1)
    broken = MemoryPool.of(kind, PoolHooks(clock=clock, keeper=keeper, tell=refuse))
    held = broken.borrow()
    other = pool_of(keeper, clock, idle_ttl=5)
    other.borrow().give_back()
    clock.pass_by(300)
    keeper.work()
    assert other.size == 0
    assert "the upkeep of" in caplog.text
    assert "is held too long" in caplog.text
    held.pool.revoke(held, "ended")


def test_what_hangs_keeps_no_other_pool_waiting(clock, caplog):
    """A pool whose upkeep hangs is left alone until that ends, which is logged once; the others have theirs."""
    keeper, gate = Keeper(clock, start=lambda run: None, patience_s=0.01), threading.Event()
    hanging = pool_of(keeper, clock, idle_ttl=5, close=lambda resource: gate.wait(60))
    others = [pool_of(keeper, clock, idle_ttl=5) for _ in range(2)]
    for turn in (1, 2):
        for pool in (hanging, *others):
            pool.borrow().give_back()
        clock.pass_by(300)
        keeper.work()
        assert ([pool.size for pool in others], hanging.size) == ([0, 0], turn - 1)
    assert caplog.text.count("goes on for more than 0.01 s") == 1
    gate.set()
    for thread in threading.enumerate():
        if thread.name.startswith("memopt-pool-upkeep"):
            thread.join(60)
    clock.pass_by(300)
    keeper.work()
    assert hanging.size == 0


def test_a_round_for_which_there_is_no_thread_is_done_on_the_spot(keeper, clock, monkeypatch):
    """A process that is out of threads looks after its pools all the same."""
    pool = pool_of(keeper, clock, idle_ttl=5)
    pool.borrow().give_back()
    clock.pass_by(300)

    def refuse(thread):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    keeper.work()
    assert pool.size == 0


def test_a_forked_child_starts_its_own(keeper, clock):
    """In a child no thread is running, and pools come back when they build."""
    pool = pool_of(keeper, clock)
    pool.borrow().give_back()
    keeper.after_fork_in_child()
    pool.after_fork_in_child()
    assert keeper.wait_s() is None
    assert not keeper.is_running
    pool.borrow().give_back()
    assert keeper.wait_s() == 300


def test_the_thread_ends_with_the_last_pool(clock):
    """The loop returns when no pool is left, so that another one can be started."""
    started = []
    keeper = Keeper(clock, start=started.append)
    pool = pool_of(keeper, clock)
    pool.borrow().give_back()
    pool.close()
    (run,) = started
    run()
    assert not keeper.is_running
    pool_of(keeper, clock).borrow().give_back()
    assert len(started) == 2


def test_the_thread_outlives_whatever_user_code_raises(keeper, clock, caplog):
    """A ``close`` that asks for the end of the program ends neither the thread nor the other pools' upkeep."""

    def leave(resource):
        raise SystemExit("enough")

    pools = [pool_of(keeper, clock, idle_ttl=5, close=close) for close in (None, leave, None)]
    for pool in pools:
        pool.borrow().give_back()
    clock.pass_by(300)
    keeper.work()
    assert [pool.size for pool in pools] == [0, 0, 0]
    assert "enough" in caplog.text


def test_where_no_thread_can_be_started_lending_goes_on(clock, caplog):
    """A process that is out of threads, or about to end, borrows without upkeep; the next pool tries again."""
    started = []

    def start(run):
        started.append(run)
        if len(started) == 1:
            raise RuntimeError("can't start new thread")

    keeper = Keeper(clock, start=start)
    one, other = pool_of(keeper, clock), pool_of(keeper, clock)
    with one.borrow():
        assert not keeper.is_running
    assert "not looked after in the background: can't start new thread" in caplog.text
    with other.borrow():
        assert keeper.is_running
