"""The process's own manager, which programs register their types with; tests may put another in its place."""

from __future__ import annotations

import atexit
from collections.abc import Callable, Hashable
from typing import Any, Final

from .manager import ResourceManager
from .recipe import ResourceType

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them


class DefaultManager:
    """Holds the manager of the process, which is closed when the interpreter ends."""

    def __init__(self) -> None:
        self._own: ResourceManager | None = None
        self._stand_ins: list[ResourceManager] = []

    @property
    def own(self) -> ResourceManager:
        """The process's manager, made when it is first asked for."""
        if self._own is None:
            self._own = ResourceManager()
            atexit.register(self._own.close)
        return self._own

    @property
    def current(self) -> ResourceManager | None:
        """Who lends now; ``None`` where nobody asked for a manager until now."""
        return self._stand_ins[-1] if self._stand_ins else self._own

    def get(self) -> ResourceManager:
        """Who lends now."""
        return self._stand_ins[-1] if self._stand_ins else self.own

    def stand_in(self, manager: ResourceManager) -> None:
        """Let ``manager`` lend in the place of whoever lends now, until it steps aside."""
        self._stand_ins.append(manager)

    def step_aside(self, manager: ResourceManager) -> None:
        """Let those lend again who did before ``manager``; twice does no harm."""
        if manager in self._stand_ins:
            self._stand_ins.remove(manager)


DEFAULT: Final = DefaultManager()
"""One for the process."""


def register_resource_type(  # noqa: PLR0913 - the rules of a resource type
    name: str,
    factory: Callable[..., Any],
    *,
    max_size: int = 100,
    min_idle: int = 0,
    idle_ttl: float | None = 600.0,
    max_lifetime: float | None = None,
    cleanup_interval: float | None = 300.0,
    call_timeout: float | None = None,
    validate: Callable[[Any], object] | None = None,
    reset: Callable[[Any], object] | None = None,
    close: Callable[[Any], object] | None = None,
    fingerprint: Callable[[Any], object] | None = None,
    key: Callable[..., Hashable] | None = None,
    timeout: float | None = 30.0,
    leak_threshold: float | None = None,
    order: str = "lifo",
    same_thread: bool = False,
    keep_idle: bool = True,
    shared: bool = False,
    replace: bool = False,
) -> ResourceType:
    """Register a resource type with the process's manager; its pool is made when somebody borrows.

    Args:
        name: how borrowers ask for it.
        factory: builds a resource, from the arguments that borrowers give; may be a coroutine function.
        max_size: resources at the most, lent and idle together.
        min_idle: idle ones that upkeep keeps ready.
        idle_ttl: seconds after which an idle one is closed; ``None`` for never.
        max_lifetime: the age in seconds at which one is closed, less up to 5 %; ``None`` for never.
        cleanup_interval: seconds between two rounds of upkeep in the background; ``None`` for none.
        call_timeout: seconds after which a call of the factory, ``reset`` and so on is interrupted, see `CallLimit`; ``None`` for never.
        validate: called before a resource is lent again; ``False`` or an exception replaces it.
        reset: called when it comes back; an exception replaces it.
        close: called when it leaves the pool; by default its own method ``close``.
        fingerprint: what it looks like when it is new, and must look like after each reset.
        key: takes the factory's arguments, and returns what tells resources apart.
        timeout: seconds that a borrower waits; 0 for not at all, ``None`` for ever.
        leak_threshold: seconds after which a lease that is still held is told of; ``None`` for never.
        order: ``"lifo"`` lends the one that came back last, ``"fifo"`` uses all alike.
        same_thread: whether a resource must be given back by the thread that borrowed it.
        keep_idle: whether one that comes back is kept for the next borrower; if not, each lease builds and closes.
        shared: whether ``max_size`` limits the leases of all processes of the machine together.
        replace: whether it may take the place of another type of this name.

    Raises:
        ResourceTypeError: naming the type, what is wrong and what would be right.
    """
    return DEFAULT.own.register(
        name,
        factory,
        replace=replace,
        max_size=max_size,
        min_idle=min_idle,
        idle_ttl=idle_ttl,
        max_lifetime=max_lifetime,
        cleanup_interval=cleanup_interval,
        call_timeout=call_timeout,
        validate=validate,
        reset=reset,
        close=close,
        fingerprint=fingerprint,
        key=key,
        timeout=timeout,
        leak_threshold=leak_threshold,
        order=order,
        same_thread=same_thread,
        keep_idle=keep_idle,
        shared=shared,
    )
