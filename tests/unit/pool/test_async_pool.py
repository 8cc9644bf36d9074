"""The pool for tasks: what it does as the pool for threads does, and what cancellation and event loops add to it."""

from __future__ import annotations

import asyncio
import functools
import gc
import os
import threading
import warnings
from contextlib import contextmanager

import anyio
import pytest
import trio

from pytest_memopt.errors import PoolClosed, PoolError, PoolTimeout, ResourceTypeError, ReturnError
from pytest_memopt.pool.arguments import arguments_of
from pytest_memopt.pool.async_pool import AsyncMemoryPool
from pytest_memopt.pool.hooks import Operation, PoolHooks
from pytest_memopt.pool.recipe import make_type
from pytest_memopt.pool.resource import ResourceState
from pytest_memopt.pool.stats import Eviction
from pytest_memopt.pool.trouble import PoolWarning, TroubleKind


class Thing:
    """A resource that knows what was done to it, and is closed by awaiting."""

    def __init__(self, *arguments):
        self.arguments = arguments
        self.closed = 0
        self.closed_in = None

    async def aclose(self):
        await asyncio.sleep(0)
        self.closed += 1
        self.closed_in = asyncio.get_running_loop()


async def build_thing(*arguments):
    """A factory that lets others run meanwhile."""
    await asyncio.sleep(0)
    return Thing(*arguments)


async def hang(*resources):
    """User code that never ends by itself."""
    await asyncio.get_running_loop().create_future()


@pytest.fixture
def make_pool(clock, troubles):
    """Makes pools with the clock of the loops, whose troubles are collected."""

    def make(factory=build_thing, *, hooks=None, **options):
        given = {"clock": clock, "chance": lambda: 0.0, "tell": troubles.append, **(hooks or {})}
        return AsyncMemoryPool.of(make_type("thing", factory, **options), PoolHooks(**given))

    return make


def inside(test):
    """Run an async test in its event loop."""

    @functools.wraps(test)
    def run(**given):
        given["loop"].run_until_complete(test(**given))

    return run


def kinds(troubles):
    """What kinds they are."""
    return [trouble.kind for trouble in troubles]


async def let_run(times=5):
    """Let the other tasks run until they wait."""
    for _ in range(times):
        await asyncio.sleep(0)


async def cancelled(task):
    """Cancel a task, and wait until it is."""
    task.cancel()
    await asyncio.wait([task])
    assert task.cancelled()


async def borrow_one(pool):
    """A lease."""
    return await pool.borrow()


def start_borrowing(pool, *arguments, **options):
    """A task that borrows."""

    async def borrow():
        return await pool.borrow(*arguments, **options)

    return asyncio.get_running_loop().create_task(borrow())


@inside
async def test_a_resource_is_built_once_and_lent_again(loop, make_pool):
    """What comes back is lent to the next borrower, by either way to borrow."""
    pool = make_pool()
    async with pool.borrow() as first:
        pass
    lease = await pool.borrow()
    async with lease as second:
        assert pool.leases() == [lease]
    async with await pool.borrow() as third:
        pass
    stats = pool.get_stats()
    assert first is second is third
    assert (stats.built, stats.borrowed, stats.hits, stats.misses) == (1, 3, 2, 1)
    assert (stats.in_use, stats.idle, stats.peak_in_use, stats.peak_size) == (0, 1, 1, 1)
    assert repr(pool) == "<AsyncMemoryPool of 'thing': 0 lent, 1 idle>"
    assert "<AsyncLease of" in repr(lease)


@pytest.mark.parametrize(("order", "index"), [("lifo", 1), ("fifo", 0)])
@inside
async def test_the_order_says_which_idle_resource_is_next(loop, make_pool, order, index):
    """Last in, first out keeps a few in use; first in, first out uses all alike."""
    pool = make_pool(order=order)
    leases = [await pool.borrow(), await pool.borrow()]
    for lease in leases:
        await lease.give_back()
    assert (await pool.borrow()).resource is leases[index].resource


@inside
async def test_what_is_asked_for_is_lent_once(loop, make_pool):
    """What borrow() returns stands for one lease: a second one needs a second borrow()."""
    pool = make_pool()
    borrowing = pool.borrow()
    async with borrowing:
        with pytest.raises(PoolError, match=r"call borrow\(\) again"):
            await borrowing
    assert pool.get_stats().borrowed == 1


@inside
async def test_a_plain_with_is_refused(loop, make_pool):
    """A lease must be awaited at its end: `with` is told to be `async with`."""
    lease = await make_pool().borrow()
    with pytest.raises(PoolError, match="write `async with`, not `with`"), lease:
        pass
    await lease.give_back()


def test_outside_of_an_event_loop_nothing_is_lent(make_pool):
    """Where asyncio doesn't run, the message says what is supported."""
    with pytest.raises(PoolError, match=r"outside of an asyncio event loop.*trio"):
        make_pool().borrow().__await__().send(None)

    async def borrow():
        await make_pool().borrow()

    with pytest.raises(PoolError, match="run anyio on its asyncio backend"):
        trio.run(borrow)


