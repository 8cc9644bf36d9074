"""A pool in constant use takes no more memory."""

from __future__ import annotations

import asyncio

from pytest_memopt import AsyncMemoryPool, SharedMemoryPool, check_leaks

PATIENCE_S = 200  # the verdict is asked for, however busy the machine is


def test_sharing_leaves_nothing_behind(tmp_path):
    """The locks of a pool that processes share leave no memory and no open files, whether it keeps what is idle or not."""
    for keeps_idle in (True, False):
        with SharedMemoryPool(object, name="db", max_size=2, rack_folder=tmp_path, keep_idle=keeps_idle) as pool:

            def borrow_often(pool=pool):
                for _ in range(20):
                    pool.borrow().give_back()

            assert check_leaks(borrow_often, budget_s=PATIENCE_S).verdict.value == "clean"


def test_tasks_that_borrow_leave_nothing_behind(make_loop):
    """Nor do tasks that wait for one another, are cancelled, or come in vain."""
    pool = AsyncMemoryPool(object, reset=lambda resource: asyncio.sleep(0), max_size=1)
    loop = make_loop()

    async def use():
        async with pool.borrow():
            await asyncio.sleep(0)

    async def borrow_often():
        for _ in range(20):
            tasks = [asyncio.create_task(use()) for _ in range(5)]
            await asyncio.sleep(0)
            tasks[2].cancel()
            await asyncio.wait(tasks)

    finding = check_leaks(lambda: loop.run_until_complete(borrow_often()), budget_s=PATIENCE_S)
    assert finding.verdict.value == "clean"
