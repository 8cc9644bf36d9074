"""The calls into user code that may have to be awaited: as in `workshop`, with its rules and its words."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from .arguments import Arguments
from .call_limit import overran
from .hooks import Operation
from .lease import Borrower
from .recipe import ResourceType
from .resource import PooledResource
from .stats import Eviction
from .workshop import Workshop, noted

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

T = TypeVar("T")

OWN_CLOSERS: Final = ("aclose", "close")


class AsyncWorkshop(Generic[T]):
    """Calls what a resource type consists of, and awaits what comes of it where that can be awaited.

    It runs in the borrower's task, so that a cancellation reaches the user's code.
    """

    def __init__(self, kind: ResourceType, works: Workshop[T]) -> None:
        self._kind = kind
        self._works = works

    async def build(self, arguments: Arguments) -> PooledResource[T]:
        """A new member, its fingerprint not taken; whatever the factory raises comes through, with a note."""
        works = self._works
        with works.around(Operation.BUILD):
            with noted(f"while building a resource of type {self._kind.name!r}"):
                built = self._kind.factory(*arguments.positional, **works.named(arguments))
                resource: T = await self._settled(Operation.BUILD, built)
            return works.record(resource, arguments)

    async def take_fingerprint(self, member: PooledResource[T]) -> None:
        """Note what a new member looks like; whatever ``fingerprint`` raises comes through, with a note."""
        if self._kind.fingerprint is not None:
            with noted(f"while taking the fingerprint of a new resource of type {self._kind.name!r}"):
                member.fingerprint = await self._call(Operation.FINGERPRINT, self._kind.fingerprint, member)

    async def is_valid(self, member: PooledResource[T]) -> bool:
        """Whether ``validate`` accepts it; an exception is told, and means no."""
        if self._kind.validate is None:
            return True
        try:
            return await self._call(Operation.VALIDATE, self._kind.validate, member) is not False
        except Exception as error:  # noqa: BLE001 - user code
            return self._works.note_invalid(error)

    async def restore(self, member: PooledResource[T], borrower: Borrower | None) -> Eviction | None:
        """Reset it, and compare what it looks like; why it can't be lent again, or ``None``."""
        kind, works = self._kind, self._works
        try:
            if kind.reset is not None:
                await self._call(Operation.RESET, kind.reset, member)
        except Exception as error:  # noqa: BLE001 - user code
            return works.note_not_reset(error, borrower)
        if kind.fingerprint is None:
            return None
        try:
            seen = await self._call(Operation.FINGERPRINT, kind.fingerprint, member)
            is_same = bool(seen == member.fingerprint)
        except Exception as error:  # noqa: BLE001 - user code
            return works.note_not_compared(error, borrower)
        return None if is_same else works.note_soiled(member, seen, borrower)

    async def close(self, member: PooledResource[T], limit_s: float | None) -> bool:
        """Close it, in ``limit_s`` seconds if given; a failure is told. Whether there was none."""
        try:
            if (close := self._works.closer_of(member, *OWN_CLOSERS)) is None:
                return True
            with self._works.around(Operation.CLOSE):
                await self._settled(Operation.CLOSE, close(), limit_s)
        except asyncio.CancelledError as error:
            self._works.note_not_closed(error)
            raise
        except Exception as error:  # noqa: BLE001 - user code
            return self._works.note_not_closed(error)
        return True

    async def _call(self, operation: Operation, function: Callable[[T], object], member: PooledResource[T]) -> object:
        with self._works.around(operation):
            return await self._settled(operation, function(member.resource))

    async def _settled(self, operation: Operation, outcome: Any, limit_s: float | None = None) -> Any:
        """What comes of a call, awaited for as long as the type, or ``limit_s``, allows."""
        if not inspect.isawaitable(outcome):
            return outcome
        limits = [limit for limit in (self._kind.policy.call_timeout_s, limit_s) if limit is not None]
        if not limits:
            return await outcome
        task = asyncio.ensure_future(outcome)
        try:
            in_time, _ = await asyncio.wait([task], timeout=min(limits))
        finally:
            if not task.done():
                task.cancel()
        if not in_time:
            raise overran(f"{operation.value} of {self._kind.subject}", min(limits))
        return task.result()
