"""A pool that shares its slots with other processes: which slot it takes, and when others may have it again."""

from __future__ import annotations

import gc
import subprocess
import sys
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from pytest_memopt.errors import PoolClosed, PoolError, PoolTimeout, ResourceTypeError, ReturnError
from pytest_memopt.pool import rack_folder
from pytest_memopt.pool.arguments import NO_ARGUMENTS, arguments_of
from pytest_memopt.pool.choice import pool_of
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.manager import ResourceManager
from pytest_memopt.pool.pool import MemoryPool
from pytest_memopt.pool.recipe import make_type
from pytest_memopt.pool.shared_pool import SharedMemoryPool
from pytest_memopt.pool.stats import Eviction

ELSEWHERE = "another process"


@dataclass(eq=False)
class FakeSlot:
    """A slot of a fake rack."""

    rack: FakeRack
    number: int

    def release(self):
        if self.rack.held.get(self.number) is self:
            del self.rack.held[self.number]


@dataclass
class FakeRack:
    """A rack without files: ``held`` is what all processes hold; while somebody waits, what was planned happens."""

    slot_count: int
    held: dict = field(default_factory=dict)
    planned: list = field(default_factory=list)
    labels: list = field(default_factory=list)
    patience_s: list = field(default_factory=list)
    is_stopped: bool = False
    closings: int = 0

    def try_acquire(self, prefer=(), *, label=""):
        if self.is_stopped:
            raise PoolError("the slots are closed")
        for number in (*prefer, *range(self.slot_count)):
            if number not in self.held:
                self.labels.append(label)
                slot = self.held[number] = FakeSlot(self, number)
                return slot
        return None

    def waiting(self, timeout_s, prefer=(), *, label=""):
        self.patience_s.append(timeout_s)
        while (slot := self.try_acquire(prefer, label=label)) is None:
            if not self.planned:
                raise PoolTimeout(f"no slot became free within {timeout_s:g} s: slot 0 is held by {ELSEWHERE}")
            self.planned.pop(0)()
            yield 0.0
        return slot

    def take_elsewhere(self, *numbers):
        """Another process takes these."""
        self.held.update(dict.fromkeys(numbers, ELSEWHERE))

    def free_elsewhere(self, *numbers):
        """And releases them."""
        for number in numbers:
            del self.held[number]

    def stop(self):
        self.is_stopped = True

    def close(self):
        self.stop()
        self.closings += 1


class Thing:
    """A resource that knows its slot and how often it was closed."""

    def __init__(self, *arguments, slot):
        self.arguments = arguments
        self.slot = slot
        self.closed = 0

    def close(self):
        self.closed += 1


@pytest.fixture
def rack():
    """A rack of two slots."""
    return FakeRack(2)


@pytest.fixture
def troubles():
    """What the pools told."""
    return []


@pytest.fixture
def make_pool(clock, rack, troubles):
    """Makes pools on the rack, whose troubles are collected."""

    def make(factory=Thing, *, hooks=None, **options):
        kind = make_type("db", factory, **{"max_size": 2, "shared": True, **options})
        given = {"clock": clock, "chance": lambda: 0.0, "tell": troubles.append, **(hooks or {})}
        return SharedMemoryPool.of(kind, PoolHooks(**given), rack)

    return make


def test_each_lease_has_a_slot(make_pool, rack):
    """The factory gets its number, lease and resource tell it, and it is held until the lease is given back."""
    pool = make_pool()
    one, other = pool.borrow(label="tests/a.py::test_b"), pool.borrow()
    assert [(lease.slot, lease.member.slot, lease.resource.slot) for lease in (one, other)] == [(0, 0, 0), (1, 1, 1)]
    assert rack.labels == ["tests/a.py::test_b", ""]
    one.give_back()
    assert set(rack.held) == {1}
    pool.give_back(other.resource)
    assert not rack.held


