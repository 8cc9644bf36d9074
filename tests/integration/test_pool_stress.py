"""Sixty-four threads on a small pool whose resources fail at random; ``benchmarks/pool_stress.py`` does the same for longer."""

from __future__ import annotations

import sys
import threading

import pytest

from benchmarks.pool_stress import PATIENCE_S, SETTINGS, Stress
from pytest_memopt import MemoryPool
from pytest_memopt.errors import ReturnError

BORROWS = 60
BORROWS_QUICK = 3000


@pytest.mark.parametrize("setting", SETTINGS, ids=[setting.name for setting in SETTINGS])
def test_nothing_is_lost_under_stress(setting):
    """Whatever fails, times out, is revoked or dropped: no deadlock, nothing lost, lent twice or closed twice, and stats add up."""
    stress = Stress(setting, BORROWS)
    stats = stress.run()
    assert not stress.wrong
    assert stats.borrowed + stats.timeouts + stress.count("failed builds") == 64 * BORROWS


class Owned:
    """A resource that knows who has it."""

    def __init__(self):
        self.owner = None
        self.closings = 0

    def close(self):
        self.closings += 1


@pytest.fixture
def quick_switching():
    """An interpreter that goes from thread to thread as often as it can."""
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual_s)


@pytest.mark.parametrize(("order", "threads", "max_size"), [("lifo", 8, 4), ("fifo", 8, 4), ("lifo", 3, 3)])
@pytest.mark.usefixtures("quick_switching")
def test_the_quickest_path_needs_no_lock(order, threads, max_size):
    """Threads that do nothing but borrow and return, while others drain and close, meet no step that is half done."""
    built, wrong = [], []

    def build():
        thing = Owned()
        built.append(thing)
        return thing  # not the last one of the list: another thread may have built one since

    pool = MemoryPool(build, max_size=max_size, order=order, idle_ttl=0.005, max_lifetime=0.05)

    def work():
        for _ in range(BORROWS_QUICK):
            lease = pool.borrow()
            thing = lease.resource
            if thing.owner is not None or thing.closings:
                wrong.append((thing.owner, thing.closings))
            thing.owner = threading.get_ident()
            thing.owner = None
            lease.give_back()

    def disturb():
        for _ in range(200):
            for act in (pool.drain, pool.maintain, pool.get_stats, pool.leases, pool.idle_resources):
                act()

    run_all([work] * threads + [disturb])
    stats = pool.get_stats()
    pool.close()
    assert not wrong
    assert stats.borrowed == stats.hits + stats.misses == threads * BORROWS_QUICK
    assert (stats.in_use, stats.idle) == (0, len(built) - sum(stats.evicted.values()))
    assert stats.peak_in_use <= max_size
    assert {thing.closings for thing in built} == {1}


@pytest.mark.usefixtures("quick_switching")
def test_of_two_who_give_back_at_once_one_is_told():
    """When two threads give back one lease at the same moment, one succeeds, and the member is in the pool once."""
    pool = MemoryPool(Owned, max_size=2)
    for _ in range(200):
        lease, served, start = pool.borrow(), [], threading.Barrier(2)

        def give_back(lease=lease, served=served, start=start):
            start.wait()
            try:
                lease.give_back()
            except ReturnError:
                return
            served.append(1)

        run_all([give_back] * 2)
        assert served == [1]
    assert (pool.get_stats().in_use, pool.get_stats().idle) == (0, 1)


def run_all(works):
    """Run each in a thread of its own, to the end of all."""
    threads = [threading.Thread(target=work, daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S)
        assert not thread.is_alive()
