"""Upkeep in event loops: when it comes, what it survives, and what it doesn't keep alive."""

import asyncio
import gc
import weakref

import pytest

from pytest_memopt.pool.async_pool import AsyncMemoryPool
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.loop_upkeep import LoopUpkeep
from pytest_memopt.pool.recipe import make_type

SOON_S = 0.001


class Pool:
    """A pool that counts its rounds, and may fail in the first."""

    def __init__(self, *, fails=False):
        self.is_closed = False
        self.fails = fails
        self.rounds = 0
        self.third = asyncio.Event()

    async def maintain(self):
        self.rounds += 1
        if self.rounds == 3:
            self.third.set()
        if self.fails and self.rounds == 1:
            raise OSError("upkeep")


@pytest.mark.parametrize("fails", [False, True])
def test_rounds_come_again_and_again(fails, caplog):
    """Also after one that failed, which is logged."""

    async def main():
        pool = Pool(fails=fails)
        LoopUpkeep(pool, asyncio.get_running_loop(), SOON_S).start()
        await asyncio.wait_for(pool.third.wait(), 30)
        pool.is_closed = True

    asyncio.run(main())
    assert ("the upkeep of" in caplog.text) is fails


def test_a_closed_pool_gets_none():
    """Its timer rings once more, and is not set again."""

    async def main():
        pool = Pool()
        pool.is_closed = True
        upkeep = LoopUpkeep(pool, asyncio.get_running_loop(), SOON_S)
        upkeep._ring()
        await asyncio.sleep(0)
        return pool.rounds

    assert asyncio.run(main()) == 0


def test_a_pool_that_nobody_has_is_gone():
    """The timer holds it weakly."""

    async def main():
        pool = Pool()
        upkeep = LoopUpkeep(pool, asyncio.get_running_loop(), 60)
        upkeep.start()
        reference = weakref.ref(pool)
        del pool
        gc.collect()
        upkeep._ring()
        return reference()

    assert asyncio.run(main()) is None


def test_a_pool_is_looked_after_in_its_loop():
    """What has been idle for too long is closed without anybody asking."""
    closed = []

    class Client:
        async def aclose(self):
            closed.append(self)

    async def until_closed():
        while not closed:
            await asyncio.sleep(SOON_S)

    async def main():
        pool = AsyncMemoryPool(Client, idle_ttl=SOON_S, cleanup_interval=SOON_S)
        async with pool.borrow():
            pass
        await asyncio.wait_for(until_closed(), 30)
        await pool.close()

    asyncio.run(main())
    assert closed


def test_nobody_looks_after_it_where_nobody_should():
    """Without a keeper, as under pytest, or without an interval, no timer is set."""

    async def main(pool):
        async with pool.borrow():
            pass
        scheduled = getattr(asyncio.get_running_loop(), "_scheduled", [])
        await pool.close()
        return [handle for handle in scheduled if "LoopUpkeep" in repr(handle)]

    kind = make_type("thing", object)
    assert asyncio.run(main(AsyncMemoryPool.of(kind, PoolHooks()))) == []
    assert asyncio.run(main(AsyncMemoryPool(object, cleanup_interval=None))) == []
    assert len(asyncio.run(main(AsyncMemoryPool(object)))) == 1