def test_scopes_of_anyio_cancel_what_waits(make_pool):
    """On its asyncio backend a scope ends a wait, and a reset: its resource is replaced, and closed all the same."""
    pool = make_pool(max_size=1, reset=lambda thing: asyncio.sleep(0))

    async def use():
        async with pool.borrow() as first:
            with anyio.move_on_after(0) as waiting:
                await pool.borrow()
        assert waiting.cancelled_caught
        with anyio.CancelScope() as scope:
            async with pool.borrow() as second:
                scope.cancel()
        assert second is first
        await pool.close()
        return first

    assert anyio.run(use).closed == 1
    assert pool.get_stats().evicted == {Eviction.RESET_FAILED: 1}


def test_a_shared_type_is_refused(make_pool):
    """Leases that are numbered on the whole machine are not to be had here yet."""
    with pytest.raises(ResourceTypeError, match="'thing': shared=True is not possible in an async pool"):
        make_pool(shared=True)


@inside
async def test_user_code_may_be_plain_or_awaited(loop, make_pool):
    """Coroutine functions, plain functions, and plain functions that return something to await, all do."""
    seen = []

    async def reset(thing):
        seen.append("reset")

    pool = make_pool(
        Thing,
        validate=lambda thing: asyncio.sleep(0, result=True),
        reset=reset,
        close=lambda thing: seen.append("close"),
        fingerprint=lambda thing: asyncio.sleep(0, result="same"),
    )
    for _ in range(2):
        async with pool.borrow():
            pass
    await pool.close()
    assert seen == ["reset", "reset", "close"]
    assert pool.get_stats().built == 1


@inside
async def test_a_validation_that_is_awaited_may_refuse(loop, make_pool):
    """What counts is what comes of awaiting: False replaces the resource."""
    pool = make_pool(validate=lambda thing: asyncio.sleep(0, result=False))
    lease = await pool.borrow()
    await lease.give_back()
    assert (await pool.borrow()).resource is not lease.resource


@pytest.mark.parametrize("name", ["close", "aclose"])
@inside
async def test_a_resource_may_close_itself(loop, name):
    """Its own aclose() is called, else its own close(), and awaited where it can be."""
    seen = []

    class Client:
        def close(self):
            seen.append("close")

    async def aclose(self):
        await asyncio.sleep(0)
        seen.append("aclose")

    if name == "aclose":
        Client.aclose = aclose
    async with AsyncMemoryPool(Client) as pool:
        async with pool.borrow():
            pass
        assert seen == []
    assert seen == [name]


@inside
async def test_a_resource_without_close_needs_none(loop):
    """What has no such method and no close= is just let go of."""
    pool = AsyncMemoryPool(object, name="plain")
    await (await pool.borrow()).give_back()
    await pool.close()
    assert pool.size == 0


@inside
async def test_a_borrower_without_patience_is_told_who_has_what(loop, make_pool, clock):
    """The message of a time-out names the holders, how long they have had it, and the remedy."""
    pool = make_pool(max_size=1, leak_threshold=60)
    held = await pool.borrow(label="tests/test_a.py::test_x")
    clock.pass_by(5)
    with pytest.raises(PoolTimeout, match=r"1 of 1 are lent \(tests/test_a.py::test_x for 5 s\); give them back"):
        await pool.borrow(timeout_s=0)
    with pytest.raises(PoolTimeout, match="came free in 7 s"):
        await pool.borrow(timeout_s=7)
    await held.give_back()
    assert pool.get_stats().timeouts == 2
    assert (await pool.borrow(timeout_s=0)).resource is held.resource


@inside
async def test_each_waiter_has_patience_of_its_own(loop, make_pool, clock):
    """Who came later and waits less goes away earlier; who comes in time is served."""
    pool = make_pool(max_size=1)
    lease = await pool.borrow()
    gone = []

    async def wait(patience_s):
        try:
            await pool.borrow(timeout_s=patience_s)
        except PoolTimeout:
            gone.append((patience_s, clock()))

    tasks = [loop.create_task(wait(patience_s)) for patience_s in (5, 2, 9, 2, 20)]
    await asyncio.wait(tasks[:4])
    assert gone == [(2, 2), (2, 2), (5, 5), (9, 9)]
    await lease.give_back()
    await tasks[4]
    assert len(gone) == 4


@inside
async def test_waiters_are_served_in_the_order_in_which_they_came(loop, make_pool):
    """A resource that comes back goes to the one who waits the longest; who comes later doesn't overtake."""
    pool = make_pool(max_size=1)
    served = []

    async def work(number):
        async with pool.borrow():
            served.append(number)
            await asyncio.sleep(0)

    lease = await pool.borrow()
    tasks = [loop.create_task(work(number)) for number in range(4)]
    await let_run()
    await lease.give_back()
    await work(4)
    await asyncio.gather(*tasks)
    assert served == [0, 1, 2, 3, 4]
    assert pool.get_stats().waits == 5


@inside
async def test_a_place_that_comes_free_is_built_in_by_the_first_who_waits(loop, make_pool):
    """When a lent resource is revoked, whoever waits builds one in its place."""
    pool = make_pool(max_size=1)
    lease = await pool.borrow()
    waiter = start_borrowing(pool)
    await let_run()
    pool.revoke(lease, "was taken back")
    assert (await waiter).resource is not lease.resource
    with pytest.raises(ReturnError, match="was taken back"):
        await lease.give_back()


