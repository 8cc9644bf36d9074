"""The pool for threads: who gets what, when, and what is said when something is wrong."""

from __future__ import annotations

import gc
import os
import threading
import warnings

import pytest

from pytest_memopt.errors import PoolClosed, PoolError, PoolTimeout, ResourceTypeError, ReturnError
from pytest_memopt.pool.arguments import NO_ARGUMENTS, arguments_of
from pytest_memopt.pool.hooks import Operation, PoolHooks
from pytest_memopt.pool.pool import MemoryPool
from pytest_memopt.pool.recipe import make_type
from pytest_memopt.pool.resource import ResourceState
from pytest_memopt.pool.stats import Eviction, PoolStats
from pytest_memopt.pool.trouble import PoolWarning, TroubleKind
from pytest_memopt.pool.workshop import apart


class Thing:
    """A resource that knows what was done to it."""

    def __init__(self, *arguments, slot=None):
        self.arguments = arguments
        self.slot = slot
        self.closed = 0
        self.resets = 0

    def close(self):
        self.closed += 1


class Clock:
    """Time that stands still unless told."""

    def __init__(self):
        self.now_s = 1000.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def clock():
    """Time of the test's own."""
    return Clock()


@pytest.fixture
def make_pool(clock, troubles):
    """Makes pools with a clock of their own, whose troubles are collected."""

    def make(factory=Thing, *, hooks=None, **options):
        given = {"clock": clock, "chance": lambda: 0.0, "tell": troubles.append, **(hooks or {})}
        return MemoryPool.of(make_type("thing", factory, **options), PoolHooks(**given))

    return make


def kinds(troubles):
    """What kinds they are."""
    return [trouble.kind for trouble in troubles]


def test_a_resource_is_built_once_and_lent_again(make_pool):
    """What comes back is lent to the next borrower."""
    pool = make_pool()
    with pool.borrow() as first:
        pass
    with pool.borrow() as second:
        pass
    stats = pool.get_stats()
    assert first is second
    assert (stats.built, stats.borrowed, stats.hits, stats.misses) == (1, 2, 1, 1)
    assert (stats.in_use, stats.idle, stats.peak_in_use, stats.peak_size, stats.hit_ratio) == (0, 1, 1, 1, 0.5)


@pytest.mark.parametrize(("order", "index"), [("lifo", 1), ("fifo", 0)])
def test_the_order_says_which_idle_resource_is_next(make_pool, order, index):
    """Last in, first out keeps a few in use; first in, first out uses all alike."""
    pool = make_pool(order=order)
    leases = [pool.borrow(), pool.borrow()]
    for lease in leases:
        lease.give_back()
    assert pool.borrow().resource is leases[index].resource


def test_a_borrower_without_patience_is_told_who_has_what(make_pool, clock):
    """The message of a time-out names the holders, how long they have had it, and the remedy."""
    pool = make_pool(max_size=1, leak_threshold=60)
    held = pool.borrow(label="tests/test_a.py::test_x")
    clock.now_s += 5
    with pytest.raises(
        PoolTimeout, match=r"1 of 1 are lent \(tests/test_a.py::test_x for 5 s\); give them back sooner"
    ):
        pool.borrow(timeout_s=0)
    held.give_back()
    assert pool.get_stats().timeouts == 1
    assert pool.borrow(timeout_s=0).resource is held.resource


def test_waiters_are_served_in_the_order_in_which_they_came(make_pool):
    """A resource that comes back goes to the one who waits the longest."""
    pool = make_pool(max_size=1)
    lease = pool.borrow()
    served = []

    def wait(number):
        with pool.borrow():
            served.append(number)

    threads = []
    for number in range(4):
        thread = threading.Thread(target=wait, args=(number,))
        thread.start()
        threads.append(thread)
        while pool.get_stats().waits <= number:
            pass
    lease.give_back()
    for thread in threads:
        thread.join(10)
    assert served == [0, 1, 2, 3]
    assert pool.get_stats().waits == 4


