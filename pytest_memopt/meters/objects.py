"""Objects that the garbage collector tracks: how many are new, of which types, and which of them are not the test's."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Any, Final

from .measurement import TypeUse
from .naming import type_name
from .originals import gc, sys
from .referents import referents

_TOP_TYPES: Final = 25


def count_tracked() -> int:
    """How many objects the collector lists: after ``gc.freeze`` only those made since."""
    return len(gc.get_objects())


def new_objects() -> list[object]:
    """The objects made since the last freeze."""
    return gc.get_objects()


def new_ids() -> set[int]:
    """Identities of the objects made since the last freeze."""
    return set(map(id, gc.get_objects()))


def exceptions_alive(ids: Collection[int]) -> list[object]:
    """The new exceptions that are still alive, by the identities they had when they were raised."""
    return [one for one in gc.get_objects() if id(one) in ids and issubclass(type(one), BaseException)]


def count_of_types(names: Iterable[str]) -> dict[str, int]:
    """How many objects of the named types are alive, old ones included: O(heap), for limits by type only.

    What was frozen is thawed for the count; the caller freezes again.
    """
    gc.unfreeze()
    wanted = set(names)
    found = dict.fromkeys(wanted, 0)
    for cls, count in count_by_class(gc.get_objects()):
        name = type_name(cls)
        if name in wanted:
            found[name] += count
    return found


def count_by_class(objects: Iterable[object]) -> list[tuple[type, int]]:
    """How many of ``objects`` there are of each class, by identity: a class need not be hashable, and may claim to be another."""
    classes = list(map(type, objects))
    by_id = dict(zip(map(id, classes), classes, strict=True))
    return [(by_id[number], count) for number, count in Counter(map(id, classes)).items()]


def survivors(owned_by_others: Iterable[object], found: list[object]) -> list[object]:
    """The objects of ``found``, which are new, without those reachable from ``owned_by_others``.

    Only new objects are followed, so that the walk stays as small as what it leaves out.
    """
    roots = list(owned_by_others)
    if not roots:
        return found
    new = set(map(id, found))
    owned: set[int] = set()
    pending = roots
    while pending:
        current = pending.pop()
        if id(current) in owned:
            continue
        owned.add(id(current))
        pending.extend(part for part in referents(current) if id(part) in new)
    return [one for one in found if id(one) not in owned]


def by_type(objects: Iterable[object]) -> tuple[TypeUse, ...]:
    """Count and own size of ``objects`` by type, those with the most bytes first."""
    listed = list(objects)
    sizes: Counter[int] = Counter()
    for one in listed:
        sizes[id(type(one))] += own_size_bytes(one)
    uses = (TypeUse(type_name(cls), count, sizes[id(cls)]) for cls, count in count_by_class(listed))
    return tuple(sorted(uses, key=lambda use: (-use.bytes, -use.count, use.type))[:_TOP_TYPES])


def mapped_bytes(objects: Iterable[object]) -> int:
    """Bytes of the memory maps among ``objects``: the kernel's, so that no allocator counts them."""
    module = sys.modules.get("mmap")  # who didn't load it can't have one
    if module is None:
        return 0
    # by type(), not isinstance(): the latter asks lazy proxies for their __class__, which wakes them
    return sum(_map_size_bytes(one) for one in objects if issubclass(type(one), module.mmap))


def _map_size_bytes(memory_map: Any) -> int:
    try:
        return len(memory_map)
    except ValueError:
        return 0


def own_size_bytes(one: object) -> int:
    """Bytes of ``one`` by ``sys.getsizeof``; 0 where it doesn't tell."""
    try:
        return sys.getsizeof(one, 0)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # noqa: BLE001 - a user's __sizeof__ may raise anything
        return 0