@inside
async def test_closing_ends_every_wait(loop, make_pool):
    """A borrower who waits while the pool is closed is told so; what is lent is closed when it comes back."""
    pool = make_pool(max_size=1)
    lease = await pool.borrow()
    waiter = start_borrowing(pool)
    await let_run()
    await pool.close()
    with pytest.raises(PoolClosed, match="the pool of resource type 'thing' is closed"):
        await waiter
    assert not lease.resource.closed
    await lease.give_back()
    assert lease.resource.closed == 1
    await pool.close()
    with pytest.raises(PoolClosed):
        await pool.borrow()


@inside
async def test_a_lease_is_given_back_once(loop, make_pool):
    """The second time is an error; foreign objects and leases of other pools are refused; the resource itself will do."""
    pool = make_pool()
    lease = await pool.borrow()
    await lease.give_back()
    with pytest.raises(ReturnError, match="was given back before"):
        await lease.give_back()
    again = await pool.borrow()
    await pool.give_back(again.resource)
    with pytest.raises(ReturnError, match="is not lent by the pool"):
        await pool.give_back(again.resource)
    with pytest.raises(ReturnError, match="is not lent by the pool"):
        await pool.give_back(await make_pool().borrow())
    assert pool.get_stats().idle == 1


@inside
async def test_a_cancelled_waiter_leaves_the_queue(loop, make_pool):
    """Who gives up waiting takes nothing along: the next is served."""
    pool = make_pool(max_size=1)
    lease = await pool.borrow()
    first, second = start_borrowing(pool), start_borrowing(pool)
    await let_run()
    await cancelled(first)
    await lease.give_back()
    assert (await second).resource is lease.resource


@inside
async def test_a_grant_that_meets_a_cancellation_goes_to_the_next(loop, make_pool):
    """What was granted to a task in the moment it was cancelled is lent to the next, or idle."""
    pool = make_pool(max_size=1)
    lease = await pool.borrow()
    first, second = start_borrowing(pool), start_borrowing(pool)
    await let_run()
    await lease.give_back()
    await cancelled(first)
    next_lease = await second
    assert next_lease.resource is lease.resource
    third = start_borrowing(pool)
    await let_run()
    await next_lease.give_back()
    await cancelled(third)
    assert (pool.get_stats().idle, pool.size) == (1, 1)


@inside
async def test_leave_to_build_that_meets_a_cancellation_goes_to_the_next(loop, make_pool):
    """A place that was granted to a cancelled task isn't lost."""
    pool = make_pool(max_size=1)
    lease = await pool.borrow()
    first, second = start_borrowing(pool), start_borrowing(pool)
    await let_run()
    pool.revoke(lease, "was taken back")
    await cancelled(first)
    assert (await second).resource is not lease.resource
    assert pool.size == 1


@inside
async def test_a_grant_that_meets_a_time_out_is_taken(loop, make_pool, clock):
    """What arrives in time is lent, though the time is over before the task runs again."""
    pool = make_pool(max_size=1)
    lease = await pool.borrow()
    waiter = start_borrowing(pool, timeout_s=1)
    await let_run()
    clock.pass_by(2)
    await lease.give_back()
    assert (await waiter).resource is lease.resource


@inside
async def test_a_member_that_ends_with_a_cancelled_waiter_is_closed(loop, make_pool, clock):
    """What was granted, and is too old when the cancelled task passes it on, is closed, and its place is free."""
    pool = make_pool(max_size=1, max_lifetime=10)
    lease = await pool.borrow()
    waiter = start_borrowing(pool)
    await let_run()
    await lease.give_back()
    clock.pass_by(10)
    await cancelled(waiter)
    await let_run()
    assert (pool.size, lease.resource.closed) == (0, 1)


@pytest.mark.parametrize("what", ["factory", "fingerprint"])
@inside
async def test_a_cancelled_factory_gives_up_its_place(loop, make_pool, what):
    """Who is cancelled while building leaves the place to the next, and what was built already is closed."""
    built = []

    async def build():
        built.append(Thing())
        if what == "factory" and len(built) == 1:
            await hang()
        return built[-1]

    async def fingerprint(thing):
        if what == "fingerprint" and thing is built[0]:
            await hang()

    pool = make_pool(build, max_size=1, fingerprint=fingerprint)
    first, second = start_borrowing(pool), start_borrowing(pool)
    await let_run()
    await cancelled(first)
    assert (await second).resource is built[1]
    assert built[0].closed == (what == "fingerprint")
    assert (pool.size, pool.get_stats().errors) == (1, 0)


@inside
async def test_a_fingerprint_that_fails_at_once_closes_what_was_built(loop, make_pool):
    """The error reaches the borrower; the resource, which nobody has, is closed."""
    built = []

    def build():
        built.append(Thing())
        return built[-1]

    pool = make_pool(build, fingerprint=lambda thing: 1 / 0)
    with pytest.raises(ZeroDivisionError) as caught:
        await pool.borrow()
    if hasattr(caught.value, "__notes__"):
        assert "while taking the fingerprint of a new resource of type 'thing'" in caught.value.__notes__
    await let_run()
    assert (built[0].closed, pool.size, pool.get_stats().errors) == (1, 0, 1)


