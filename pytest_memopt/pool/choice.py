"""Which pool a resource type takes: one for its process alone, or one that all processes of the machine share."""

from __future__ import annotations

from typing import Any

from .hooks import PoolHooks
from .pool import MemoryPool
from .recipe import ResourceType

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them


def pool_of(kind: ResourceType, hooks: PoolHooks) -> MemoryPool[Any]:
    """The pool for threads of a resource type, in its surroundings.

    Raises:
        PoolError: when the type is shared, and the folder where its processes meet can't be used.
    """
    if not kind.shared:
        return MemoryPool.of(kind, hooks)
    from .shared_pool import SharedMemoryPool

    return SharedMemoryPool.of(kind, hooks)
