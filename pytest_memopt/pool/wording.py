"""The sentences of a pool's errors: who has what, since when, and what to do."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any, Final

from ..errors import PoolClosed, PoolError, PoolTimeout, ResourceTypeError, ReturnError
from .lease import Lease
from .recipe import ResourceType
from .resource import PooledResource
from .under_way import CallsUnderWay

FORKED: Final = "belongs to the parent process"
_HOLDERS_TOLD: Final = 3
_INSTANT_S: Final = 0.001


def exhausted(
    kind: ResourceType,
    waited_s: float,
    lent: Iterable[PooledResource[Any]],
    ahead_count: int,
    now_s: float,
    calls: CallsUnderWay,
) -> PoolTimeout:
    """No resource came free in time: who has them, and what is running in the pool."""
    leases = [lease for member in lent if (lease := member.lease) is not None]
    leases.sort(key=lambda lease: lease.borrowed_at_s)
    holders = [
        f"{lease.borrower if lease.borrower is not None else 'somebody'} for {now_s - lease.borrowed_at_s:.3g} s"
        for lease in leases[:_HOLDERS_TOLD]
    ]
    more = len(leases) - len(holders)
    held = f" ({', '.join(holders)}{f' and {more} more' if more else ''})" if holders else ""
    ahead = f", {ahead_count} waited before" if ahead_count else ""
    how = f"came free in {waited_s:.3g} s" if waited_s >= _INSTANT_S else "is free"
    return PoolTimeout(
        f"no resource of type {kind.name!r} {how}: "
        f"{len(leases)} of {kind.policy.max_size} are lent{held}{calls.spell(now_s)}{ahead}; "
        "give them back sooner, or raise max_size"
    )


def no_slot(reason: PoolTimeout) -> PoolTimeout:
    """No slot came free in time; the rack tells who has them."""
    return PoolTimeout(f"{reason}; give them back sooner, or raise max_size")


def wrong_pool(kind: ResourceType, class_name: str) -> ResourceTypeError:
    """A type that processes share is given to a pool for one process, or the other way round."""
    if kind.shared:
        told = f"shared=True limits all processes together, which {class_name} doesn't; that takes a SharedMemoryPool"
    else:
        told = f"{class_name} limits all processes together; that takes a type with shared=True"
    return ResourceTypeError(f"{kind.subject}: {told}")


def awaited(kind: ResourceType, name: str) -> ResourceTypeError:
    """A type whose resources are built, checked or closed by awaiting is given to a pool for threads."""
    return ResourceTypeError(
        f"{kind.subject}: its {name} is a coroutine function, which threads can't call; "
        "borrow it with `async with`: with_pooled_resource, borrow_async or an AsyncMemoryPool"
    )


def closed(kind: ResourceType) -> PoolClosed:
    """The pool lends no more."""
    return PoolClosed(f"the pool of resource type {kind.name!r} is closed")


def foreign(kind: ResourceType, given: object) -> ReturnError:
    """What comes back isn't lent by this pool."""
    return ReturnError(
        f"{cut(given)} is not lent by the pool of resource type {kind.name!r}: "
        "it was given back before, or comes from elsewhere; give back the lease, or the very object that was lent"
    )


def returned_before(kind: ResourceType, lease: Lease[Any]) -> ReturnError:
    """A lease comes back that isn't held any more."""
    how = lease.fate or "was given back before"
    whose = f", borrowed by {lease.borrower}," if lease.borrower is not None else ""
    return ReturnError(f"a lease of resource type {kind.name!r}{whose} {how}; give back each lease once")


def twin(kind: ResourceType, resource: object) -> PoolError:
    """The factory built what it had built before."""
    return PoolError(
        f"the factory of resource type {kind.name!r} returned {cut(resource)}, which is in the pool already; "
        "it must build a new object each time"
    )


def wrong_thread(kind: ResourceType, borrower_id: int) -> ReturnError:
    """A lease comes back in another thread."""
    names = {thread.ident: thread.name for thread in threading.enumerate()}
    borrowed_in = names.get(borrower_id, "one that has ended")
    returned_in = threading.current_thread().name
    return ReturnError(
        f"a resource of type {kind.name!r} was borrowed in thread {borrowed_in!r} and is given back in {returned_in!r}: "
        "the type says same_thread=True; give it back where it was borrowed"
    )


def no_loop(kind: ResourceType) -> PoolError:
    """An async pool is used where no event loop of asyncio runs."""
    return PoolError(
        f"the pool of resource type {kind.name!r} is used outside of an asyncio event loop; "
        "await it inside of one (trio has none: run anyio on its asyncio backend)"
    )


def wrong_loop(kind: ResourceType) -> ReturnError:
    """A lease comes back in another event loop."""
    return ReturnError(
        f"a resource of type {kind.name!r} was borrowed in another event loop, which is still open; "
        "give it back in that one"
    )


def cut(value: object, most: int = 80) -> str:
    """The ``repr`` of any object, also of one that has none, shortened to ``most`` characters."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - user code
        text = object.__repr__(value)
    return text if len(text) <= most else f"{text[:most]}…"