@inside
async def test_a_factory_that_raises_gives_up_its_place(loop, make_pool):
    """Its own error comes through, and the place is free for the next."""
    answers = [ValueError("first time"), None]

    async def build():
        if (error := answers.pop(0)) is not None:
            raise error
        return Thing()

    pool = make_pool(build, max_size=1)
    with pytest.raises(ValueError, match="first time"):
        await pool.borrow()
    assert (await pool.borrow(timeout_s=0)).resource is not None
    assert pool.get_stats().errors == 1


@inside
async def test_a_factory_must_build_anew(loop, make_pool):
    """The same object twice would be lent to two borrowers."""
    only = Thing()
    pool = make_pool(lambda: only)
    await pool.borrow()
    with pytest.raises(PoolError, match="which is in the pool already"):
        await pool.borrow()
    assert pool.size == 1


@inside
async def test_a_cancelled_validation_loses_no_place(loop, make_pool):
    """The resource is discarded and closed, and its place is free."""
    pool = make_pool(validate=hang, max_size=1)
    lease = await pool.borrow()
    await lease.give_back()
    borrower = start_borrowing(pool)
    await let_run()
    await cancelled(borrower)
    await let_run()
    assert (pool.size, lease.resource.closed) == (0, 1)


@inside
async def test_a_cancelled_reset_discards_the_resource(loop, make_pool):
    """A half reset resource is closed, and its place goes to the one who waits."""
    pool = make_pool(reset=hang, max_size=1)
    lease = await pool.borrow()
    waiter = start_borrowing(pool)
    returning = loop.create_task(lease.give_back())
    await let_run()
    assert lease.member is None
    await cancelled(returning)
    other = await waiter
    await let_run()
    assert other.resource is not lease.resource
    assert (pool.size, lease.resource.closed) == (1, 1)
    assert pool.get_stats().evicted == {Eviction.RESET_FAILED: 1}


@inside
async def test_closing_goes_on_when_the_one_who_waits_is_cancelled(loop, make_pool):
    """A resource is closed to the end, though the task that closes the pool is cancelled."""
    gate = loop.create_future()

    async def close(thing):
        await gate
        thing.closed += 1

    pool = make_pool(close=close)
    lease = await pool.borrow()
    await lease.give_back()
    closing = loop.create_task(pool.close())
    await let_run()
    await cancelled(closing)
    second = loop.create_task(pool.close())
    await let_run()
    assert not second.done()
    gate.set_result(None)
    await second
    assert lease.resource.closed == 1


@inside
async def test_a_place_is_not_lost_while_an_old_resource_is_closed(loop, make_pool, clock):
    """Who is cancelled while the stale resource in whose place he would build is closed, gives up the place."""
    gate = loop.create_future()
    pool = make_pool(close=lambda thing: gate, idle_ttl=1, max_size=1)
    await (await pool.borrow()).give_back()
    clock.pass_by(2)
    borrower = start_borrowing(pool)
    await let_run()
    assert not borrower.done()
    await cancelled(borrower)
    assert pool.size == 0
    gate.set_result(None)
    await pool.close()


@inside
async def test_a_closing_that_is_cancelled_is_told(loop, make_pool, troubles):
    """Where the loop's end cancels a closing, it isn't taken for done."""
    pool = make_pool(close=hang)
    await (await pool.borrow()).give_back()
    draining = loop.create_task(pool.drain())
    await let_run()
    for task in asyncio.all_tasks() - {asyncio.current_task(), draining}:
        task.cancel()
    await draining
    assert kinds(troubles) == [TroubleKind.CLOSE_FAILED]


@inside
async def test_a_resource_may_close_the_pool(loop, make_pool):
    """A close() that closes the pool it is of doesn't wait for itself."""
    pool = make_pool(close=lambda thing: pool.close())
    await (await pool.borrow()).give_back()
    await pool.close()
    assert pool.size == 0


@pytest.mark.parametrize("refuses", [lambda thing: False, lambda thing: 1 / 0], ids=["false", "raises"])
@inside
async def test_what_validate_refuses_is_replaced(loop, make_pool, troubles, refuses):
    """A resource that is refused is closed, and the borrower gets another."""
    pool = make_pool(validate=refuses)
    first, second = await pool.borrow(), await pool.borrow()
    await first.give_back()
    await second.give_back()
    new = await pool.borrow()
    assert new.resource not in (first.resource, second.resource)
    assert (first.resource.closed, second.resource.closed) == (1, 1)
    assert pool.get_stats().failed_validations == 2
    assert kinds(troubles) in ([], [TroubleKind.VALIDATE_FAILED] * 2)


