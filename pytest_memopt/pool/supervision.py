"""Leases that don't come back: those held too long, and those that nobody has any more."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any, Final

from .lease import Lease
from .resource import PooledResource

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them


class _Holder:
    """Stands in for a member, to learn how many references a lease has that only its member holds."""

    __slots__ = ("lease",)

    def __init__(self) -> None:
        self.lease = object()


_HOLDER: Final = _Holder()
_ALONE: Final = sys.getrefcount(_HOLDER.lease)


def has_gil() -> bool:
    """Whether one thread runs at a time, and goes on until it calls, jumps or waits: not in free-threaded builds."""
    has_lock = getattr(sys, "_is_gil_enabled", None)
    return sys.implementation.name == "cpython" and (has_lock is None or has_lock())


def find_lost(lent: Iterable[PooledResource[Any]]) -> list[Lease[Any]]:
    """The leases that nobody holds but the pool: they can't be given back any more.

    A lease is asked for its reference count, which costs nothing while all goes well; a finalizer would cost each borrower.
    """
    if not has_gil():  # reference counts aren't exact there
        return []
    return [member.lease for member in lent if member.lease is not None and sys.getrefcount(member.lease) <= _ALONE]


def find_overdue(
    lent: Iterable[PooledResource[Any]], now_s: float, threshold_s: float | None
) -> list[tuple[Lease[Any], float]]:
    """The leases that are held for longer than ``threshold_s`` and were not told of, with the seconds."""
    if threshold_s is None:
        return []
    found = []
    for member in lent:
        lease = member.lease
        if lease is not None and not hasattr(lease, "is_told") and now_s - lease.borrowed_at_s > threshold_s:
            lease.is_told = True
            found.append((lease, now_s - lease.borrowed_at_s))
    return found