def test_a_place_that_comes_free_is_built_in_by_the_first_who_waits(make_pool):
    """When a lent resource doesn't come back, whoever waits builds one in its place."""
    pool = make_pool(max_size=1)
    lease = pool.borrow()
    got = []
    thread = threading.Thread(target=lambda: got.append(pool.borrow().resource))
    thread.start()
    while not pool.get_stats().waits:
        pass
    pool.revoke(lease, "was taken back")
    thread.join(10)
    assert got
    assert got[0] is not lease.resource
    assert pool.get_stats().evicted == {Eviction.LOST: 1}
    with pytest.raises(ReturnError, match="was taken back"):
        lease.give_back()
    pool.revoke(lease, "again")


def test_closing_ends_every_wait(make_pool):
    """A borrower who waits while the pool is closed is told so."""
    pool = make_pool(max_size=1)
    lease = pool.borrow()
    told = []

    def wait():
        try:
            pool.borrow()
        except PoolClosed as error:
            told.append(str(error))

    thread = threading.Thread(target=wait)
    thread.start()
    while not pool.get_stats().waits:
        pass
    pool.close()
    thread.join(10)
    assert told == ["the pool of resource type 'thing' is closed"]
    assert not lease.resource.closed
    lease.give_back()
    assert lease.resource.closed == 1
    assert pool.is_closed
    pool.close()
    with pytest.raises(PoolClosed):
        pool.borrow()


def test_a_lease_is_given_back_once(make_pool):
    """The second time is an error, and the resource stays in the pool once."""
    pool = make_pool()
    lease = pool.borrow()
    lease.give_back()
    with pytest.raises(ReturnError, match="was given back before"):
        lease.give_back()
    assert pool.get_stats().idle == 1
    assert "given back" in repr(lease)


@pytest.mark.parametrize("make_given", [object, lambda: MemoryPool(Thing).borrow()], ids=["object", "lease"])
def test_what_is_not_lent_is_not_taken(make_pool, make_given):
    """Foreign objects and leases of other pools are refused."""
    pool = make_pool()
    with pytest.raises(ReturnError, match="is not lent by the pool of resource type 'thing'"):
        pool.give_back(make_given())


def test_the_very_resource_may_be_given_back(make_pool):
    """Instead of the lease, the resource will do, once."""
    pool = make_pool()
    resource = pool.borrow().resource
    pool.give_back(resource)
    with pytest.raises(ReturnError, match="it was given back before, or comes from elsewhere"):
        pool.give_back(resource)


def test_a_type_can_insist_on_the_same_thread(make_pool):
    """With same_thread=True another thread can't give back, and the lease stays with its borrower."""
    pool = make_pool(same_thread=True)
    lease = pool.borrow()
    told = []

    def give_back():
        try:
            lease.give_back()
        except ReturnError as error:
            told.append(str(error))

    thread = threading.Thread(target=give_back, name="other")
    thread.start()
    thread.join(10)
    assert "borrowed in thread 'MainThread' and is given back in 'other'" in told[0]
    lease.give_back()


def test_what_idles_too_long_is_replaced(make_pool, clock):
    """After idle_ttl a resource is closed instead of lent, by the next borrower or by upkeep."""
    pool = make_pool(idle_ttl=10)
    old = pool.borrow()
    old.give_back()
    clock.now_s += 10
    new = pool.borrow()
    new.give_back()
    assert (old.resource.closed, new.resource is old.resource) == (1, False)
    clock.now_s += 11
    pool.maintain()
    assert new.resource.closed == 1
    assert pool.get_stats().evicted == {Eviction.IDLE_TTL: 2}


def test_what_is_too_old_is_replaced(make_pool, clock):
    """After max_lifetime a resource is closed, whether it idles or comes back."""
    pool = make_pool(max_lifetime=100, idle_ttl=None)
    lease = pool.borrow()
    clock.now_s += 100
    lease.give_back()
    other = pool.borrow()
    other.give_back()
    clock.now_s += 100
    third = pool.borrow()
    third.give_back()
    clock.now_s += 100
    pool.maintain()
    assert [one.resource.closed for one in (lease, other, third)] == [1, 1, 1]
    assert pool.get_stats().evicted == {Eviction.LIFETIME: 3}


def test_lifetimes_end_at_different_times():
    """Each member loses up to 5 % of its lifetime."""
    policy = make_type("thing", Thing, max_lifetime=100).policy
    assert policy.lifetime_s(0.0) == 100
    assert policy.lifetime_s(1.0) == pytest.approx(95)