@inside
async def test_what_can_not_be_reset_is_discarded(loop, make_pool, troubles):
    """The trouble is told with its borrower; the borrower's own work isn't disturbed."""

    async def reset(thing):
        raise OSError("gone")

    pool = make_pool(reset=reset, hooks={"follows": True, "label": lambda: "test_x"})
    async with pool.borrow() as thing:
        pass
    assert thing.closed == 1
    assert troubles[0].told == (
        "resource 'thing' could not be reset after test_x: OSError: gone; the resource was discarded"
    )
    assert "test_async_pool.py" in troubles[0].stack[-1]
    assert not any("base_events" in line for line in troubles[0].stack)


@inside
async def test_who_soiled_a_resource_is_named(loop, make_pool, troubles):
    """A fingerprint that differs after the reset names the borrower, and one that raises isn't trusted."""

    async def fingerprint(thing):
        return thing.arguments if thing.arguments != ("broken",) else 1 / 0

    pool = make_pool(fingerprint=fingerprint, hooks={"follows": True, "label": lambda: "test_b"})
    async with pool.borrow() as clean:
        pass
    async with pool.borrow() as soiled:
        soiled.arguments = ("left over",)
    async with pool.borrow() as broken:
        broken.arguments = ("broken",)
    assert soiled is clean is not broken
    assert (soiled.closed, broken.closed) == (1, 1)
    assert kinds(troubles) == [TroubleKind.SOILED, TroubleKind.FINGERPRINT_FAILED]
    assert "after test_b: its fingerprint was () and is ('left over',)" in troubles[0].told


@inside
async def test_a_resource_whose_attributes_raise_is_told(loop, make_pool, troubles):
    """What a resource raises while its ``aclose`` is looked for is a failed close."""

    class Wary:
        def __getattr__(self, name):
            raise RuntimeError("hands off")

    pool = make_pool(Wary)
    await (await pool.borrow()).give_back()
    await pool.close()
    assert [one.told for one in troubles] == ["resource 'thing' could not be closed: RuntimeError: hands off"]
    assert pool.get_stats().errors == 1


@inside
async def test_close_goes_on_past_failures(loop, make_pool, troubles):
    """Every resource is closed, and each failure is told and counted."""

    async def close(thing):
        thing.closed += 1
        raise OSError("busy")

    pool = make_pool(close=close)
    leases = [await pool.borrow(), await pool.borrow()]
    for lease in leases:
        await lease.give_back()
    await pool.close()
    assert [lease.resource.closed for lease in leases] == [1, 1]
    assert kinds(troubles) == [TroubleKind.CLOSE_FAILED] * 2
    assert pool.get_stats().errors == 2


@inside
async def test_what_idles_too_long_is_replaced(loop, make_pool, clock):
    """After idle_ttl or max_lifetime a resource is closed, by the next borrower, by upkeep, or when it comes back."""
    pool = make_pool(idle_ttl=10, max_lifetime=100)
    old = await pool.borrow()
    await old.give_back()
    clock.pass_by(10)
    new = await pool.borrow()
    await new.give_back()
    assert (old.resource.closed, new.resource is old.resource) == (1, False)
    clock.pass_by(11)
    await pool.maintain()
    assert new.resource.closed == 1
    held = await pool.borrow()
    clock.pass_by(100)
    await held.give_back()
    assert held.resource.closed == 1
    assert pool.get_stats().evicted == {Eviction.IDLE_TTL: 2, Eviction.LIFETIME: 1}


@inside
async def test_upkeep_keeps_some_ready(loop, make_pool, clock):
    """Upkeep builds up to min_idle, lets that many live past their idle time, and leaves the quick way open."""
    pool = make_pool(min_idle=2, idle_ttl=10)
    await pool.maintain()
    assert pool.get_stats().idle == 2
    clock.pass_by(11)
    await pool.maintain()
    assert (pool.get_stats().idle, pool.size) == (2, 2)
    await pool.drain()
    await pool.maintain()
    async with pool.borrow(), pool.borrow():
        pass
    assert pool.get_stats().misses == 0


@inside
async def test_upkeep_that_fails_is_told(loop, make_pool, troubles):
    """A factory that raises in upkeep is told, and upkeep goes on another time."""

    async def fail():
        raise OSError("no room")

    pool = make_pool(fail, min_idle=1)
    await pool.maintain()
    assert kinds(troubles) == [TroubleKind.UPKEEP_FAILED]
    assert (pool.size, pool.get_stats().errors) == (0, 1)


@inside
async def test_draining_replaces_all(loop, make_pool):
    """Idle members are closed at once, lent ones when they come back; the pool goes on."""
    pool = make_pool()
    idle, lent = await pool.borrow(), await pool.borrow()
    await idle.give_back()
    await pool.drain()
    assert (idle.resource.closed, lent.resource.closed) == (1, 0)
    await lent.give_back()
    assert lent.resource.closed == 1
    assert (await pool.borrow()).resource not in (idle.resource, lent.resource)


@inside
async def test_switched_off_each_lease_builds_and_closes(loop, make_pool):
    """Without pooling the same calls work, and nothing is kept."""
    pool = make_pool(max_size=1, hooks={"pools": False})
    async with pool.borrow() as first:
        with pytest.raises(PoolTimeout):
            await pool.borrow(timeout_s=0)
    async with pool.borrow() as second:
        pass
    assert first is not second
    assert (first.closed, second.closed) == (1, 1)
    assert pool.get_stats().evicted == {Eviction.UNPOOLED: 2}