def test_the_slots_of_idle_resources_come_first(make_pool, rack, clock):
    """What is idle is lent again where its slot is free, the last used first; where it isn't, another is built."""
    pool = make_pool()
    first, second = pool.borrow(), pool.borrow()
    second.give_back()
    clock.now_s += 1
    first.give_back()
    with pool.borrow() as again:
        assert again is first.resource
    rack.take_elsewhere(0)
    with pool.borrow() as again:
        assert again is second.resource
    rack.free_elsewhere(0)
    rack.take_elsewhere(1)
    with pool.borrow() as again:
        assert again is first.resource
    assert pool.get_stats().built == 2


def test_the_order_says_which_idle_slot_is_next(make_pool, clock):
    """First in, first out uses the slots in turn."""
    pool = make_pool(order="fifo")
    leases = [pool.borrow(), pool.borrow()]
    for lease in reversed(leases):
        clock.now_s += 1
        lease.give_back()
    assert pool.borrow().slot == 1


def test_resources_of_other_arguments_dont_serve(make_pool):
    """Idle ones stand in only for those built with equal arguments in the same slot."""
    pool = make_pool()
    one = arguments_of("db", ("a",), {})
    with pool.borrow(one) as first:
        pass
    with pool.borrow() as second:
        pass
    with pool.borrow(one) as again:
        assert again is first
    assert (first.slot, second.slot, second.arguments) == (0, 0, ())


def test_there_is_room_for_whoever_has_a_slot(make_pool):
    """Idle resources of other slots and arguments leave where all places are taken: the slot alone is waited for."""
    pool = make_pool()
    for name in "abcd":
        with pool.borrow(arguments_of("db", (name,), {})), pool.borrow(arguments_of("db", (name,), {})):
            assert pool.size == 2
    assert pool.get_stats().waits == 0


def test_a_waiter_is_served_when_a_slot_comes_free(make_pool, rack, clock):
    """The wait is counted, and part of what borrowing took."""
    pool = make_pool()
    pool.borrow().give_back()
    rack.take_elsewhere(0, 1)

    def free():
        clock.now_s += 2
        rack.free_elsewhere(0)

    rack.planned.append(free)
    with pool.borrow(timeout_s=5):
        assert set(rack.held) == {0, 1}
    stats = pool.get_stats()
    assert (stats.waits, stats.waited_s, stats.timeouts, stats.hits) == (1, 2.0, 0, 1)
    assert stats.borrow.total_s == 2.0


@pytest.mark.parametrize(
    ("given", "own_s", "patience_s"), [({"timeout_s": 3}, 30, 3), ({}, 30, 30), ({}, None, float("inf")), ({}, 0, 0)]
)
def test_a_wait_in_vain_tells_who_has_the_slots(make_pool, rack, given, own_s, patience_s):
    """The borrower's time, or the type's, is all that it waits; then it hears of the holders and the remedy."""
    pool = make_pool(timeout=own_s)
    rack.take_elsewhere(0, 1)
    with pytest.raises(
        PoolTimeout, match=r"held by another process; give them back sooner, or raise max_size$"
    ) as caught:
        pool.borrow(**given)
    assert caught.value.__suppress_context__
    assert rack.patience_s == [patience_s]
    assert (pool.get_stats().timeouts, pool.get_stats().waits) == (1, 1)


def test_the_label_of_the_surroundings_is_told_to_other_processes(make_pool, rack):
    """Who borrows is asked once where nothing is built, and noted with the slot and in the lease."""
    asked = []
    pool = make_pool(hooks={"label": lambda: asked.append(1) or "test_x", "follows": True})
    pool.borrow().give_back()
    asked.clear()
    assert str(pool.borrow().borrower) == "test_x"
    assert (rack.labels, asked) == (["test_x", "test_x"], [1])


def test_an_interrupted_wait_is_no_time_out(make_pool, rack):
    """Ctrl-C while waiting ends the wait, and holds nothing."""

    def interrupt():
        raise KeyboardInterrupt

    pool = make_pool()
    rack.take_elsewhere(0, 1)
    rack.planned.append(interrupt)
    with pytest.raises(KeyboardInterrupt):
        pool.borrow()
    stats = pool.get_stats()
    assert (stats.waits, stats.timeouts, stats.in_use, pool.size) == (1, 0, 0, 0)