def test_upkeep_keeps_some_ready(make_pool, clock):
    """Upkeep builds up to min_idle, and lets that many live past their idle time."""
    pool = make_pool(min_idle=2, idle_ttl=10)
    pool.maintain()
    assert pool.get_stats().idle == 2
    extra = [pool.borrow() for _ in range(3)]
    for lease in extra:
        lease.give_back()
    clock.now_s += 11
    pool.maintain()
    assert pool.get_stats().idle == 2
    assert pool.size == 2


def test_upkeep_that_fails_is_told(make_pool, troubles):
    """A factory that raises in upkeep is told, and upkeep goes on another time."""

    def fail():
        raise OSError("no room")

    pool = make_pool(fail, min_idle=1)
    pool.maintain()
    assert kinds(troubles) == [TroubleKind.UPKEEP_FAILED]
    assert "OSError: no room" in troubles[0].told
    assert (pool.size, pool.get_stats().errors) == (0, 1)


def test_a_factory_that_raises_gives_up_its_place(make_pool):
    """Its own error comes through, with a note, and the place is free for the next."""
    answers = [ValueError("first time"), None]

    def build():
        if (error := answers.pop(0)) is not None:
            raise error
        return Thing()

    pool = make_pool(build, max_size=1)
    with pytest.raises(ValueError, match="first time") as caught:
        pool.borrow()
    if hasattr(caught.value, "__notes__"):
        assert caught.value.__notes__ == ["while building a resource of type 'thing'"]
    assert pool.borrow(timeout_s=0).resource is not None


def test_a_factory_must_build_anew(make_pool):
    """The same object twice would be lent to two borrowers."""
    only = Thing()
    pool = make_pool(lambda: only)
    pool.borrow()
    with pytest.raises(PoolError, match="which is in the pool already"):
        pool.borrow()
    assert pool.size == 1


@pytest.mark.parametrize("refuses", [lambda thing: False, lambda thing: 1 / 0], ids=["false", "raises"])
def test_what_validate_refuses_is_replaced(make_pool, troubles, refuses):
    """A resource that is refused is closed, and the borrower gets another."""
    pool = make_pool(validate=refuses)
    first, second = pool.borrow(), pool.borrow()
    first.give_back()
    second.give_back()
    new = pool.borrow()
    assert new.resource not in (first.resource, second.resource)
    assert (first.resource.closed, second.resource.closed) == (1, 1)
    assert pool.get_stats().failed_validations == 2
    assert kinds(troubles) in ([], [TroubleKind.VALIDATE_FAILED] * 2)


def test_an_interrupted_validation_loses_no_place(make_pool):
    """Ctrl-C in validate discards the resource, and its place is free."""

    def interrupt(thing):
        raise KeyboardInterrupt

    pool = make_pool(validate=interrupt, max_size=1)
    lease = pool.borrow()
    lease.give_back()
    with pytest.raises(KeyboardInterrupt):
        pool.borrow()
    assert (pool.size, lease.resource.closed) == (0, 1)


def test_a_resource_is_reset_when_it_comes_back(make_pool):
    """Reset runs once for each lease, and is counted."""

    def reset(thing):
        thing.resets += 1

    pool = make_pool(reset=reset)
    for _ in range(3):
        with pool.borrow() as thing:
            pass
    stats = pool.get_stats()
    assert (thing.resets, stats.resets, stats.reset.number) == (3, 3, 3)


def test_what_can_not_be_reset_is_discarded(make_pool, troubles):
    """The trouble is told with its borrower; the borrower's own work isn't disturbed."""

    def reset(thing):
        raise OSError("gone")

    pool = make_pool(reset=reset, hooks={"follows": True, "label": lambda: "test_x"})
    with pool.borrow() as thing:
        pass
    assert thing.closed == 1
    assert troubles[0].told == (
        "resource 'thing' could not be reset after test_x: OSError: gone; the resource was discarded"
    )
    assert pool.get_stats().failed_resets == 1


def test_an_interrupted_reset_loses_no_place(make_pool):
    """Ctrl-C in reset discards the resource, and its place is free."""

    def interrupt(thing):
        raise KeyboardInterrupt

    pool = make_pool(reset=interrupt, max_size=1)
    lease = pool.borrow()
    with pytest.raises(KeyboardInterrupt):
        lease.give_back()
    assert pool.size == 0


