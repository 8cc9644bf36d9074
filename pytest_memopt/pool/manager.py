"""The manager: resource types by name, and a pool for each, made when it is first used."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack, nullcontext
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..errors import PoolClosed
from ..flags import Flag, is_enabled
from .choice import pool_of
from .forks import FORKS
from .hooks import Operation, PoolHooks
from .keeper import KEEPER
from .lease import Lease
from .recipe import ResourceType, make_type
from .stats import PoolStats
from .type_register import TypeRegister, find_type

if TYPE_CHECKING:
    from .async_lease import Borrowing
    from .async_pool import AsyncMemoryPool
    from .pool import MemoryPool

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them


class ResourceManager:
    """Registers resource types, lends their resources, and closes everything at the end.

    Args:
        hooks: what the pools are given; by default they are looked after in the background.
        parent: whose types are known here too, unless one of the same name is registered here.
        adjust: gives the type that a pool is made with, from the one that was registered.
    """

    def __init__(
        self,
        hooks: PoolHooks | None = None,
        parent: ResourceManager | None = None,
        adjust: Callable[[ResourceType], ResourceType] | None = None,
    ) -> None:
        self._hooks = PoolHooks(keeper=KEEPER) if hooks is None else hooks
        self._parent = parent
        self._adjust = adjust
        self._registered: dict[str, ResourceType] = {}
        self._lock = threading.RLock()
        self._types = TypeRegister()
        self._pools: dict[str, MemoryPool[Any]] = {}
        self._async_pools: dict[str, AsyncMemoryPool[Any]] = {}
        self._registered_async: dict[str, ResourceType] = {}
        self._retired: list[AsyncMemoryPool[Any]] = []
        self._is_closed = False
        FORKS.add(self)

    def register(
        self, name: str, factory: Callable[..., Any], *, replace: bool = False, **options: Any
    ) -> ResourceType:
        """Register a resource type, see `register_resource_type`.

        Args:
            name: how borrowers ask for it.
            factory: builds a resource.
            replace: whether it may take the place of another type of this name, whose pool is closed then.
            options: the callables and rules of the type.

        Raises:
            ResourceTypeError: when another type has the name, or an option makes no sense.
        """
        kind = make_type(name, factory, **options)
        with self._lock:
            is_new = self._types.add(kind, replace=replace)
            retired = self._pools.pop(name, None) if is_new else None
            if is_new and name in self._async_pools:
                self._retire(self._async_pools.pop(name))
        if retired is not None:
            retired.close()
        return kind

    def types(self) -> dict[str, ResourceType]:
        """The types that are known here, by name."""
        inherited = self._parent.types() if self._parent is not None else {}
        return {**inherited, **self._types.all()}

    def kind(self, name: str) -> ResourceType:
        """The type called ``name``.

        Raises:
            ResourceTypeError: when there is none, with the names that there are.
        """
        return find_type(name, self.types())

    def pool(self, name: str) -> MemoryPool[Any]:
        """The pool of that type, for borrowers in threads.

        Raises:
            ResourceTypeError: when there is no such type, or only async borrowers can use it.
            PoolClosed: when the manager is closed.
            PoolError: when the type is shared, and the folder where its processes meet can't be used.
        """
        kind = self.kind(name)
        retired = None
        with self._lock:
            pool = self._pools.get(name)
            if pool is None or self._registered[name] is not kind:  # the parent's type was replaced
                self._check_open()
                hooks = self._hooks_now()
                with hooks.around(Operation.OPEN, name) if hooks.around is not None else nullcontext():
                    retired, pool = pool, pool_of(self._adjusted(kind), hooks)
                    self._pools[name], self._registered[name] = pool, kind
        if retired is not None:
            retired.close()
        return pool

    def async_pool(self, name: str) -> AsyncMemoryPool[Any]:
        """The pool of that type for async borrowers: another one, with as many resources of its own.

        Raises:
            ResourceTypeError: when there is no such type.
            PoolClosed: when the manager is closed.
        """
        from .async_pool import AsyncMemoryPool

        kind = self.kind(name)
        with self._lock:
            pool = self._async_pools.get(name)
            if pool is None or self._registered_async[name] is not kind:  # the parent's type was replaced
                self._check_open()
                retired, pool = pool, AsyncMemoryPool.of(self._adjusted(kind), self._hooks_now())
                self._async_pools[name], self._registered_async[name] = pool, kind
                if retired is not None:
                    self._retire(retired)
            return pool

    def borrow(
        self, name: str, *args: Any, timeout_s: float | None = None, label: str | None = None, **named: Any
    ) -> Lease[Any]:
        """Borrow a resource of that type; ``with`` the lease, or `Lease.give_back`, returns it.

        Args:
            name: of the type.
            args: what its factory is called with, as is ``named``.
            timeout_s: how long to wait, 0 for not at all; by default what the type says.
            label: who borrows, for messages.
            named: see ``args``.

        Raises:
            ResourceTypeError: when there is no such type, or its arguments can't be told apart.
            PoolTimeout: when none came free in time.
            PoolClosed: when the manager is closed.
        """
        pool = self.pool(name)
        return pool.borrow(pool.kind.arguments(args, named), timeout_s=timeout_s, label=label)

    def borrow_async(
        self, name: str, *args: Any, timeout_s: float | None = None, label: str | None = None, **named: Any
    ) -> Borrowing[Any]:
        """The same for async functions: ``async with manager.borrow_async("db") as db``, or ``await`` it for the lease."""
        pool = self.async_pool(name)
        return pool.borrow(pool.kind.arguments(args, named), timeout_s=timeout_s, label=label)

    def get_stats(self) -> dict[str, PoolStats]:
        """What each pool did so far, by the name of its type; types that were never borrowed are left out."""
        return _added((name, pool.get_stats()) for name, pool in self._all_pools())

    def pop_stats(self) -> dict[str, PoolStats]:
        """The same, and count anew from here."""
        return _added((name, pool.pop_stats()) for name, pool in self._all_pools())

    def leases(self) -> list[Any]:
        """The leases that are held now, of all types, those of async borrowers too."""
        return [lease for _, pool in self._all_pools() for lease in pool.leases()]

    def pools(self) -> dict[str, MemoryPool[Any]]:
        """The pools for borrowers in threads that were made until now, by the name of their type."""
        with self._lock:
            return dict(self._pools)

    def release_idle(self) -> int:
        """Close what lies idle in the pools for threads, see `MemoryPool.release_idle`, and give how many there were."""
        return sum(pool.release_idle() for pool in self._pools_now())

    def maintain(self) -> None:
        """One round of upkeep in the pools for threads, see `MemoryPool.maintain`."""
        for pool in self._pools_now():
            pool.maintain()

    def close(self) -> None:
        """Close all pools: idle members now, lent ones when they come back. A second call does nothing.

        In a running event loop the async pools lend no more from here on, and `aclose` closes what they have.
        """
        with self._lock:
            self._is_closed = True
        with ExitStack() as closing:  # whoever is told of a failure may raise: the others are closed all the same
            if pools := self._async_pools_now():
                closing.callback(_close_from_outside, pools)
            for pool in reversed(self._pools_now()):
                closing.callback(pool.close)

    async def aclose(self) -> None:
        """Close all pools, also those for async borrowers."""
        self.close()
        for pool in self._async_pools_now():
            await pool.close()

    def after_fork_in_child(self) -> None:
        """The lock may have been held by a thread that isn't there; the pools see to themselves."""
        self._lock = threading.RLock()

    def __enter__(self) -> ResourceManager:  # noqa: PYI034 - `Self` came with Python 3.11
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ResourceManager of {', '.join(map(repr, self.types())) or 'no types'}>"

    def kind_in_use(self, name: str) -> ResourceType:
        """The type that the pool of that name was made with; as `kind` where there is none yet."""
        with self._lock:
            pool = self._pools.get(name) or self._async_pools.get(name)
        return self.kind(name) if pool is None else pool.kind

    def _retire(self, pool: AsyncMemoryPool[Any]) -> None:
        """Have an async pool lend no more; what it has is closed with the manager, for that takes an event loop."""
        pool.refuse()
        self._retired.append(pool)

    def _adjusted(self, kind: ResourceType) -> ResourceType:
        return kind if self._adjust is None else self._adjust(kind)

    def _hooks_now(self) -> PoolHooks:
        hooks = self._hooks
        return hooks if is_enabled(Flag.POOLING) else hooks._replace(pools=False)

    def _pools_now(self) -> list[MemoryPool[Any]]:
        with self._lock:
            return list(self._pools.values())

    def _async_pools_now(self) -> list[AsyncMemoryPool[Any]]:
        with self._lock:
            return [*self._async_pools.values(), *self._retired]

    def _all_pools(self) -> list[tuple[str, Any]]:
        with self._lock:
            return [*self._pools.items(), *self._async_pools.items()]

    def _check_open(self) -> None:
        if self._is_closed:
            raise PoolClosed("the resource manager is closed; nothing can be borrowed from it any more")


def _close_from_outside(pools: list[AsyncMemoryPool[Any]]) -> None:
    import asyncio

    async def close() -> None:
        for pool in pools:
            await pool.close()

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(close())
    else:
        for pool in pools:
            pool.refuse()


def _added(stats: Iterable[tuple[str, PoolStats]]) -> dict[str, PoolStats]:
    added: dict[str, PoolStats] = {}
    for name, one in stats:
        added[name] = added[name].plus(one) if name in added else one
    return added
