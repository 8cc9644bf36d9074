"""The pool against a model: whatever is done in whatever order, nothing is lost, lent twice or closed twice."""

from __future__ import annotations

import random
import threading

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from pytest_memopt.errors import PoolClosed, PoolTimeout, ReturnError
from pytest_memopt.pool.arguments import arguments_of
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.pool import MemoryPool
from pytest_memopt.pool.recipe import make_type
from pytest_memopt.pool.stats import PoolStats

MAX_SIZE = 3


class Thing:
    """A resource that counts how often it is closed, and who has it."""

    def __init__(self, built, name=None):
        self.name = name
        self.closed = 0
        self.holders = 0
        built.append(self)

    def close(self):
        self.closed += 1


class PoolMachine(RuleBasedStateMachine):
    """Borrows, returns, failures, time and upkeep, in any order."""

    leases = Bundle("leases")

    def __init__(self):
        super().__init__()
        self.now_s = 0.0
        self.built = []
        self.next_fails = set()
        self.troubles = []
        self.borrowed = 0
        self.inherited = []
        self.parents = []
        kind = make_type(
            "thing",
            self.build,
            validate=lambda thing: not self.fails("validate"),
            reset=self.reset,
            max_size=MAX_SIZE,
            min_idle=1,
            idle_ttl=10,
            max_lifetime=50,
        )
        hooks = PoolHooks(lambda: self.now_s, lambda: 0.5, self.troubles.append)
        self.pool = MemoryPool.of(kind, hooks)

    def fails(self, what):
        """Whether this call is one that fails; the next doesn't."""
        is_failing = what in self.next_fails
        self.next_fails.discard(what)
        return is_failing

    def build(self, name=None):
        if self.fails("factory"):
            raise OSError("factory")
        return Thing(self.built, name)

    def reset(self, thing):
        if self.fails("reset"):
            raise OSError("reset")

    @rule(target=leases, name=st.sampled_from([None, "a", "b"]))
    def borrow(self, name):
        """A lease, or the right error."""
        arguments = arguments_of("thing", (name,), {}) if name else None
        in_use = self.pool.get_stats().in_use
        may_fail = "factory" in self.next_fails
        try:
            lease = self.pool.borrow(arguments, timeout_s=0)
        except PoolTimeout:
            assert in_use == MAX_SIZE
            return None
        except PoolClosed:
            assert self.pool.is_closed
            return None
        except OSError:
            assert may_fail
            return None
        self.borrowed += 1
        lease.resource.holders += 1
        assert lease.resource.holders == 1
        assert lease.resource.name == name
        assert not lease.resource.closed
        return lease

    @rule(lease=consumes(leases))
    def give_back(self, lease):
        """Once it is fine, twice it is an error."""
        if lease is None:
            return
        if lease in self.inherited:
            lease.give_back()  # its parent does that
            return
        lease.resource.holders -= 1
        lease.give_back()
        try:
            lease.give_back()
        except ReturnError:
            return
        raise AssertionError("a second return was taken")

    @rule(lease=consumes(leases))
    def revoke(self, lease):
        """A lease ends in the borrower's place; its resource is never lent again."""
        if lease is not None and lease not in self.inherited:
            self.pool.revoke(lease, "was taken back")
            assert lease.resource not in self.pool.idle_resources()

    @rule(seconds=st.sampled_from([1, 11, 60]))
    def wait(self, seconds):
        """Time goes by."""
        self.now_s += seconds

    @rule(what=st.sampled_from(["factory", "reset", "validate"]))
    def let_fail(self, what):
        """The next such call fails."""
        self.next_fails.add(what)

    @rule()
    def maintain(self):
        """Upkeep."""
        self.pool.maintain()

    @rule()
    def drain(self):
        """All are replaced."""
        self.pool.drain()

    @rule(chance=st.integers(0, 5))
    def fork(self, chance):
        """The child goes on with an empty pool and an account of its own; what the parent built is neither lent nor closed."""
        if chance == 0:
            self.inherited += self.pool.leases()
            self.parents += [(thing, thing.closed) for thing in self.built]
            self.pool.after_fork_in_child()
            self.built.clear()
            self.borrowed = 0
            assert self.pool.get_stats() == PoolStats()

    @rule(chance=st.integers(0, 20))
    def close(self, chance):
        """Rarely, the end."""
        if chance == 0:
            self.pool.close()

    @invariant()
    def nothing_is_lost(self):
        """The figures are those of the resources themselves."""
        stats = self.pool.get_stats()
        assert self.pool.size == stats.in_use + stats.idle <= MAX_SIZE
        assert stats.borrowed == self.borrowed == stats.hits + stats.misses
        assert stats.built == len(self.built)
        assert max((thing.closed for thing in self.built), default=0) <= 1
        idle = self.pool.idle_resources()
        assert len(set(map(id, idle))) == len(idle) == stats.idle
        assert not any(thing.closed or thing.holders for thing in idle)
        assert all(thing.closed == closed for thing, closed in self.parents)
        gone = sum(stats.evicted.values())
        assert stats.built == gone + self.pool.size


PoolMachine.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestPoolModel = PoolMachine.TestCase


def test_many_threads_lose_nothing():
    """Threads that borrow and give up at random leave every resource idle or closed, and none waits for ever."""
    built, wrong = [], []
    pool = MemoryPool(lambda: Thing(built), name="thing", max_size=4, timeout=20)

    def work(seed):
        dice = random.Random(seed)
        for _ in range(150):
            try:
                lease = pool.borrow(timeout_s=dice.choice([0, 0.0005, None]))
            except PoolTimeout:
                continue
            thing = lease.resource
            thing.holders += 1
            if thing.holders != 1:
                wrong.append("lent twice")
            thing.holders -= 1
            lease.give_back()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    stats = pool.get_stats()
    assert not any(thread.is_alive() for thread in threads)
    assert not wrong
    assert (stats.in_use, stats.idle) == (0, len(built))
    assert len(built) <= 4
    pool.close()
    assert [thing.closed for thing in built] == [1] * len(built)