def test_who_soiled_a_resource_is_named(make_pool, troubles):
    """A fingerprint that differs after the reset names the borrower, and the resource is discarded."""
    pool = make_pool(
        fingerprint=lambda thing: thing.arguments, hooks={"follows": True, "label": lambda: "tests/a.py::test_b"}
    )
    with pool.borrow() as clean:
        pass
    with pool.borrow() as soiled:
        soiled.arguments = ("left over",)
    assert soiled is clean
    assert soiled.closed == 1
    assert kinds(troubles) == [TroubleKind.SOILED]
    assert "after tests/a.py::test_b: its fingerprint was () and is ('left over',)" in troubles[0].told
    assert "borrowed at:" in troubles[0].text()
    assert "test_pool.py" in troubles[0].text()


def test_a_fingerprint_that_raises_is_told(make_pool, troubles):
    """The resource can't be trusted, and is discarded."""
    answers = ["new"]
    pool = make_pool(fingerprint=lambda thing: answers.pop())
    with pool.borrow() as thing:
        pass
    assert kinds(troubles) == [TroubleKind.FINGERPRINT_FAILED]
    assert thing.closed == 1


def test_close_goes_on_past_failures(make_pool, troubles):
    """Every resource is closed, and each failure is told and counted."""

    def close(thing):
        thing.closed += 1
        raise OSError("busy")

    pool = make_pool(close=close)
    leases = [pool.borrow(), pool.borrow()]
    for lease in leases:
        lease.give_back()
    with pool:
        pass
    assert [lease.resource.closed for lease in leases] == [1, 1]
    assert kinds(troubles) == [TroubleKind.CLOSE_FAILED] * 2
    assert pool.get_stats().errors == 2


class ToldError(Exception):
    """What a listener raises, as warnings do that are errors."""


def refuse(trouble):
    """A listener who can't be told anything."""
    raise ToldError(trouble.text())


class Stubborn(Thing):
    """A resource that can't be closed."""

    def close(self):
        super().close()
        raise OSError("busy")


@pytest.mark.parametrize("end", ["close", "drain"])
def test_all_are_closed_before_a_listener_s_error_comes_through(make_pool, end):
    """Where telling of a failure raises, the other members are closed all the same, and each failure is counted."""
    pool = make_pool(Stubborn, hooks={"tell": refuse})
    leases = [pool.borrow() for _ in range(3)]
    for lease in leases:
        lease.give_back()
    with pytest.raises(ToldError, match="busy"):
        getattr(pool, end)()
    assert [lease.resource.closed for lease in leases] == [1, 1, 1]
    assert pool.get_stats().errors == 3


def test_a_closing_that_raises_loses_no_place(make_pool, clock):
    """A borrower for whom a stale member had to make way gets the error, and the place is free for the next."""
    pool = make_pool(Stubborn, hooks={"tell": refuse}, max_size=1, idle_ttl=5)
    pool.borrow().give_back()
    clock.now_s += 5
    with pytest.raises(ToldError):
        pool.borrow()
    assert pool.size == 0
    assert pool.borrow(timeout_s=0).resource.closed == 0


def test_upkeep_closes_what_is_too_old_though_a_listener_raises(make_pool, clock):
    """A lease held too long, told to somebody who raises, keeps no idle member open."""
    pool = make_pool(hooks={"tell": refuse}, idle_ttl=5, leak_threshold=5)
    idle, held = pool.borrow(), pool.borrow()
    idle.give_back()
    clock.now_s += 5.5
    with pytest.raises(ToldError):
        pool.maintain()
    assert (idle.resource.closed, held.resource.closed) == (1, 0)


def test_a_resource_whose_close_can_not_even_be_found_is_told(make_pool, troubles):
    """A property ``close`` that raises is a failure to close, not the borrower's error."""

    class Proxy:
        @property
        def close(self):
            raise RuntimeError("no connection")

    pool = make_pool(Proxy)
    pool.borrow().give_back()
    pool.close()
    assert kinds(troubles) == [TroubleKind.CLOSE_FAILED]
    assert "RuntimeError: no connection" in troubles[0].text()


