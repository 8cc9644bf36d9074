"""What is wanted of one measuring window, and how closely it looks."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple


class Detail(IntEnum):
    """How closely a window looks, and what it may cost."""

    FULL = 1  # readings at both ends; what pytest's reports weigh is known by their shape
    EXACT = 2  # readings on all sides of each phase too: for tests with limits, and to learn what reports weigh


class Plan(NamedTuple):
    """What is wanted of one window.

    Attributes:
        detail: how closely to look at least; the window looks closer while it learns pytest's prices.
        traced: count allocations for an exact allocated peak.
        sites: keep the allocating lines too (slower to stop).
        types: full names of types whose net count is wanted, at O(heap).
        net_objects: count the old objects that die as well, at O(heap) without allocation.
        clears_caches: empty the interpreter's caches at both ends, as CPython's own leak tests do.
        gc_off: leave the garbage collector alone: nothing is frozen or collected, and no objects are counted.
        trim: give freed memory back first, so that the kernel's peak is the test's.
    """

    detail: Detail = Detail.FULL
    traced: bool = False
    sites: bool = False
    types: tuple[str, ...] = ()
    net_objects: bool = False
    clears_caches: bool = False
    gc_off: bool = False
    trim: bool = False
