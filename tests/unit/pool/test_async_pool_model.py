"""The async pool against a model: whatever is done, cancelled, or ends in whatever order, nothing is lost or lent twice."""

from __future__ import annotations

import asyncio
import gc
from contextlib import suppress

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pytest_memopt.errors import PoolClosed, PoolTimeout, ReturnError
from pytest_memopt.pool.arguments import arguments_of
from pytest_memopt.pool.async_pool import AsyncMemoryPool
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.recipe import make_type

MAX_SIZE = 3
INDEX = st.integers(0, 7)


class Thing:
    """A resource that knows its event loop, how often it was closed, and who has it."""

    def __init__(self, name):
        self.name = name
        self.loop = asyncio.get_running_loop()
        self.closed = 0
        self.holders = 0


class AsyncPoolMachine(RuleBasedStateMachine):
    """Tasks of two event loops that take turns; each call into user code lasts until it is answered or cancelled."""

    def __init__(self):
        super().__init__()
        self.now_s = 0.0
        self.loops = [asyncio.SelectorEventLoop() for _ in range(2)]
        self.built, self.revoked, self.held = [], [], []
        self.tasks, self.asked = [], []
        self.borrowed_count = 0
        kind = make_type(
            "thing",
            self.build,
            validate=lambda thing: self.ask(),
            reset=lambda thing: self.ask(),
            close=self.close_thing,
            max_size=MAX_SIZE,
            min_idle=1,
            idle_ttl=10,
            max_lifetime=50,
            timeout=None,
        )
        self.pool = AsyncMemoryPool.of(kind, PoolHooks(lambda: self.now_s, lambda: 0.5, lambda trouble: None))

    async def ask(self):
        """Wait for an answer."""
        question = asyncio.get_running_loop().create_future()
        self.asked.append(question)
        await question

    async def build(self, name=None):
        await self.ask()
        self.built.append(Thing(name))
        return self.built[-1]

    async def close_thing(self, thing):
        thing.closed += 1
        if thing.loop is asyncio.get_running_loop():
            await self.ask()

    async def use(self, name, timeout_s):
        """Borrow, as a task that a rule started."""
        arguments = arguments_of("thing", (name,), {}) if name else None
        lease = await self.pool.borrow(arguments, timeout_s=timeout_s)
        thing = lease.resource
        thing.holders += 1
        assert thing.holders == 1
        assert not thing.closed
        assert (thing.name, thing.loop) == (name, asyncio.get_running_loop())
        self.borrowed_count += 1
        self.held.append(lease)

    def start(self, loop, coroutine):
        async def end_as_expected():
            with suppress(PoolTimeout, PoolClosed, OSError):
                await coroutine

        self.tasks.append(loop.create_task(end_as_expected()))
        self.run(loop, 1)

    def run(self, loop, steps):
        async def stand_by():
            for _ in range(steps):
                await asyncio.sleep(0)

        loop.run_until_complete(stand_by())

    @rule(place=st.integers(0, 1), name=st.sampled_from([None, None, "a"]), timeout_s=st.sampled_from([0, None]))
    def borrow(self, place, name, timeout_s):
        """A task asks for a resource."""
        self.start(self.loops[place], self.use(name, timeout_s))

    @rule(place=st.integers(0, 1), steps=st.integers(1, 4))
    def step(self, place, steps):
        """A loop goes on for a while."""
        self.run(self.loops[place], steps)

    @precondition(lambda self: self.asked)
    @rule(index=INDEX, is_failing=st.booleans())
    def answer(self, index, is_failing):
        """A call into user code ends."""
        question = self.asked.pop(index % len(self.asked))
        if question.done():
            return
        if is_failing:
            question.set_exception(OSError("user code"))
        else:
            question.set_result(None)

    @precondition(lambda self: self.tasks)
    @rule(index=INDEX)
    def cancel(self, index):
        """A task is cancelled, wherever it is."""
        task = self.tasks[index % len(self.tasks)]
        task.cancel()

    @precondition(lambda self: self.held)
    @rule(index=INDEX, place=st.integers(0, 1))
    def give_back(self, index, place):
        """A lease is given back, in its own loop or, when that is closed, in another."""
        lease = self.held.pop(index % len(self.held))
        home = lease.resource.loop
        self.start(self.loops[place] if home.is_closed() else home, self.return_it(lease))

    async def return_it(self, lease):
        lease.resource.holders -= 1
        await lease.give_back()

    @precondition(lambda self: self.held)
    @rule(index=INDEX)
    def revoke(self, index):
        """A lease ends in the borrower's place."""
        lease = self.held.pop(index % len(self.held))
        self.pool.revoke(lease, "was taken back")
        self.revoked.append(lease.resource)
        try:
            self.loops[0].run_until_complete(lease.give_back())
        except ReturnError:
            return
        raise AssertionError("a revoked lease was taken")

    @rule(seconds=st.sampled_from([1, 11, 60]))
    def wait(self, seconds):
        """Time goes by."""
        self.now_s += seconds

    @rule(place=st.integers(0, 1), name=st.sampled_from(["maintain", "maintain", "drain"]))
    def look_after(self, place, name):
        """Upkeep."""
        self.start(self.loops[place], getattr(self.pool, name)())

    @rule(place=st.integers(0, 1), is_orderly=st.booleans(), chance=st.integers(0, 3))
    def renew_loop(self, place, is_orderly, chance):
        """Now and then a loop ends, its tasks cancelled as asyncio.run() does, or just left, and another begins."""
        if chance:
            return
        loop, self.loops[place] = self.loops[place], asyncio.SelectorEventLoop()
        self.end(loop, is_orderly=is_orderly)
        self.tasks = [task for task in self.tasks if task.get_loop() is not loop]
        self.asked = [question for question in self.asked if question.get_loop() is not loop]
        gc.collect()  # coroutines that were left in the middle end when they are collected

    def end(self, loop, *, is_orderly):
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            if is_orderly:
                task.cancel()
            else:
                task._log_destroy_pending = False
        if is_orderly and tasks:
            loop.run_until_complete(asyncio.wait(tasks))
        loop.close()

    @rule(place=st.integers(0, 1), chance=st.integers(0, 20))
    def close(self, place, chance):
        """Rarely, the end."""
        if chance == 0:
            self.start(self.loops[place], self.pool.close())

    @invariant()
    def nothing_is_lent_twice(self):
        """The figures are those of the resources themselves."""
        stats, size = self.pool.get_stats(), self.pool.size
        assert stats.in_use + stats.idle <= size <= MAX_SIZE
        assert stats.borrowed == self.borrowed_count == stats.hits + stats.misses
        assert max((thing.closed for thing in self.built), default=0) <= 1
        idle = self.pool.idle_resources()
        assert len(set(map(id, idle))) == len(idle) == stats.idle
        assert not any(thing.closed or thing.holders for thing in idle)
        assert [lease for lease in self.held if lease.member is None] == []

    def teardown(self):
        """At last all is answered and given back: then nothing is missing, and what was built is closed once."""
        for loop in self.loops:
            self.settle(loop)
        self.start(self.loops[0], self.pool.drain())  # lets go of what was being closed in loops that are closed
        gc.collect()
        while any(not task.done() for task in self.tasks) or self.held:
            while self.held:
                self.give_back(0, 0)
            for loop in self.loops:
                self.settle(loop)
        for task in self.tasks:
            with suppress(asyncio.CancelledError):
                task.result()
        stats = self.pool.get_stats()
        assert (stats.in_use, stats.idle) == (0, self.pool.size)
        assert stats.built == self.pool.size + sum(stats.evicted.values())
        for place in (0, 1):
            self.start(self.loops[place], self.pool.close())
            while not all(task.done() for task in self.tasks):
                for loop in self.loops:
                    self.settle(loop)
        for loop in self.loops:
            self.settle(loop)
            assert not asyncio.all_tasks(loop)
            assert [thing.closed for thing in self.built if thing.loop is loop and thing not in self.revoked] == [
                1 for thing in self.built if thing.loop is loop and thing not in self.revoked
            ]
            loop.close()

    def settle(self, loop):
        """Answer whatever is asked in a loop, until nobody asks."""
        self.run(loop, 5)
        while mine := [question for question in self.asked if question.get_loop() is loop]:
            for question in mine:
                self.asked.remove(question)
                if not question.done():
                    question.set_result(None)
            self.run(loop, 5)


AsyncPoolMachine.TestCase.settings = settings(max_examples=20, stateful_step_count=40, deadline=None)
TestAsyncPoolModel = AsyncPoolMachine.TestCase