def test_a_failed_close_frees_the_slot(make_pool, rack, troubles):
    """It is told and counted, and the pool goes on."""
    pool = make_pool(keep_idle=False, close=lambda thing: 1 / 0)
    pool.borrow().give_back()
    assert (rack.held, len(troubles), pool.get_stats().errors) == ({}, 1, 1)


def test_a_failed_build_frees_the_slot(make_pool, rack):
    """What the factory raises comes through, and the next borrower finds place and slot free."""

    def fail(slot):
        raise OSError("no port")

    pool = make_pool(fail)
    for _ in range(3):
        with pytest.raises(OSError, match="no port"):
            pool.borrow()
    assert (rack.held, pool.size) == ({}, 0)


def test_the_slot_is_kept_until_the_resource_is_reset(make_pool, rack):
    """While ``reset`` works nobody else has the slot, not even when the lease is revoked or given back meanwhile."""
    held, errors = [], []

    def reset(thing):
        pool.revoke(lease, "too late")
        try:
            pool.give_back(lease)
        except ReturnError as error:
            errors.append(error)
        held.append(set(rack.held))

    pool = make_pool(reset=reset)
    lease = pool.borrow()
    lease.give_back()
    assert (held, len(errors), rack.held) == ([{0}], 1, {})


@pytest.mark.parametrize(
    ("options", "hooks", "reason"),
    [
        ({"keep_idle": False}, {}, Eviction.UNPOOLED),
        ({}, {"pools": False}, Eviction.UNPOOLED),
        ({"reset": lambda thing: 1 / 0}, {}, Eviction.RESET_FAILED),
    ],
)
def test_the_slot_is_kept_until_the_resource_is_closed(make_pool, rack, options, hooks, reason):
    """Where it isn't kept idle, nobody else has the slot before the resource has left it."""
    held = []
    pool = make_pool(close=lambda thing: held.append(set(rack.held)), hooks=hooks, **options)
    pool.borrow().give_back()
    assert (held, rack.held) == ([{0}], {})
    assert pool.get_stats().evicted == {reason: 1}


@pytest.mark.parametrize("option", ["reset", "close"])
def test_an_interruption_frees_the_slot(make_pool, rack, option):
    """Ctrl-C in ``reset`` or ``close`` ends the lease, and its slot is free."""
    interrupted = []

    def interrupt(thing):
        if not interrupted:
            interrupted.append(thing)
            raise KeyboardInterrupt

    pool = make_pool(keep_idle=False, **{option: interrupt})
    lease = pool.borrow()
    with pytest.raises(KeyboardInterrupt):
        lease.give_back()
    assert (rack.held, pool.size) == ({}, 0)


def test_closing_idle_resources_frees_no_slot_of_a_lease(make_pool, rack, clock):
    """An idle resource holds no slot, though another one is lent in the same."""
    pool = make_pool(idle_ttl=10)
    with pool.borrow(arguments_of("db", ("a",), {})) as idle:
        pass
    lease = pool.borrow()
    clock.now_s += 11
    pool.maintain()
    assert (idle.closed, idle.slot, lease.slot) == (1, 0, 0)
    assert set(rack.held) == {0}
    pool.drain()
    lease.give_back()
    assert (lease.resource.closed, rack.held) == (1, {})


def test_a_stale_resource_is_replaced_in_its_slot(make_pool, rack, clock):
    """Too old, it is closed and another built under the same lease."""
    pool = make_pool(idle_ttl=10)
    with pool.borrow() as stale:
        pass
    clock.now_s += 11
    with pool.borrow() as fresh:
        assert set(rack.held) == {0}
    assert (stale.closed, fresh.slot, fresh.closed) == (1, 0, 0)


def test_a_revoked_lease_frees_its_slot(make_pool, rack):
    """Somebody else may have it; a late return says what happened, and takes nothing from the next."""
    pool = make_pool()
    lease = pool.borrow()
    pool.revoke(lease, "was taken back at the end of test_x")
    assert not rack.held
    again = pool.borrow()
    pool.revoke(lease, "once more")
    with pytest.raises(ReturnError, match="was taken back at the end of test_x"):
        lease.give_back()
    assert (again.slot, set(rack.held)) == (0, {0})


