"""The profile of a process: what it holds at one moment, as a frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ..meters.allocators import AllocatorUse
from ..meters.measurement import TypeUse

Figures = Mapping[str, float | int | None]


class CollectorState(NamedTuple):
    """The garbage collector at one moment.

    Attributes:
        is_enabled: whether it collects by itself.
        counts: what each generation has counted since it was last collected, the youngest first.
        thresholds: the counts at which it collects.
        collections: how often each generation was collected since the process began.
        collected_count: objects that were freed by it.
        uncollectable_count: objects that it could not free.
        frozen_count: objects that it leaves alone (``gc.freeze``); CPython 3.12 freezes some by itself.
    """

    is_enabled: bool
    counts: tuple[int, ...]
    thresholds: tuple[int, ...]
    collections: tuple[int, ...]
    collected_count: int
    uncollectable_count: int
    frozen_count: int

    @property
    def full_collections(self) -> int:
        """Collections of the oldest generation: each looks at every object that is not frozen."""
        return self.collections[-1]


class PoolTotals(NamedTuple):
    """The pools of a process together.

    Attributes:
        types: how many there are, one for each resource type.
        idle, in_use: members now.
        built, borrowed: resources built, and leases given out, since the pools began.
    """

    types: int = 0
    idle: int = 0
    in_use: int = 0
    built: int = 0
    borrowed: int = 0


class MemoryProfile(NamedTuple):
    """What a process holds at one moment; ``None`` is what can't be read here, never 0.

    Attributes:
        taken_s: when, by the monotonic clock, in seconds.
        taken_epoch_s: when, in seconds since 1970.
        allocators: what the allocators have handed out and what they hold.
        rss_bytes: resident memory.
        uss_bytes: the part of it that no other process shares.
        peak_rss_bytes: the most resident memory since the process began, or since ``clear_refs`` was last written (a
            measured test does that).
        objects_count: objects that the collector tracks, frozen ones included.
        types: the most frequent types by name, with their exact counts, and the sum of their instances' own sizes; the
            most frequent first. Frozen objects are not in it, as the interpreter doesn't list them.
        collector: the garbage collector.
        threads_count: threads, native ones included.
        fds_count: open file descriptors; handles on Windows.
        pools: figures of each pool, by name.
    """

    taken_s: float
    taken_epoch_s: float
    allocators: AllocatorUse
    rss_bytes: int | None
    uss_bytes: int | None
    peak_rss_bytes: int | None
    objects_count: int
    types: tuple[TypeUse, ...]
    collector: CollectorState
    threads_count: int | None
    fds_count: int | None
    pools: Mapping[str, Figures]

    @property
    def in_use_bytes(self) -> int | None:
        """Bytes that pymalloc and C ``malloc`` have handed out, exact."""
        return self.allocators.in_use_bytes

    @property
    def fragmentation_ratio(self) -> float | None:
        """What the allocators hold and nobody uses, by what they hold."""
        return self.allocators.fragmentation_ratio

    @property
    def size_bytes(self) -> int | None:
        """The best figure there is for "memory in use": the exact one, else resident memory."""
        return self.rss_bytes if self.in_use_bytes is None else self.in_use_bytes

    @property
    def pool_totals(self) -> PoolTotals:
        """All pools together; figures that a pool doesn't have count 0."""
        sums = {name: int(sum(pool.get(name) or 0 for pool in self.pools.values())) for name in PoolTotals._fields[1:]}
        return PoolTotals(len(self.pools), **sums)

    def count_of(self, name: str) -> int | None:
        """How many objects of the type ``name`` there are (``"app.models.Session"``); ``None`` if it isn't among ``types``."""
        return next((use.count for use in self.types if use.type == name), None)