@inside
async def test_equal_arguments_share_a_resource(loop, make_pool):
    """Members stand in for one another only where they were built with equal arguments; a full pool makes room."""
    pool = make_pool(max_size=2)
    one, two, three = (arguments_of("thing", (name,), {}) for name in "abc")
    async with pool.borrow(one) as first:
        pass
    async with pool.borrow(two) as second:
        pass
    async with pool.borrow(arguments_of("thing", ("a",), {})) as again:
        pass
    assert (first.arguments, second.arguments) == (("a",), ("b",))
    assert again is first
    async with pool.borrow(three):
        pass
    assert (first.closed, second.closed) == (1, 0)


@inside
async def test_a_lease_held_too_long_is_told_once(loop, make_pool, clock, troubles):
    """Upkeep names borrower and stack; a late return is told as well."""
    pool = make_pool(leak_threshold=5)
    lease = await pool.borrow(label="test_slow")
    clock.pass_by(6)
    await pool.maintain()
    await pool.maintain()
    assert kinds(troubles) == [TroubleKind.OVERDUE]
    assert "pool.borrow(label" in troubles[0].stack[-1]
    await lease.give_back()
    assert "it came back now" in troubles[1].told


@inside
async def test_a_lease_that_was_dropped_is_found(loop, make_pool, troubles):
    """A lease that nobody holds any more gives its place free when somebody needs it."""
    pool = make_pool(max_size=1)
    await pool.borrow()
    gc.collect()
    held = await pool.borrow(timeout_s=0)
    assert kinds(troubles) == [TroubleKind.LOST]
    with pytest.raises(PoolTimeout):
        await pool.borrow(timeout_s=0)
    await held.give_back()
    async with pool.borrow():
        with pytest.raises(PoolTimeout):
            await pool.borrow(timeout_s=0)


@inside
async def test_troubles_that_are_raised_lose_no_place(loop):
    """Where warnings are errors, the one who meets it gets it, and the pool goes on."""
    pool = AsyncMemoryPool(Thing, name="thing", max_size=1, reset=lambda thing: 1 / 0, close=lambda thing: 1 / 0)
    lease = await pool.borrow()
    with warnings.catch_warnings():
        warnings.simplefilter("error", PoolWarning)
        with pytest.raises(PoolWarning, match="could not be reset"):
            await lease.give_back()
    assert pool.size == 0
    with pytest.warns(PoolWarning, match="could not be closed"):
        await let_run()


@inside
async def test_the_surroundings_hear_of_every_call(loop, make_pool):
    """A context is made around each call into user code, and lasts until what it returned was awaited."""
    heard, depth = [], []

    @contextmanager
    def around(operation, name):
        depth.append(operation)
        yield
        heard.append((depth.pop(), name))

    async def check(thing):
        inside_before = len(depth)
        await asyncio.sleep(0)
        assert inside_before == len(depth) == 1
        return True

    pool = make_pool(validate=check, reset=check, fingerprint=check, hooks={"around": around})
    for _ in range(2):
        await (await pool.borrow()).give_back()
    await pool.close()
    assert {operation for operation, _ in heard} == set(Operation) - {Operation.OPEN}
    assert {name for _, name in heard} == {"thing"}


@inside
async def test_members_know_their_state(loop, make_pool):
    """A member is in use, being reset, idle or closed."""
    gate = loop.create_future()
    pool = make_pool(reset=lambda thing: gate)
    lease = await pool.borrow()
    member = lease.member
    assert member.state is ResourceState.IN_USE
    returning = loop.create_task(lease.give_back())
    await let_run()
    assert member.state is ResourceState.RETURNING
    gate.set_result(None)
    await returning
    assert member.state is ResourceState.IDLE
    await pool.close()
    assert member.state is ResourceState.CLOSED


def test_a_member_is_not_lent_in_another_event_loop(make_loop, make_pool, troubles):
    """What was built in a loop that is closed is replaced in the next, told of once, and closed if that can be."""
    pool = make_pool(idle_ttl=None)
    first, second = make_loop(), make_loop()

    async def borrow(count=2):
        leases = [await pool.borrow() for _ in range(count)]
        for lease in leases:
            await lease.give_back()
        return [lease.resource for lease in leases]

    old = first.run_until_complete(borrow())
    first.close()
    new = second.run_until_complete(borrow(1))
    assert new[0] not in old
    assert [thing.closed for thing in old] == [1, 1]
    assert len(troubles) == 1
    assert troubles[0].told == (
        "resource 'thing' was left behind: 2 of its resources were built in an event loop that is closed; "
        "close or drain the pool before its event loop ends"
    )
    assert pool.get_stats().evicted == {Eviction.LOOP_CLOSED: 2}
    assert pool.size == 1


