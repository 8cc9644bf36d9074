"""A thousand tasks on a few resources, with everything going wrong at random."""

from __future__ import annotations

import asyncio
import random
import threading

from pytest_memopt.errors import PoolTimeout
from pytest_memopt.pool.async_pool import AsyncMemoryPool
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.recipe import make_type

TASKS_COUNT = 1000
BORROWS_COUNT = 5
MAX_SIZE = 7


class Office:
    """Builds, checks, resets and closes resources; each fails or dawdles now and then, and all is written down."""

    def __init__(self, seed):
        self.dice = random.Random(seed)
        self.things = []
        self.wrong = []
        self.borrowed_count = 0
        kind = make_type(
            "thing",
            self.build,
            validate=lambda thing: self.work(fails_in=50),
            reset=lambda thing: self.work(fails_in=50),
            close=self.close_thing,
            max_size=MAX_SIZE,
            idle_ttl=0.05,
            max_lifetime=0.2,
        )
        self.pool = AsyncMemoryPool.of(kind, PoolHooks(tell=lambda trouble: None))

    async def work(self, fails_in):
        for _ in range(self.dice.randrange(3)):
            await asyncio.sleep(0)
        if not self.dice.randrange(fails_in):
            raise OSError("by chance")

    async def build(self):
        await self.work(fails_in=10)
        self.things.append(thing := {"holders": 0, "closed": 0, "loop": asyncio.get_running_loop()})
        return thing

    async def close_thing(self, thing):
        thing["closed"] += 1
        await self.work(fails_in=10)

    async def use(self):
        """Borrow some times, by a plain await or by the block, with more or less patience."""
        for _ in range(BORROWS_COUNT):
            timeout_s = self.dice.choice([0, 0.001, 0.02, None])
            try:
                async with self.pool.borrow(timeout_s=timeout_s) as thing:
                    await self.hold(thing)
            except (PoolTimeout, OSError):
                await asyncio.sleep(0)

    async def hold(self, thing):
        self.borrowed_count += 1
        thing["holders"] += 1
        if thing["holders"] != 1 or thing["closed"] or thing["loop"] is not asyncio.get_running_loop():
            self.wrong.append(dict(thing))
        if self.pool.size > MAX_SIZE:
            self.wrong.append(self.pool.size)
        try:
            for _ in range(self.dice.randrange(3)):
                await asyncio.sleep(0)
        finally:
            thing["holders"] -= 1

    async def cancel_some(self, tasks):
        """Cancel a third of the tasks, at random times."""
        for task in self.dice.sample(tasks, len(tasks) // 3):
            task.cancel()
            for _ in range(self.dice.randrange(3)):
                await asyncio.sleep(0)

    async def open_for_a_day(self, tasks_count):
        tasks = [asyncio.create_task(self.use()) for _ in range(tasks_count)]
        await self.cancel_some(tasks)
        outcomes = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 120)
        self.wrong += [repr(error) for error in outcomes if isinstance(error, Exception)]

    async def last_day(self, tasks_count):
        await self.open_for_a_day(tasks_count)
        await self.pool.maintain()

    def check_nothing_is_lost(self):
        stats = self.pool.get_stats()
        assert self.wrong == []
        assert stats.borrowed == self.borrowed_count == stats.hits + stats.misses > 0
        assert (stats.in_use, stats.idle) == (0, self.pool.size)
        assert stats.built == len(self.things) == self.pool.size + sum(stats.evicted.values())
        assert stats.peak_size <= MAX_SIZE
        assert max(thing["closed"] for thing in self.things) == 1
        assert [thing["closed"] for thing in self.things].count(0) == self.pool.size


def test_a_thousand_tasks_lose_nothing():
    """Cancelled, failing and impatient tasks leave each resource idle or closed once, and lent to one at a time."""
    office = Office(1)

    async def live():
        await office.last_day(TASKS_COUNT)
        office.check_nothing_is_lost()
        assert office.pool.get_stats().timeouts
        assert office.pool.get_stats().failed_resets
        await office.pool.close()
        assert [thing["closed"] for thing in office.things] == [1] * len(office.things)

    asyncio.run(live())


def test_tasks_in_several_threads_lose_nothing():
    """Event loops that run at the same time share the places, and hand them on to one another."""
    office = Office(3)

    def live():
        asyncio.run(office.last_day(60))

    threads = [threading.Thread(target=live) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)

    async def end():
        await office.pool.maintain()
        assert (office.pool.get_stats().in_use, office.pool.size, office.wrong) == (0, 0, [])
        await office.pool.close()

    asyncio.run(end())
    assert max(thing["closed"] for thing in office.things) == 1
