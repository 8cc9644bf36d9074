"""The closing of async resources: each in its own event loop, in a task of its own, whatever happens to the borrower."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from inspect import CORO_CREATED, getcoroutinestate
from typing import Final, Generic, TypeVar

from .async_workshop import AsyncWorkshop
from .event_loops import loop_of, running_loop
from .resource import PooledResource
from .trouble import TroubleKind

T = TypeVar("T")

ORPHAN_CLOSE_S: Final = 1.0
"""How long closing may take where it runs in another event loop than its own, and may never be answered."""


class Closings(Generic[T]):
    """Begins to close members, and knows what isn't closed yet; an event loop keeps tasks by weak references only."""

    def __init__(
        self, craft: AsyncWorkshop[T], tell: Callable[[TroubleKind, str], None], note_failed: Callable[[], None]
    ) -> None:
        """Close by ``craft``; ``note_failed`` is called for each that failed."""
        self._craft = craft
        self._tell = tell
        self._note_failed = note_failed
        self._tasks: set[asyncio.Task[None]] = set()
        self._unbegun: dict[PooledResource[T], asyncio.AbstractEventLoop] = {}

    def begin(self, members: Sequence[PooledResource[T]]) -> list[asyncio.Task[None]]:
        """Close each in the event loop that it belongs to, or in this one, as well as that can be, where that is closed.

        Returns:
            the tasks in this event loop.
        """
        here = running_loop()
        tasks, orphans_count = [], 0
        for member in members:
            if loop_of(member) is here:
                tasks.append(self._start(member, None))
            elif not self._hand_over(member):
                tasks.append(self._start(member, ORPHAN_CLOSE_S))
                orphans_count += 1
        if orphans_count:
            self._tell(TroubleKind.LEFT_BEHIND, _left_behind(orphans_count))
        return tasks

    def here(self) -> list[asyncio.Task[None]]:
        """What is being closed in this event loop, but for the task that asks."""
        if (loop := running_loop()) is None:
            return []
        myself = asyncio.current_task()
        return [task for task in list(self._tasks) if task.get_loop() is loop and task is not myself]

    def forget(self) -> None:
        """In a forked child, what is being closed is the parent's."""
        self._tasks = set()
        self._unbegun = {}

    def take_stranded(self) -> list[PooledResource[T]]:
        """The members that event loops were to close, and were closed themselves before they began.

        What they had begun never ends, and would keep alive whoever waits for it: it is forgotten.
        """
        for task in list(self._tasks):
            if task.get_loop().is_closed():
                self._tasks.discard(task)
                if getcoroutinestate(closing := task.get_coro()) == CORO_CREATED:  # type: ignore[arg-type]
                    closing.close()  # or Python warns that it was never awaited
        stranded = [member for member, loop in list(self._unbegun.items()) if loop.is_closed()]
        for member in stranded:
            del self._unbegun[member]
        return stranded

    def _start(self, member: PooledResource[T], limit_s: float | None) -> asyncio.Task[None]:
        loop = asyncio.get_running_loop()
        self._unbegun[member] = loop
        task = loop.create_task(self._close(member, limit_s))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _close(self, member: PooledResource[T], limit_s: float | None) -> None:
        self._unbegun.pop(member, None)
        is_closed = False
        try:
            is_closed = await self._craft.close(member, limit_s)
        finally:
            if not is_closed:
                self._note_failed()

    def _hand_over(self, member: PooledResource[T]) -> bool:
        loop = loop_of(member)
        self._unbegun[member] = loop  # which may end before it comes to that
        try:
            loop.call_soon_threadsafe(self._start, member, None)
        except RuntimeError:  # it is closed
            return False
        return True


async def all_done(tasks: Sequence[asyncio.Task[None]]) -> None:
    """Wait for tasks, which go on when the one who waits is cancelled; what the first raised is raised at the end."""
    if tasks:
        await asyncio.wait(tasks)
        errors = [error for task in tasks if not task.cancelled() and (error := task.exception()) is not None]
        if errors:
            raise errors[0]


def _left_behind(count: int) -> str:
    whose = f"{count} of its resources were" if count > 1 else "one of its resources was"
    return f"{whose} built in an event loop that is closed; close or drain the pool before its event loop ends"
