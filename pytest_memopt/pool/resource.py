"""A member of a pool: the resource and what the pool knows of it."""

from __future__ import annotations

from collections.abc import Hashable
from enum import Enum
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from .policy import NEVER_S
from .stats import Eviction

if TYPE_CHECKING:
    from .lease import Lease

T = TypeVar("T")

LOOKED_AT_EVERY_S: Final = 0.01
"""How often a member in constant use is looked at closely and the time of lending it taken: both cost as much as lending."""


class ResourceState(Enum):
    """Where a member is in its life."""

    IDLE = "idle"
    IN_USE = "in use"
    RETURNING = "being reset"
    CLOSED = "closed"


class PooledResource(Generic[T]):
    """A resource in a pool; the pool is the owner, and alone changes it.

    Attributes:
        resource: what the factory built.
        key: the arguments it was built with, ``None`` for none: it is lent only to borrowers with the same.
        slot: its number among the processes that share the type, or ``None``.
        lease: the lease under which it is lent, or ``None``.
        use_count: how many times it was lent.
        created_at_s, last_used_at_s: by the pool's clock.
        ends_at_s: when its lifetime is over.
        quick_until_s: until when it may be lent without a closer look.
        special_state: for a member that is neither idle nor lent; ``None`` else.
        fingerprint: what it looked like when it was new.
    """

    __slots__ = (
        "__weakref__",
        "created_at_s",
        "ends_at_s",
        "fingerprint",
        "key",
        "last_used_at_s",
        "lease",
        "quick_until_s",
        "resource",
        "slot",
        "special_state",
        "use_count",
    )

    def __init__(self, resource: T, key: Hashable, now_s: float, lifetime_s: float = NEVER_S) -> None:
        self.resource = resource
        self.key = key
        self.slot: int | None = None
        self.special_state: ResourceState | None = None
        self.lease: Lease[T] | None = None
        self.use_count = 0
        self.created_at_s = self.last_used_at_s = now_s
        self.ends_at_s = now_s + lifetime_s
        self.quick_until_s = now_s
        self.fingerprint: object = None

    @property
    def state(self) -> ResourceState:
        """Where it is in its life."""
        if self.special_state is not None:
            return self.special_state
        return ResourceState.IN_USE if self.lease is not None else ResourceState.IDLE

    def touch(self, now_s: float) -> None:
        """It was used until now."""
        self.last_used_at_s = now_s

    def allow_quick(self, now_s: float, idle_ttl_s: float | None) -> None:
        """It was looked at closely: for a while it may be lent without, within its times."""
        until_s = min(now_s + LOOKED_AT_EVERY_S, self.ends_at_s)
        self.quick_until_s = until_s if idle_ttl_s is None else min(until_s, now_s + idle_ttl_s)

    def outlived(self, now_s: float, idle_ttl_s: float | None) -> Eviction | None:
        """Which of its times is over, having been idle until now; ``None`` while it may be lent."""
        if now_s >= self.ends_at_s:
            return Eviction.LIFETIME
        is_stale = idle_ttl_s is not None and now_s - self.last_used_at_s >= idle_ttl_s
        return Eviction.IDLE_TTL if is_stale else None

    def __repr__(self) -> str:
        return f"<PooledResource {self.resource!r}, {self.state.value}, lent {self.use_count} times>"