def test_a_resource_without_close_needs_none():
    """What has no close method and no close= is just let go of."""
    pool = MemoryPool(object)
    pool.borrow().give_back()
    pool.close()
    assert pool.size == 0


def test_draining_replaces_all(make_pool):
    """Idle members are closed at once, lent ones when they come back; the pool goes on."""
    pool = make_pool()
    idle, lent = pool.borrow(), pool.borrow()
    idle.give_back()
    pool.drain()
    assert (idle.resource.closed, lent.resource.closed) == (1, 0)
    lent.give_back()
    assert lent.resource.closed == 1
    assert pool.get_stats().evicted == {Eviction.DRAINED: 2}
    assert pool.borrow().resource not in (idle.resource, lent.resource)


@pytest.mark.parametrize("options", [{"hooks": {"pools": False}}, {"keep_idle": False}], ids=["flag", "type"])
def test_switched_off_each_lease_builds_and_closes(make_pool, options):
    """Without pooling, by the surroundings or the type, the same calls work, and nothing is kept."""
    pool = make_pool(max_size=1, **options)
    with pool.borrow() as first, pytest.raises(PoolTimeout):
        pool.borrow(timeout_s=0)
    with pool.borrow() as second:
        pass
    assert first is not second
    assert (first.closed, second.closed) == (1, 1)
    assert pool.get_stats().evicted == {Eviction.UNPOOLED: 2}


def test_equal_arguments_share_a_resource(make_pool):
    """Members stand in for one another only where they were built with equal arguments."""
    pool = make_pool()
    one, two = arguments_of("thing", ("a",), {}), arguments_of("thing", ("b",), {})
    with pool.borrow(one) as first:
        pass
    with pool.borrow(two) as second:
        pass
    with pool.borrow(arguments_of("thing", ("a",), {})) as again:
        pass
    assert (first.arguments, second.arguments) == (("a",), ("b",))
    assert again is first


def test_a_full_pool_makes_room_for_other_arguments(make_pool, clock):
    """The idle member that was not used for the longest time is closed."""
    pool = make_pool(max_size=2)
    for name in ("a", "b"):
        clock.now_s += 1
        with pool.borrow(arguments_of("thing", (name,), {})) as thing:
            if name == "a":
                oldest = thing
    with pool.borrow(arguments_of("thing", ("c",), {})):
        pass
    assert oldest.closed == 1
    assert pool.get_stats().evicted == {Eviction.MADE_ROOM: 1}
    clock.now_s += 1000
    pool.maintain()
    assert pool.size == 0


def test_arguments_that_can_not_be_hashed_are_refused():
    """The message names the argument and says how to give a key."""
    with pytest.raises(
        ResourceTypeError, match=r"argument 1 is \['x'\], which can't be hashed.*register the type with key="
    ):
        arguments_of("resource type 'db'", (["x"],), {})
    with pytest.raises(ResourceTypeError, match=r"its key= returned \['x'\]"):
        arguments_of("resource type 'db'", (["x"],), {}, key=lambda names: names)
    assert arguments_of("t", (["x"],), {}, key=tuple).key == ("x",)
    assert arguments_of("t", (), {}) is NO_ARGUMENTS
    assert NO_ARGUMENTS.in_slot(3).key == (3, None)


def test_a_factory_may_ask_for_its_slot(make_pool):
    """A parameter called slot gets the number of the lease."""
    pool = make_pool()
    lease = pool.borrow(NO_ARGUMENTS.in_slot(2))
    assert (lease.resource.slot, lease.slot) == (2, 2)
    lease.give_back()
    assert lease.slot is None


def test_a_lease_held_too_long_is_told_once(make_pool, clock, troubles):
    """Upkeep names borrower and stack; a late return is told as well."""
    pool = make_pool(leak_threshold=5)
    lease = pool.borrow(label="test_slow")
    clock.now_s += 6
    pool.maintain()
    pool.maintain()
    assert kinds(troubles) == [TroubleKind.OVERDUE]
    assert "for 6 s, threshold 5 s" in troubles[0].told
    assert troubles[0].borrower == "test_slow"
    assert "pool.borrow(label" in troubles[0].stack[-1]
    lease.give_back()
    assert "it came back now" in troubles[1].told


