"""Upkeep of an async pool: by a timer of each event loop that it lends in, which keeps neither pool nor loop going."""

from __future__ import annotations

import asyncio
import logging
import weakref
from typing import Any, Final, Protocol

_LOG: Final = logging.getLogger(__name__)


class AsyncKept(Protocol):
    """A pool, as its upkeep sees it."""

    @property
    def is_closed(self) -> bool:
        """Whether there is nothing left to do."""

    async def maintain(self) -> None:
        """One round of upkeep."""


class LoopUpkeep:
    """Calls `maintain` of a pool in one event loop, every ``interval_s`` seconds, until the pool is closed or gone.

    Started by `start`, in that loop. Who runs upkeep in a loop that ends has it cancelled with the loop's other tasks.
    """

    __slots__ = ("_interval_s", "_loop", "_pool", "_task")

    def __init__(self, pool: AsyncKept, loop: asyncio.AbstractEventLoop, interval_s: float) -> None:
        self._pool: weakref.ReferenceType[Any] = weakref.ref(pool)
        self._loop = loop
        self._interval_s = interval_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Plan the next round."""
        self._loop.call_later(self._interval_s, self._ring)

    def _ring(self) -> None:
        pool = self._pool()
        if pool is not None and not pool.is_closed:
            self._task = self._loop.create_task(self._work(pool))

    async def _work(self, pool: AsyncKept) -> None:
        try:
            await pool.maintain()
        except Exception:  # noqa: BLE001 - user code
            _LOG.exception("the upkeep of %r failed", pool)
        finally:
            del pool  # or it would live until the next round
        self.start()
