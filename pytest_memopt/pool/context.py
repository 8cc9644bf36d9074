"""Borrowing for the length of a block or a function, and finding there what was borrowed around it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Final, NamedTuple, TypeVar

from ..errors import PoolError
from .decoration import decorated
from .default import DEFAULT
from .manager import ResourceManager

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

F = TypeVar("F", bound=Callable[..., Any])


class _Held(NamedTuple):
    """What one block has borrowed."""

    type_name: str
    resource_id: str
    lease: Any


_HELD: Final[ContextVar[tuple[_Held, ...]]] = ContextVar("memopt_held", default=())


class ResourceContext:
    """Borrows a resource at the beginning of a block, and gives it back at its end; also around each call of a function.

    Made by `with_pooled_resource`. One that is entered can't be entered once more until it was left; the functions that
    it decorates can run in any number of threads and tasks at the same time, for each call borrows by itself.
    """

    def __init__(
        self,
        type_name: str,
        resource_id: str | None,
        args: tuple[Any, ...] = (),
        named: dict[str, Any] | None = None,
        *,
        timeout_s: float | None = None,
        manager: ResourceManager | None = None,
    ) -> None:
        self._type_name = type_name
        self._resource_id = type_name if resource_id is None else resource_id
        self._args = args
        self._named = named or {}
        self._timeout_s = timeout_s
        self._manager = manager
        self._held: _Held | None = None

    def __enter__(self) -> Any:
        """Borrow; the resource."""
        self._check_free()
        pool = self._lender.pool(self._type_name)
        return self._hold(pool.borrow(pool.kind.arguments(self._args, self._named), timeout_s=self._timeout_s))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if (lease := self._let_go()) is not None:
            lease.give_back()

    async def __aenter__(self) -> Any:
        """Borrow; the resource."""
        self._check_free()
        pool = self._lender.async_pool(self._type_name)
        return self._hold(await pool.borrow(pool.kind.arguments(self._args, self._named), timeout_s=self._timeout_s))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if (lease := self._let_go()) is not None:
            await lease.give_back()

    def __call__(self, function: F) -> F:
        """The same function, with a resource of its own borrowed around each call.

        A coroutine function, or an async generator, borrows without blocking its loop. Where the function has a parameter
        called as the ``resource_id``, it gets the resource, unless the caller gives something else.
        """
        return decorated(function, self._afresh, self._resource_id)

    def __repr__(self) -> str:
        return f"<ResourceContext of {self._type_name!r}, {'held' if self._held is not None else 'not held'}>"

    @property
    def _lender(self) -> ResourceManager:
        return self._manager if self._manager is not None else DEFAULT.get()

    def _afresh(self) -> ResourceContext:
        return ResourceContext(
            self._type_name,
            self._resource_id,
            self._args,
            self._named,
            timeout_s=self._timeout_s,
            manager=self._manager,
        )

    def _check_free(self) -> None:
        if self._held is not None:
            raise PoolError(
                f"this context of resource type {self._type_name!r} is entered already; make one for each block"
            )

    def _hold(self, lease: Any) -> Any:
        self._held = held = _Held(self._type_name, self._resource_id, lease)
        _HELD.set((*_HELD.get(), held))
        return lease.resource

    def _let_go(self) -> Any:
        held, self._held = self._held, None
        if held is None:
            return None
        # not by a token: a generator may be ended in another context than the one in which it began
        _HELD.set(tuple(one for one in _HELD.get() if one is not held))
        return held.lease


def with_pooled_resource(
    type_name: str,
    resource_id: str | None = None,
    *args: Any,
    timeout_s: float | None = None,
    manager: ResourceManager | None = None,
    **named: Any,
) -> ResourceContext:
    """A resource for a block (``with`` or ``async with``), or as a decorator for each call of a function.

    Args:
        type_name: of the resource type.
        resource_id: what `get_pooled_resource` may ask for where several of one type are held; by default the type's name.
        args: what the factory is called with, as is ``named``.
        timeout_s: how long to wait, 0 for not at all; by default what the type says.
        manager: who lends; by default the process's manager.
        named: see ``args``.

    Raises:
        ResourceTypeError: on entering, when there is no such type.
        PoolTimeout: on entering, when none came free in time.
    """
    return ResourceContext(type_name, resource_id, args, named, timeout_s=timeout_s, manager=manager)


def get_pooled_resource(type_name: str, resource_id: str | None = None) -> Any:
    """The resource of that type which the innermost block or function around has borrowed, in this thread and task.

    Raises:
        PoolError: when there is none.
    """
    for held in reversed(_HELD.get()):
        if held.type_name == type_name and resource_id in (None, held.resource_id):
            return held.lease.resource
    called = f" as {resource_id!r}" if resource_id is not None else ""
    raise PoolError(
        f"no resource of type {type_name!r} is borrowed here{called}; "
        f"do so around this call by with_pooled_resource({type_name!r})"
    )