def test_a_late_return_that_is_an_error_loses_no_place():
    """Where warnings are errors, who returns too late gets it, and the resource is replaced."""
    now_s = [0.0]
    pool = MemoryPool.of(make_type("thing", Thing, max_size=1, leak_threshold=5), PoolHooks(lambda: now_s[0]))
    lease = pool.borrow()
    now_s[0] = 6.0
    with warnings.catch_warnings():
        warnings.simplefilter("error", PoolWarning)
        with pytest.raises(PoolWarning, match="is held too long"):
            lease.give_back()
    assert pool.borrow(timeout_s=0).resource is not lease.resource


def test_a_lease_that_was_dropped_is_found(make_pool, troubles):
    """A lease that nobody holds any more gives its place free when somebody needs it."""
    pool = make_pool(max_size=1, leak_threshold=1000)
    pool.borrow()
    gc.collect()
    held = pool.borrow(timeout_s=0)
    assert kinds(troubles) == [TroubleKind.LOST]
    assert "use `with`" in troubles[0].told
    with pytest.raises(PoolTimeout):
        pool.borrow(timeout_s=0)
    held.give_back()


def test_troubles_are_warnings_unless_somebody_listens():
    """A pool of its own warns."""
    pool = MemoryPool(Thing, name="thing", reset=lambda thing: 1 / 0)
    with pytest.warns(PoolWarning, match="resource 'thing' could not be reset: ZeroDivisionError"):
        pool.borrow().give_back()


def test_stats_start_anew(make_pool):
    """pop_stats hands out the account and begins another; peaks begin with what there is."""
    pool = make_pool()
    lease = pool.borrow()
    pool.borrow().give_back()
    popped = pool.pop_stats()
    assert (popped.borrowed, popped.peak_in_use) == (2, 2)
    again = pool.get_stats()
    assert (again.borrowed, again.built, again.hits, again.peak_in_use, again.peak_size) == (0, 0, 0, 1, 2)
    lease.give_back()


def test_stats_travel_and_add_up(make_pool):
    """The account goes through JSON unchanged, and two of them are added."""
    pool = make_pool(idle_ttl=1, reset=lambda thing: None)
    for _ in range(3):
        pool.borrow().give_back()
    pool.drain()
    stats = pool.get_stats()
    assert PoolStats.from_wire(stats.to_wire()) == stats
    both = stats.plus(stats)
    assert (both.borrowed, both.evicted, both.build.number) == (6, {Eviction.DRAINED: 2}, 2)
    assert stats.plus(PoolStats()).build == stats.build
    assert PoolStats().saved_s == 0


def test_the_surroundings_hear_of_every_call(make_pool):
    """A context is made around each call into user code."""
    heard = []

    class Around:
        def __init__(self, operation, name):
            heard.append((operation, name))

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

    pool = make_pool(
        validate=lambda thing: True,
        reset=lambda thing: None,
        fingerprint=lambda thing: 0,
        hooks={"around": Around},
    )
    pool.borrow().give_back()
    pool.borrow().give_back()
    pool.close()
    assert {operation for operation, _ in heard} == set(Operation) - {Operation.OPEN}
    assert {name for _, name in heard} == {"thing"}