def test_what_can_not_be_closed_without_its_loop_is_given_up(make_loop, make_pool, clock, troubles):
    """Closing in another loop is tried for a second: what never answers there must not hold up anybody."""
    pool = make_pool(close=hang)
    first, second = make_loop(), make_loop()

    async def use():
        async with pool.borrow():
            pass

    first.run_until_complete(use())
    first.close()
    second.run_until_complete(pool.maintain())
    assert clock() == 1
    assert kinds(troubles) == [TroubleKind.LEFT_BEHIND, TroubleKind.CLOSE_FAILED]
    assert "one of its resources was" in troubles[0].told
    assert pool.get_stats().errors == 1


def test_loops_take_turns(make_loop, make_pool):
    """Each loop gets its own members again; a full pool makes room, and what leaves is closed in its own loop."""
    pool = make_pool(max_size=2)
    first, second = make_loop(), make_loop()

    async def use():
        async with pool.borrow() as thing:
            return thing

    one, two = first.run_until_complete(use()), second.run_until_complete(use())
    assert first.run_until_complete(use()) is one
    assert second.run_until_complete(use()) is two

    async def use_two():
        async with pool.borrow(), pool.borrow():
            pass

    second.run_until_complete(use_two())
    assert one.closed == 0
    first.run_until_complete(let_run())
    assert one.closed_in is first
    assert (pool.size, pool.get_stats().evicted) == (2, {Eviction.MADE_ROOM: 1})
    second.run_until_complete(pool.close())


def test_a_lease_is_given_back_in_its_own_loop(make_loop, make_pool):
    """In another it is refused while its own is open; when that is closed, the resource is discarded."""
    pool = make_pool(reset=lambda thing: None)
    first, second = make_loop(), make_loop()
    leases = [first.run_until_complete(borrow_one(pool)) for _ in range(2)]
    with pytest.raises(ReturnError, match="was borrowed in another event loop, which is still open"):
        second.run_until_complete(leases[0].give_back())
    first.run_until_complete(leases[0].give_back())
    first.close()
    second.run_until_complete(leases[1].give_back())
    assert leases[1].resource.closed == 1
    assert (pool.get_stats().in_use, pool.size) == (0, 0)


def wait_in(loop, pool, count=1):
    """Borrowers who begin to wait in a loop, outside of any task."""
    waiting = [pool.borrow().__await__() for _ in range(count)]

    async def begin():
        for each in waiting:
            each.send(None)

    loop.run_until_complete(begin())
    return waiting


def test_a_grant_to_a_closed_loop_goes_on(make_loop, make_pool):
    """Who waits in a loop that was closed under him is passed over, as are all who waited with him."""
    pool = make_pool(max_size=1, timeout=None)
    first, second = make_loop(), make_loop()
    lease = second.run_until_complete(borrow_one(pool))
    waiting = wait_in(first, pool, 3)
    waiter = second.create_task(borrow_one(pool))
    second.run_until_complete(let_run())
    first.close()
    second.run_until_complete(lease.give_back())
    assert second.run_until_complete(waiter).member is not None
    for each in waiting:
        each.close()
    assert (pool.get_stats().in_use, pool.size) == (1, 1)


def test_who_waited_in_a_closed_loop_is_not_ahead_of_anybody(make_loop, make_pool):
    """A borrower in another loop finds them gone."""
    pool = make_pool(max_size=1)
    first, second = make_loop(), make_loop()
    held = second.run_until_complete(borrow_one(pool))
    waiting = wait_in(first, pool)
    first.close()
    with pytest.raises(PoolTimeout) as caught:
        second.run_until_complete(borrow_one(pool))
    assert "waited before" not in str(caught.value)
    assert held.member is not None
    for each in waiting:
        each.close()


def test_what_was_being_closed_in_a_closed_loop_keeps_nobody(make_loop, make_pool, clock):
    """Who waited there for a stale resource to be closed, and for its place, gives the place up when he is collected."""
    pool = make_pool(max_size=1, idle_ttl=1, close=hang)
    first, second = make_loop(), make_loop()

    async def use():
        await (await pool.borrow()).give_back()

    first.run_until_complete(use())
    clock.pass_by(2)
    first.create_task(borrow_one(pool))
    first.run_until_complete(let_run())
    for task in asyncio.all_tasks(first):
        task._log_destroy_pending = False
    del task
    first.close()
    assert pool.size == 1
    second.run_until_complete(pool.maintain())
    gc.collect()
    assert pool.size == 0


@pytest.fixture
def handed_over(make_loop, make_pool):
    """A pool of one; a loop that was asked to close its resource, for another that took the place; and that resource."""
    pool = make_pool(max_size=1)
    first, second = make_loop(), make_loop()

    async def use():
        async with pool.borrow() as thing:
            return thing

    left = first.run_until_complete(use())
    second.run_until_complete(use())
    return pool, first, second, left


@pytest.mark.parametrize("iterations_count", [0, 1, 2], ids=["asked", "scheduled", "begun"])
def test_what_a_loop_was_to_close_when_it_ended_is_closed_elsewhere(handed_over, troubles, iterations_count):
    """A resource is handed to its own loop to be closed; one that the loop did not begin with is closed in another, and told of."""
    pool, first, second, left = handed_over
    for _ in range(iterations_count):
        first.call_soon(first.stop)
        first.run_forever()
    assert left.closed == 0
    first.close()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        second.run_until_complete(pool.maintain())
        gc.collect()
    assert [str(one.message) for one in caught] == []
    was_begun = iterations_count == 2
    assert left.closed_in is (None if was_begun else second)
    assert kinds(troubles) == ([] if was_begun else [TroubleKind.LEFT_BEHIND])
    assert pool.get_stats().evicted == {Eviction.MADE_ROOM: 1}
    second.run_until_complete(pool.close())


