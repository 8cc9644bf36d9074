"""Leases of an async pool, and the asking for one: both are given back by ``async with``."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from types import TracebackType
from typing import Any, Generic, NoReturn, TypeVar

from ..errors import PoolError
from .lease import Lease

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

T = TypeVar("T")


class AsyncLease(Lease[T]):
    """A lent resource; ``async with`` gives it back at the end of the block. Attributes as those of a `Lease`."""

    __slots__ = ()

    async def give_back(self) -> None:  # type: ignore[override]  # who has it knows which pool lent it
        """Give the resource back.

        Raises:
            ReturnError: when this was done before, or in another event loop.
        """
        await self.pool.give_back(self)

    def __enter__(self) -> NoReturn:
        raise PoolError(
            f"a lease of the async pool of resource type {self.pool.kind.name!r} ends by awaiting; "
            "write `async with`, not `with`"
        )

    async def __aenter__(self) -> T:
        return self.resource

    def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Coroutine[Any, Any, None]:
        giving_back: Coroutine[Any, Any, None] = self.pool.give_back(self)
        return giving_back


class Borrowing(Generic[T]):
    """The asking for a resource: ``await`` it for a lease, or enter it by ``async with`` for the resource; once."""

    __slots__ = ("_ask", "_lease")

    _lease: AsyncLease[T]

    def __init__(self, ask: Callable[[], Coroutine[Any, Any, AsyncLease[T]]]) -> None:
        self._ask: Callable[[], Coroutine[Any, Any, AsyncLease[T]]] | None = ask

    def __await__(self) -> Generator[Any, Any, AsyncLease[T]]:
        return self._begin().__await__()

    async def __aenter__(self) -> T:
        self._lease = lease = await self._begin()
        return lease.resource

    def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> Coroutine[Any, Any, None]:
        lease = self._lease
        giving_back: Coroutine[Any, Any, None] = lease.pool.give_back(lease)
        return giving_back

    def _begin(self) -> Coroutine[Any, Any, AsyncLease[T]]:
        ask, self._ask = self._ask, None
        if ask is None:
            raise PoolError("what borrow() returned was awaited or entered before; call borrow() again for each lease")
        return ask()