def test_a_lease_that_is_revoked_at_once_frees_its_slot(make_pool, rack, monkeypatch):
    """Also before its borrower has seen it."""
    pool = make_pool()
    lend = SharedMemoryPool._lend

    def revoked(self, *given):
        lease = lend(self, *given)
        self.revoke(lease, "was taken back")
        return lease

    monkeypatch.setattr(SharedMemoryPool, "_lend", revoked)
    assert pool.borrow().slot is None
    assert not rack.held


def test_a_lost_lease_frees_its_slot(make_pool, rack, troubles):
    """It is found when somebody needs it, and told."""
    pool = make_pool(max_size=1)
    rack.slot_count = 1
    pool.borrow()
    gc.collect()
    assert pool.borrow().slot == 0
    assert ["was lost" in trouble.told for trouble in troubles] == [True]


def test_what_is_refused_keeps_its_slot(make_pool, rack):
    """A return that fails ends no lease: of another pool, or from a thread where the type forbids it."""
    pool, other = make_pool(same_thread=True), make_pool()
    lease = pool.borrow()
    lease.borrower._replace(thread_id=-1)
    lease.note_borrower(lease.borrower._replace(thread_id=-1))
    for give_back in (lease.give_back, lambda: other.give_back(lease), lambda: pool.give_back(object())):
        with pytest.raises(ReturnError):
            give_back()
    assert set(rack.held) == {0}


def test_closing_waits_for_no_lease(make_pool, rack):
    """What is lent keeps its slot until it comes back; with the last one the pool leaves the rack, once."""
    pool = make_pool()
    lease, idle = pool.borrow(), pool.borrow()
    idle.give_back()
    pool.close()
    pool.close()
    assert (idle.resource.closed, lease.resource.closed) == (1, 0)
    assert (set(rack.held), rack.closings) == ({0}, 0)
    with pytest.raises(PoolClosed):
        pool.borrow()
    lease.give_back()
    assert (lease.resource.closed, rack.held, rack.closings) == (1, {}, 1)


def test_closing_an_idle_pool_leaves_the_rack(make_pool, rack):
    """Nothing is lent: there is nothing to wait for."""
    with make_pool() as pool:
        pool.borrow().give_back()
    pool.close()
    assert rack.closings == 1


def test_closing_finds_lost_leases(make_pool, rack, troubles):
    """What nobody can give back any more keeps no slot from others."""
    pool = make_pool()
    pool.borrow()
    gc.collect()
    pool.close()
    assert (rack.held, rack.closings, len(troubles)) == ({}, 1, 1)


def test_closing_ends_the_waits(make_pool, rack):
    """Who waits for a slot is told that the pool is closed."""
    pool = make_pool()
    rack.take_elsewhere(0, 1)
    rack.planned.append(pool.close)
    with pytest.raises(PoolClosed, match="'db' is closed"):
        pool.borrow()
    assert rack.closings == 1


def test_a_slot_that_came_too_late_is_released(make_pool, rack, monkeypatch):
    """The pool is closed while a borrower gets its slot: neither lease nor slot are given out."""
    pool = make_pool()
    take = rack.try_acquire

    def closing(*given, **named):
        slot = take(*given, **named)
        pool.close()
        return slot

    monkeypatch.setattr(rack, "try_acquire", closing)
    with pytest.raises(PoolClosed):
        pool.borrow()
    assert not rack.held


def test_files_that_cant_be_used_are_told(make_pool, rack):
    """What the rack says comes through while the pool is open."""
    pool = make_pool()
    rack.stop()
    with pytest.raises(PoolError, match="the slots are closed"):
        pool.borrow()


def test_a_forked_child_starts_with_nothing(make_pool, rack):
    """Slots and members are the parent's: the child releases none."""
    pool = make_pool()
    lease = pool.borrow()
    pool.after_fork_in_child()
    lease.give_back()
    assert set(rack.held) == {0}
    with pool.borrow():
        assert set(rack.held) == {0, 1}
    pool.close()
    assert set(rack.held) == {0}