def test_a_closing_that_was_cancelled_before_it_began_is_made_up_for(handed_over):
    """The end of an event loop cancels all its tasks, those too that had no time to begin."""
    pool, first, second, left = handed_over
    first.call_soon(first.stop)
    first.run_forever()
    for task in (tasks := asyncio.all_tasks(first)):
        task.cancel()
    first.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    first.close()
    second.run_until_complete(pool.close())
    assert (len(tasks), left.closed, left.closed_in) == (1, 1, second)


def test_a_lease_that_ends_outside_of_loops_wakes_a_waiter(make_loop, make_pool):
    """A revoked lease's place is granted from wherever it was revoked."""
    pool = make_pool(max_size=1, timeout=None)
    loop = make_loop()
    lease = loop.run_until_complete(borrow_one(pool))
    waiter = loop.create_task(borrow_one(pool))
    loop.run_until_complete(let_run())
    pool.revoke(lease, "was taken back")
    assert loop.run_until_complete(waiter).resource is not lease.resource


def test_a_wait_that_is_abandoned_with_its_loop_leaves_the_queue(make_loop, make_pool):
    """A coroutine that is collected while it waits has taken nothing along."""
    pool = make_pool(max_size=1)
    loop, other = make_loop(), make_loop()
    lease = loop.run_until_complete(borrow_one(pool))
    waiting = pool.borrow().__await__()

    async def begin_to_wait():
        waiting.send(None)
        await lease.give_back()

    loop.run_until_complete(begin_to_wait())
    waiting.close()
    assert pool.get_stats().idle == 1
    waiting = pool.borrow().__await__()

    async def wait_in_vain():
        held = await pool.borrow()
        waiting.send(None)
        return held

    held = loop.run_until_complete(wait_in_vain())
    loop.close()
    other.run_until_complete(pool.maintain())
    waiting.close()
    assert held.member is not None
    assert pool.size == 1


def test_two_loops_at_the_same_time_wake_one_another(make_loop, make_pool):
    """What comes back in one thread's loop gives a place to who waits in another's."""
    pool = make_pool(max_size=1, timeout=None)
    here, there = make_loop(), make_loop()
    lease = here.run_until_complete(borrow_one(pool))
    got = []

    async def use():
        async with pool.borrow() as thing:
            got.append(thing)
        await pool.drain()

    thread = threading.Thread(target=there.run_until_complete, args=(use(),))
    thread.start()
    while not pool.get_stats().waits:
        pass
    here.run_until_complete(lease.give_back())
    thread.join(20)
    here.run_until_complete(let_run())
    assert got
    assert got[0] is not lease.resource
    assert (lease.resource.closed_in, got[0].closed_in) == (here, there)


@inside
async def test_a_type_can_insist_on_the_same_thread(loop, make_pool):
    """With same_thread=True the return in the same thread is taken."""
    pool = make_pool(same_thread=True)
    async with pool.borrow():
        pass
    assert pool.get_stats().idle == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this platform")
def test_a_forked_child_starts_with_an_empty_pool(make_loop, make_pool):
    """The parent's resources are not the child's: they are neither lent, nor closed, nor given back there."""
    pool = make_pool()
    loop = make_loop()

    async def borrow_two():
        idle, lent = await pool.borrow(), await pool.borrow()
        await idle.give_back()
        return idle, lent

    idle, lent = loop.run_until_complete(borrow_two())
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:

        async def use_in_child():
            await lent.give_back()
            new = await pool.borrow()
            facts = [pool.size, idle.resource.closed, new.resource in (idle.resource, lent.resource)]
            os.write(writing, repr(facts).encode())

        asyncio.new_event_loop().run_until_complete(use_in_child())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writing)
    with os.fdopen(reading) as told:
        assert told.read() == "[1, 0, False]"
    assert pool.get_stats().in_use == 1
    loop.run_until_complete(lent.give_back())


@inside
async def test_all_are_closed_before_a_listener_s_error_comes_through(loop, make_pool):
    """Where telling of failures raises, one error comes through, and none is left for the event loop to complain of."""

    class Stubborn(Thing):
        async def aclose(self):
            await super().aclose()
            raise OSError("busy")

    def refuse(trouble):
        raise RuntimeError(trouble.text())

    complaints = []
    loop.set_exception_handler(lambda loop, context: complaints.append(context))
    pool = make_pool(Stubborn, hooks={"tell": refuse})
    leases = [await pool.borrow() for _ in range(3)]
    for lease in leases:
        await lease.give_back()
    with pytest.raises(RuntimeError, match="busy"):
        await pool.close()
    gc.collect()
    assert [lease.resource.closed for lease in leases] == [1, 1, 1]
    assert (pool.get_stats().errors, complaints) == (3, [])
