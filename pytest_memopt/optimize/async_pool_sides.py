"""The two ways that are compared, for types whose functions have to be awaited: both in one event loop."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Coroutine
from typing import Any

from ..errors import ComparisonError
from ..meters.originals import time
from ..pool.arguments import NO_ARGUMENTS, Arguments
from ..pool.async_pool import AsyncMemoryPool
from ..pool.async_workshop import OWN_CLOSERS
from ..pool.hooks import Operation, PoolHooks
from ..pool.recipe import ResourceType
from ..pool.resource import PooledResource
from ..pool.stats import PoolStats
from ..pool.trouble import Trouble
from ..pool.workshop import Workshop
from .paired_timing import Timed
from .pool_sides import Use, building_of, failed

Once = Callable[[], Coroutine[Any, Any, None]]


class AsyncUnpooled:
    """Without a pool: factory, use, close. What only a pool needs (reset, validate, fingerprint) isn't called."""

    def __init__(self, kind: ResourceType, arguments: Arguments | None, use: Use | None) -> None:
        self._kind = kind
        self._works: Workshop[Any] = Workshop(kind, PoolHooks())
        self._positional = (arguments or NO_ARGUMENTS).positional
        self._named = self._works.named(arguments or NO_ARGUMENTS)
        self._use = use
        self._record: PooledResource[Any] = PooledResource(None, None, 0.0)  # one for all, as making it takes time

    async def once(self) -> None:
        """Once.

        Raises:
            ComparisonError: naming the type and what failed.
        """
        kind = self._kind
        try:
            resource = kind.factory(*self._positional, **self._named)
            if inspect.isawaitable(resource):
                resource = await resource
        except (Exception, SystemExit) as error:
            raise failed(kind, Operation.BUILD.value, error) from error
        if self._use is not None:
            await _used(kind, self._use, resource)
        self._record.resource = resource
        try:
            closer = self._works.closer_of(self._record, *OWN_CLOSERS)
            closing = closer() if closer is not None else None
            if inspect.isawaitable(closing):
                await closing
        except (Exception, SystemExit) as error:
            raise failed(kind, Operation.CLOSE.value, error) from error
        finally:
            self._record.resource = None


class AsyncPooled:
    """With a pool of its own: borrow, use, return, with all that the type says of validating and resetting."""

    def __init__(
        self, kind: ResourceType, arguments: Arguments | None, use: Use | None, pool: AsyncMemoryPool[Any]
    ) -> None:
        self._kind = kind
        self._arguments = arguments
        self._use = use
        self._pool = pool
        self._building = building_of(kind)

    async def once(self) -> None:
        """Once.

        Raises:
            ComparisonError: naming the type and what failed.
        """
        try:
            lease = await self._pool.borrow(self._arguments)
        except (Exception, SystemExit) as error:
            raise failed(self._kind, self._building, error) from error
        try:
            if self._use is not None:
                await _used(self._kind, self._use, lease.resource)
        finally:
            await lease.give_back()


class LoopSides:
    """Both sides of an async type, with the pool and the event loop that are theirs.

    Attributes:
        troubles: what went wrong in the pool.
        unpooled, pooled: either side; they raise `ComparisonError`, naming the type and what failed.

    Raises:
        ComparisonError: inside of a running event loop.
    """

    def __init__(self, kind: ResourceType, arguments: Arguments | None, use: Use | None) -> None:
        if _is_in_loop():
            raise ComparisonError(
                f"{kind.subject} is async, and an event loop runs here already; compare it from outside of one"
            )
        self.troubles: list[Trouble] = []
        self._pool = AsyncMemoryPool.of(kind, PoolHooks(tell=self.troubles.append))
        self._loop = asyncio.new_event_loop()  # after the pool, which may refuse the type
        self.unpooled = self._timed(AsyncUnpooled(kind, arguments, use).once)
        self.pooled = self._timed(AsyncPooled(kind, arguments, use, self._pool).once)

    def stats(self) -> PoolStats:
        """What the pool did so far."""
        return self._pool.get_stats()

    def close(self) -> None:
        """Close the pool, then the event loop."""
        try:
            self._loop.run_until_complete(self._pool.close())
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    def _timed(self, once: Once) -> Timed:
        """What calls ``once`` so many times; the loop's own start isn't in the seconds."""

        async def calls_s(count: int) -> float:
            numbers = range(count)
            began_s = time.perf_counter()
            for _ in numbers:
                await once()
            return time.perf_counter() - began_s

        return lambda count: self._loop.run_until_complete(calls_s(count))


async def _used(kind: ResourceType, use: Use, resource: object) -> None:
    try:
        outcome = use(resource)
        if inspect.isawaitable(outcome):
            await outcome
    except (Exception, SystemExit) as error:
        raise failed(kind, "use", error) from error


def _is_in_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