def test_the_type_says_which_pool_it_takes(tmp_path):
    """One that is shared takes a shared pool, with its files in the folder that is given."""
    hooks = PoolHooks(rack_folder=tmp_path)
    assert type(pool_of(make_type("db", Thing), hooks)) is MemoryPool
    assert list(tmp_path.iterdir()) == []
    with pool_of(make_type("db", Thing, shared=True, max_size=2), hooks) as pool:
        assert type(pool) is SharedMemoryPool
        assert repr(pool) == "<SharedMemoryPool of 'db': 0 lent, 0 idle>"
        with pool.borrow() as thing:
            assert thing.slot == 0
        assert len(list(tmp_path.iterdir())) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_registered_type_can_be_shared(tmp_path):
    """Managers of two processes that name the same folder share its slots."""
    hooks = PoolHooks(rack_folder=tmp_path)
    with ResourceManager(hooks) as one, ResourceManager(hooks) as other:
        for manager in (one, other):
            manager.register("db", Thing, shared=True, max_size=1)
        with one.borrow("db", label="one") as thing:
            assert thing.slot == 0
            with pytest.raises(PoolTimeout, match=r"slot 0 is held by process \d+ \(one\)"):
                other.borrow("db", timeout_s=0)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MemoryPool(Thing, shared=True), "which MemoryPool doesn't; that takes a SharedMemoryPool"),
        (
            lambda: SharedMemoryPool.of(make_type("db", Thing), PoolHooks(), FakeRack(1)),
            "that takes a type with shared=True",
        ),
        (lambda: make_type("db", Thing, shared=True, min_idle=1), "min_idle=1 can't be kept ready with shared=True"),
        (lambda: make_type("db", Thing, keep_idle=False, min_idle=1), "min_idle=1 .* which keep_idle=False forbids"),
        (lambda: SharedMemoryPool(Thing, name="db", max_size=0), "max_size=0 is not a whole number"),
    ],
)
def test_what_cant_be_shared_is_told(make, message):
    """At once, with the type's name and what would be right."""
    with pytest.raises(ResourceTypeError, match=rf"resource type '\w+': .*{message}"):
        make()


def test_without_a_folder_the_processes_of_a_user_meet(tmp_path, monkeypatch):
    """In a folder of the user's own, which nobody else can read."""
    monkeypatch.setattr(rack_folder.tempfile, "gettempdir", lambda: str(tmp_path))
    make = partial(SharedMemoryPool, Thing, name="db", max_size=1)
    with make() as one, make() as other, one.borrow():
        with pytest.raises(PoolTimeout, match="slot 0 is held by process"):
            other.borrow(timeout_s=0)
        (folder,) = tmp_path.iterdir()
        assert folder.name.startswith("memopt-slots")
        assert folder.stat().st_mode & 0o077 == 0
    assert list(folder.iterdir()) == []


def test_a_folder_of_somebody_else_is_refused(tmp_path, monkeypatch):
    """A link, or a file, in its place would have others read or remove what is written there."""
    monkeypatch.setattr(rack_folder.tempfile, "gettempdir", lambda: str(tmp_path))
    folder = rack_folder.user_folder()
    folder.rmdir()
    folder.symlink_to(tmp_path)
    with pytest.raises(PoolError, match=r"which isn't a folder of your own; name another$"):
        rack_folder.user_folder()


def test_a_folder_that_cant_be_made_is_told(tmp_path, monkeypatch):
    """Without a folder for temporary files there is none of the user's either."""
    monkeypatch.setattr(rack_folder.tempfile, "gettempdir", lambda: str(tmp_path / "gone"))
    with pytest.raises(PoolError, match=r"\(No such file or directory\); name another$"):
        rack_folder.user_folder()


