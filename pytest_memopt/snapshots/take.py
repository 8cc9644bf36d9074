"""Taking a snapshot."""

from __future__ import annotations

from collections.abc import Callable
from itertools import repeat, starmap
from types import ModuleType

from ..meters.naming import module_name, type_name
from ..meters.originals import gc, time
from .containers import Column, Parts
from .deep import create_dicts, deep_sizes, import_pympler
from .group import TypeGroup
from .identity import identify
from .kinds import class_key, lineage
from .lots import Lot, sort_by_class
from .own import earlier_snapshots, without_own
from .reading import read_tracked
from .sizes import own_sizes
from .snapshot import Snapshot


def take_snapshot(
    *, deep: bool = False, whole: bool = False, bytes_in_use: Callable[[], int] | None = None
) -> Snapshot:
    """What is alive now: every object that the garbage collector tracks, after a collection.

    Two of them tell what happened in between::

        before = take_snapshot()
        work()
        diff = take_snapshot() - before
        assert diff.new.where(type=Session).count == 0

    Strings, numbers and other objects that can't refer to anything aren't tracked, so they are not in it; a query for
    them is refused. Where the heap was frozen (``gc.freeze``, as this plugin does before each test), only what was made
    since is read: that takes as long as the test made objects, not as long as the heap is large, and all that is new
    since ``before`` is in it. What it can't tell is which of the older objects died.

    Args:
        deep: also find by Pympler what each object holds. Slow (some 10 microseconds an object) and not without trace:
            on CPython 3.11 and later it creates the ``__dict__`` of each instance, 64 B or more that stay as long as
            the instance lives. Don't use it where growth is measured.
        whole: read frozen objects too. They are thawed and frozen again, together with all that was made since, which
            an open measuring window of the plugin therefore no longer lists among the survivors of its test.
        bytes_in_use: counts all bytes in use, exactly; gives ``SnapshotDiff.bytes`` its exact value.
    """
    asizeof = import_pympler() if deep else None
    was_enabled = gc.isenabled()
    gc.disable()  # the thousands of objects made below would trigger collections that find nothing
    try:
        snapshot = _take(asizeof, whole=whole, bytes_in_use=bytes_in_use)
        if snapshot.counted is not None and bytes_in_use is not None:
            gc.collect()  # settles the closing value as the opening one of the next snapshot will be
            snapshot.counted[1] = bytes_in_use()
    finally:
        if was_enabled:
            gc.enable()
    return snapshot


def _take(asizeof: ModuleType | None, *, whole: bool, bytes_in_use: Callable[[], int] | None) -> Snapshot:
    if asizeof is not None:
        create_dicts(read_tracked(whole=whole).objects)
    reading = read_tracked(whole=whole, bytes_in_use=bytes_in_use)
    everything = sort_by_class(reading.objects)
    lots = without_own(everything)
    deep = None if asizeof is None else deep_sizes(asizeof, lots, reading.scope)
    columns = repeat(None) if deep is None else deep.columns
    counted = reading.in_use_bytes
    return Snapshot(
        groups=Parts(starmap(_group, zip(lots, columns, strict=False))),
        identities=Parts(identify(lot.cls, lot.objects) for lot in lots),
        scope=reading.scope,
        taken_ns=time.perf_counter_ns(),
        witnesses=Column("Q", map(id, earlier_snapshots(everything))),
        counted=None if counted is None else Column("q", (counted, 0)),
        unsized_count=0 if deep is None else deep.failed_count,
    )


def _group(lot: Lot, deep: Column | None) -> TypeGroup:
    return TypeGroup(
        name=type_name(lot.cls),
        module=module_name(lot.cls),
        lineage=Column("q", list(map(class_key, lineage(lot.cls)))),
        count=len(lot.objects),
        sizes=own_sizes(lot.cls, lot.objects),
        deep=deep,
    )
