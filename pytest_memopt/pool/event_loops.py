"""Event loops: what was built in one is lent in that one alone, and who waits in one is woken from any thread."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from functools import partial
from typing import Any, Generic, NamedTuple, TypeVar, cast

from .arguments import NO_ARGUMENTS, Arguments
from .inventory import Demand, Permit
from .resource import PooledResource

T = TypeVar("T")


class LoopKey(NamedTuple):
    """The key of a member that was built in an event loop.

    Attributes:
        loop: where it was built, and is reset and closed.
        key: of the arguments it was built with, ``None`` for none.
    """

    loop: asyncio.AbstractEventLoop
    key: Hashable = None


def loop_of(member: PooledResource[Any]) -> asyncio.AbstractEventLoop:
    """The event loop that a member of an async pool belongs to."""
    return cast("LoopKey", member.key).loop


class Alarm:
    """Opens the gates of one event loop whose time is over, by one timer for all: most are opened before, and need none."""

    __slots__ = ("_ends", "_loop", "_timer")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._ends: dict[asyncio.Future[None], float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def set(self, gate: asyncio.Future[None], wait_s: float) -> None:
        """Open ``gate`` in so many seconds."""
        ends_at_s = self._ends[gate] = self._loop.time() + wait_s
        timer = self._timer
        if timer is None or ends_at_s < timer.when():
            self._start(ends_at_s)

    def unset(self, gate: asyncio.Future[None]) -> None:
        """It need not be opened any more."""
        del self._ends[gate]
        if not self._ends and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self, at_s: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(at_s, self._ring, at_s)

    def _ring(self, at_s: float) -> None:
        self._timer = None
        now_s = max(at_s, self._loop.time())  # a loop may be a little early, by the resolution of its clock
        for gate, ends_at_s in self._ends.items():
            if ends_at_s <= now_s:
                _open(gate)
        if later_s := [ends_at_s for ends_at_s in self._ends.values() if ends_at_s > now_s]:
            self._start(min(later_s))


class Home(Generic[T]):
    """What a pool has in one event loop.

    Attributes:
        key: of the members without arguments; ``shelf`` theirs.
        arguments: none, with that key.
        next: takes one from the shelf.
        alarm: of those who wait here.
    """

    __slots__ = ("alarm", "arguments", "key", "next", "shelf")

    def __init__(self, key: LoopKey, shelf: deque[PooledResource[T]], *, is_lifo: bool) -> None:
        self.key = key
        self.arguments = NO_ARGUMENTS._replace(key=key)
        self.alarm = Alarm(key.loop)
        self.shelf = shelf
        self.next = shelf.pop if is_lifo else shelf.popleft

    def placed(self, arguments: Arguments | None) -> Arguments:
        """The arguments with the key of their members here."""
        if arguments is None or arguments.key is None:
            return self.arguments
        return arguments._replace(key=self.key._replace(key=arguments.key))


class LoopDemand(Demand[T]):
    """A borrower who waits in an event loop.

    Attributes:
        loop: where.
        gate: done when there is a grant, or the time is over.
        is_over: whether it was withdrawn; set by the pool.
    """

    __slots__ = ("_pass_on", "gate", "is_over", "loop")

    def __init__(self, key: LoopKey, pass_on: Callable[[LoopDemand[T]], None]) -> None:
        """Wait for ``key``; ``pass_on`` is called with a demand that was granted something when its loop was closed."""
        self.loop = key.loop
        self.gate: asyncio.Future[None] = key.loop.create_future()
        self.is_over = False
        self._pass_on = pass_on
        super().__init__(key, partial(_open, self.gate))

    def give(self, grant: PooledResource[T] | Permit | BaseException) -> None:
        """End the wait, from any thread; where nobody can hear of it any more, the grant goes on."""
        self.grant = grant
        if running_loop() is self.loop:
            _open(self.gate)
            return
        try:
            self.loop.call_soon_threadsafe(_open, self.gate)
        except RuntimeError:  # the loop is closed
            self._pass_on(self)

    async def granted_or_late(self, timeout_s: float | None, alarm: Alarm) -> None:
        """Wait, for ``timeout_s`` seconds at most."""
        if timeout_s is None:
            await self.gate
        elif timeout_s > 0:
            alarm.set(self.gate, timeout_s)
            try:
                await self.gate
            finally:
                alarm.unset(self.gate)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """The event loop that runs in this thread, or ``None``."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _open(gate: asyncio.Future[None]) -> None:
    if not gate.done():
        gate.set_result(None)