def test_locks_are_loaded_by_the_first_shared_pool():
    """Who shares nothing doesn't pay for filelock."""
    code = (
        "import sys; from pytest_memopt import MemoryPool, SharedMemoryPool; from pytest_memopt.pool import choice;"
        "MemoryPool(object).borrow().give_back(); print('filelock' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


class SharedMachine(RuleBasedStateMachine):
    """Two processes that share three slots: leases, failures, time and upkeep, in any order."""

    leases = Bundle("leases")

    def __init__(self):
        super().__init__()
        self.now_s, self.failing, self.things, self.current = 0.0, set(), [], []
        self.held = {}
        options = {"max_size": 3, "shared": True, "idle_ttl": 10, "max_lifetime": 50}
        kind = make_type("db", self.build, reset=self.fail_in("reset"), validate=self.fail_in("validate"), **options)
        hooks = PoolHooks(lambda: self.now_s, lambda: 0.5, lambda trouble: None)
        self.pools = [SharedMemoryPool.of(kind, hooks, FakeRack(3, self.held)) for _ in range(2)]

    def fail_in(self, what):
        def called(*given):
            if what in self.failing:
                self.failing.discard(what)
                raise OSError(what)

        return called

    def build(self, name=None, *, slot):
        self.fail_in("factory")()
        self.things.append(Thing(name, slot=slot))
        return self.things[-1]

    @rule(target=leases, process=st.integers(0, 1), name=st.sampled_from([None, "a", "b"]))
    def borrow(self, process, name):
        """A lease in a slot of its own, or the right error."""
        arguments = arguments_of("db", (name,), {}) if name else NO_ARGUMENTS
        try:
            lease = self.pools[process].borrow(arguments, timeout_s=0)
        except PoolTimeout:
            assert len(self.held) == 3
        except PoolClosed:
            assert self.pools[process].is_closed
        except OSError:
            assert "factory" not in self.failing
        else:
            assert lease.slot == lease.resource.slot
            assert lease.resource.arguments == (name,)
            assert not lease.resource.closed
            self.current.append(lease)
            return lease
        return None

    @rule(lease=consumes(leases), revokes=st.booleans())
    def end(self, lease, revokes):
        """Given back, or revoked."""
        if lease is not None:
            self.current.remove(lease)
            if revokes:
                lease.pool.revoke(lease, "was taken back")
            else:
                lease.give_back()

    @rule(what=st.sampled_from(["factory", "reset", "validate"]))
    def let_fail(self, what):
        """The next such call fails."""
        self.failing.add(what)

    @rule(process=st.integers(0, 1), seconds=st.sampled_from([1, 11, 60]), drains=st.booleans())
    def maintain(self, process, seconds, drains):
        """Time goes by in one of them, and upkeep closes what is idle."""
        self.now_s += seconds
        pool = self.pools[process]
        (pool.drain if drains else pool.maintain)()

    @rule(process=st.integers(0, 1), chance=st.integers(0, 10))
    def close(self, process, chance):
        """Rarely, the end of one."""
        if chance == 0:
            self.pools[process].close()

    @invariant()
    def slots_are_those_of_leases(self):
        """No more than there are, each of one lease, none held by what is idle, and nothing is closed twice."""
        assert sorted(lease.slot for lease in self.current) == sorted(self.held)
        assert max((thing.closed for thing in self.things), default=0) <= 1
        for pool in self.pools:
            lent = [lease for lease in self.current if lease.pool is pool]
            assert pool._taken == set(pool._slots.values()) == {self.held[lease.slot] for lease in lent}
            assert pool._rack.closings == (pool.is_closed and not lent)
            assert pool.get_stats().waits == pool.get_stats().timeouts


SharedMachine.TestCase.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
TestSharedModel = SharedMachine.TestCase


def test_every_slot_is_released_though_a_listener_raises(make_pool, rack):
    """Members that can't be closed, told to somebody who raises, keep no slot from other processes, and the rack is left."""

    class Stubborn(Thing):
        def close(self):
            raise OSError("busy")

    def refuse(trouble):
        raise RuntimeError(trouble.text())

    pool = make_pool(Stubborn, hooks={"tell": refuse})
    leases = [pool.borrow(), pool.borrow()]
    pool.close()
    for lease in leases:
        with pytest.raises(RuntimeError, match="busy"):
            lease.give_back()
    assert (rack.held, rack.closings) == ({}, 1)