def test_members_know_their_state(make_pool):
    """A member is in use, idle or closed, and says so."""
    pool = make_pool()
    lease = pool.borrow()
    member = lease.member
    assert member.state is ResourceState.IN_USE
    assert "in use, lent 1 times" in repr(member)
    assert "held" in repr(lease)
    lease.give_back()
    assert member.state is ResourceState.IDLE
    assert pool.idle_resources() == [lease.resource]
    assert "0 lent, 1 idle" in repr(pool)
    pool.close()
    assert member.state is ResourceState.CLOSED
    assert "closed" in repr(pool)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_a_forked_child_starts_with_an_empty_pool(make_pool):
    """The parent's resources are not the child's: they are neither lent, nor closed, nor given back there."""
    pool = make_pool()
    idle, lent = pool.borrow(), pool.borrow()
    idle.give_back()
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        lent.give_back()
        new = pool.borrow()
        facts = [pool.size, idle.resource.closed, new.resource in (idle.resource, lent.resource)]
        os.write(writing, repr(facts).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as told:
        assert told.read() == "[1, 0, False]"
    assert pool.get_stats().in_use == 1
    lent.give_back()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"max_size": 0}, "max_size=0 is not a whole number of 1 or more"),
        ({"max_size": True}, "max_size=True is not a whole number"),
        ({"min_idle": 3, "max_size": 2}, "min_idle=3 is more than max_size=2"),
        ({"idle_ttl": -1}, "idle_ttl=-1 is not a number of seconds, more than 0, or None"),
        ({"timeout": "soon"}, "timeout='soon' is not a number of seconds, 0 or more, or None"),
        ({"order": "random"}, "order='random' is not possible"),
        ({"reset": 3}, "reset=3 can't be called"),
        ({"key": 3}, "key=3 can't be called"),
    ],
)
def test_options_that_make_no_sense_are_refused(options, told):
    """The message names the type, the option, its value and what would be right."""
    with pytest.raises(ResourceTypeError, match="resource type 'db': ") as caught:
        make_type("db", Thing, **options)
    assert told in str(caught.value)


def test_a_type_needs_a_name_and_a_factory():
    """Both are checked when the type is made."""
    with pytest.raises(ResourceTypeError, match="its name must be a text"):
        make_type("", Thing)
    with pytest.raises(ResourceTypeError, match="which can't be called"):
        make_type("db", None)
    assert not make_type("db", dict).takes_slot


def test_a_resource_whose_attributes_raise_is_told_and_the_others_are_closed(make_pool, troubles):
    """What a resource raises while its ``close`` is looked for is a failed close, and keeps no other from being closed."""

    class Wary(Thing):
        def __getattribute__(self, name):
            if name == "close":
                raise RuntimeError("hands off")
            return super().__getattribute__(name)

    things = [Thing(), Wary()]
    pool = make_pool(lambda: things[pool.size - 1])
    for lease in [pool.borrow(), pool.borrow()]:
        lease.give_back()
    pool.close()
    assert [one.told for one in troubles] == ["resource 'thing' could not be closed: RuntimeError: hands off"]
    assert things[0].closed == 1
    assert pool.get_stats().errors == 1


def test_the_stack_of_a_borrower_in_a_thread_is_the_program_s(make_pool, troubles):
    """The lines of ``threading`` say nothing, and are left out."""
    pool = make_pool(hooks={"follows": True})
    leases = []
    thread = threading.Thread(target=lambda: leases.append(pool.borrow()))
    thread.start()
    thread.join()
    (line,) = leases[0].borrower.spelt_stack
    assert "test_pool.py" in line


def test_long_fingerprints_are_shown_where_they_differ(make_pool, troubles):
    """What changed is in the sentence, however much before and after it is the same."""
    names = [f"name{number}" for number in range(100)]
    pool = make_pool(lambda: list(names), fingerprint=list)
    lease = pool.borrow()
    lease.resource[60] = "mine"
    lease.give_back()
    was, _, now = troubles[0].told.partition(" and is ")
    assert "'name59', 'name60'" in was
    assert "'name59', 'mine'" in now
    assert len(was) < 300
    assert len(now) < 300


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ("abc", "abd", ("abc", "abd")),
        ("a" * 30, "a" * 30, ("aaaaaaaa…", "aaaaaaaa…")),
        ("a" * 30, "a" * 30 + "b", ("…aa", "…aab")),
        ("a" * 20 + "b" * 20, "a" * 20 + "c", ("…aabbbbbb…", "…aac")),
        ("", "a" * 10, ("", "aaaaaaaa…")),
    ],
)
def test_texts_are_shortened_around_what_differs(before, after, shown):
    """Short ones stay, equal ones show their beginning."""
    assert apart(before, after, 8) == shown


@pytest.mark.parametrize("name", ["factory", "validate", "reset", "close", "fingerprint"])
def test_coroutine_functions_are_refused(name):
    """What must be awaited can't be called by threads: a pool for them says so when it is made, and what to use."""

    async def call(*resources):
        """What has to be awaited."""

    called = {"factory": Thing, name: call}
    with pytest.raises(ResourceTypeError, match=f"its {name} is a coroutine function.*AsyncMemoryPool"):
        MemoryPool(**called, name="thing")
