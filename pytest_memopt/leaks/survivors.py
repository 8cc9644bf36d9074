"""The objects that a few rounds of a leaking workload leave alive: those that the collector tracks, and what only they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final

from ..meters.cache_clearing import clear_interpreter_caches
from ..meters.naming import type_name
from ..meters.originals import gc

EXTRA_ROUNDS: Final = 3
_RUNNER_TYPES: Final = ("_pytest.", "pytest_memopt.")
# by identity here and below: a class need not be hashable, and may run code when it is compared
_TELL_LITTLE: Final = frozenset(
    map(id, (str, int, float, bool, type(None), bytes, type, complex, type(NotImplemented)))
)


def survivors(run: Callable[[], object]) -> list[tuple[type, list[object]]]:
    """Objects that a few more rounds left alive, by type, where there is at least one more of the type for each round."""
    gc.unfreeze()
    _settle()
    before = Counter(map(_class_id, gc.get_objects()))
    gc.freeze()
    try:
        for _ in range(EXTRA_ROUNDS):
            run()
        _settle()
        new = gc.get_objects()
    finally:
        gc.unfreeze()
    after = Counter(map(_class_id, gc.get_objects()))
    more = {cls: count - before[cls] for cls, count in after.items() if count - before[cls] >= EXTRA_ROUNDS}
    found: dict[int, list[object]] = {}
    for one in new:
        if _class_id(one) in more and not type_name(type(one)).startswith(_RUNNER_TYPES):
            found.setdefault(_class_id(one), []).append(one)
    found = {cls: objects[: more[cls]] for cls, objects in found.items()}
    found |= _untracked(one for objects in found.values() for one in objects)
    return [(type(objects[0]), objects) for objects in found.values()]


def _settle() -> None:
    clear_interpreter_caches()
    gc.collect()
    gc.collect()


def _class_id(one: object) -> int:
    return id(type(one))


def _untracked(objects: Iterable[object]) -> dict[int, list[object]]:
    """What the collector doesn't track, and ``objects`` hold: one of a type for each round at least."""
    seen: set[int] = set()
    found: dict[int, list[object]] = {}
    for one in objects:
        for part in gc.get_referents(one):
            if _class_id(part) not in _TELL_LITTLE and not gc.is_tracked(part) and id(part) not in seen:
                seen.add(id(part))
                found.setdefault(_class_id(part), []).append(part)
    return {cls: parts for cls, parts in found.items() if len(parts) >= EXTRA_ROUNDS}
