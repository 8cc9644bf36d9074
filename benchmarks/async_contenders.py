"""Async pools beside one another in one event loop, each with resources that cost nothing; run where they are installed.

``python -m benchmarks.async_contenders REPETITIONS BORROWS`` prints, as JSON, the least processor seconds of each for one borrow and
return: alone (``alone_s``), and of eight tasks that share four resources, hold each for one turn of the loop and pause for
another (``shared_s``). Without the pause, pools that don't serve in the order of coming let the four that have a resource
keep it until they are through, and hand over nothing. The pools take turns in each repetition.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib import import_module
from types import SimpleNamespace
from typing import Any, Final

from pytest_memopt import AsyncMemoryPool

TASKS_COUNT: Final = 8
SIZE: Final = 4

Lend = Callable[[], AbstractAsyncContextManager[object]]


class Connection:
    """A database connection that does nothing, and is always well."""

    autocommit = True

    def __init__(self) -> None:
        idle = import_module("psycopg.pq").TransactionStatus.IDLE
        self.pgconn = SimpleNamespace(transaction_status=idle)

    @classmethod
    async def connect(cls, *_: object, **__: object) -> Connection:
        """A new one."""
        return cls()

    async def close(self) -> None:
        """Nothing to do."""

    async def __aenter__(self) -> object:
        return self

    async def __aexit__(self, *error: object) -> None:
        """No transaction to end."""


async def open_ours() -> Lend:
    """AsyncMemoryPool."""
    return AsyncMemoryPool(object, max_size=SIZE).borrow


async def open_queue() -> Lend:
    """No pool: an asyncio.Queue of resources, which checks and counts nothing."""
    queue: asyncio.Queue[object] = asyncio.Queue()
    for _ in range(SIZE):
        queue.put_nowait(object())

    @asynccontextmanager
    async def lend() -> AsyncIterator[object]:
        resource = await queue.get()
        try:
            yield resource
        finally:
            queue.put_nowait(resource)

    return lend


async def open_psycopg() -> Lend:
    """psycopg_pool.AsyncConnectionPool, by the block of its documentation."""
    lend: Lend = (await _psycopg_pool()).connection
    return lend


async def open_psycopg_calls() -> Lend:
    """The same by getconn() and putconn(), without what its block does for transactions."""
    pool = await _psycopg_pool()

    class Lent:
        async def __aenter__(self) -> object:
            self.connection = await pool.getconn()
            return self.connection

        async def __aexit__(self, *error: object) -> None:
            await pool.putconn(self.connection)

    return Lent


async def open_asyncio_connection_pool() -> Lend:
    """asyncio-connection-pool."""
    module = import_module("asyncio_connection_pool")
    strategy = SimpleNamespace(make_connection=_make, connection_is_closed=lambda _: False, close_connection=_ignore)
    lend: Lend = module.ConnectionPool(strategy=strategy, max_size=SIZE).get_connection
    return lend


async def open_generic_connection_pool() -> Lend:
    """generic-connection-pool."""
    module = import_module("generic_connection_pool.asyncio")
    manager = type("Manager", (module.BaseConnectionManager,), {"create": _make, "dispose": _ignore})()
    pool = module.ConnectionPool(manager, min_idle=SIZE, max_size=SIZE)
    return lambda: pool.connection("place")


async def open_aiomisc() -> Lend:
    """aiomisc.PoolBase."""
    module = import_module("aiomisc")
    named = {"_create_instance": _make, "_destroy_instance": _ignore, "_check_instance": _agree}
    lend: Lend = type("Pool", (module.PoolBase,), named)(maxsize=SIZE).acquire
    return lend


CONTENDERS: Final[dict[str, Callable[[], Awaitable[Lend]]]] = {
    "AsyncMemoryPool": open_ours,
    "asyncio.Queue, no checks": open_queue,
    "psycopg_pool": open_psycopg,
    "psycopg_pool, getconn/putconn": open_psycopg_calls,
    "asyncio-connection-pool": open_asyncio_connection_pool,
    "generic-connection-pool": open_generic_connection_pool,
    "aiomisc.PoolBase": open_aiomisc,
}


async def borrow_alone(lend: Lend, borrows_count: int) -> None:
    """Borrow and return, one after the other."""
    for _ in range(borrows_count):
        async with lend():
            pass


async def borrow_together(lend: Lend, borrows_count: int) -> None:
    """So many borrows by all tasks together, each held for one turn of the loop, and followed by a pause of another."""

    async def work() -> None:
        for _ in range(borrows_count // TASKS_COUNT):
            async with lend():
                await asyncio.sleep(0)
            await asyncio.sleep(0)

    await asyncio.gather(*(work() for _ in range(TASKS_COUNT)))


async def time_all(repetitions_count: int, borrows_count: int) -> dict[str, dict[str, float]]:
    """The least processor seconds for one borrow of each, alone and shared."""
    lends = {name: await start() for name, start in CONTENDERS.items()}
    least = {name: {"alone_s": float("inf"), "shared_s": float("inf")} for name in lends}
    for _ in range(repetitions_count):
        for what, borrow in (("alone_s", borrow_alone), ("shared_s", borrow_together)):
            for name, lend in lends.items():
                began_s = time.process_time()
                await borrow(lend, borrows_count)
                least[name][what] = min(least[name][what], (time.process_time() - began_s) / borrows_count)
    return least


async def _make(*_: object) -> object:
    return Resource()


async def _ignore(*_: object) -> None:
    """Closing costs nothing."""


async def _agree(*_: object) -> bool:
    return True


async def _psycopg_pool() -> Any:
    pool = import_module("psycopg_pool").AsyncConnectionPool(
        connection_class=Connection, min_size=SIZE, max_size=SIZE, open=False
    )
    await pool.open(wait=True)
    return pool


class Resource:
    """A resource."""


def main() -> None:
    """Time and print."""
    print(json.dumps(asyncio.run(time_all(int(sys.argv[1]), int(sys.argv[2])))))


if __name__ == "__main__":
    main()
