"""The objects that a few rounds of a leaking workload leave alive: those that the collector tracks, and what only they hold."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, Final

from ..meters.cache_clearing import clear_interpreter_caches
from ..meters.naming import type_name
from ..snapshots.bounds import CACHE_TYPE

EXTRA_ROUNDS: Final = 3
_RUNNER_TYPES: Final = ("_pytest.", "pytest_memopt.")
_TELL_LITTLE: Final = frozenset({str, int, float, bool, type(None), bytes, type, complex, type(NotImplemented)})


def survivors(run: Callable[[], object]) -> dict[type, list[object]]:
    """Objects that a few more rounds left alive, by type, where there is at least one more of the type for each round."""
    gc.unfreeze()
    _settle()
    before = Counter(map(type, gc.get_objects()))
    gc.freeze()
    try:
        for _ in range(EXTRA_ROUNDS):
            run()
        _settle()
        new = gc.get_objects()
    finally:
        gc.unfreeze()
    after = Counter(map(type, gc.get_objects()))
    more = {cls: count - before[cls] for cls, count in after.items() if count - before[cls] >= EXTRA_ROUNDS}
    found: dict[type, list[object]] = {cls: [] for cls in more if not type_name(cls).startswith(_RUNNER_TYPES)}
    for one in new:
        if type(one) in found:
            found[type(one)].append(one)
    found = {cls: objects[: more[cls]] for cls, objects in found.items() if objects}
    return found | _untracked(one for objects in found.values() for one in objects)


def cache_table(container: object) -> dict[Any, Any] | None:
    """The table inside a function under ``functools.lru_cache``; ``None`` for anything else."""
    if type(container) is not CACHE_TYPE:
        return None
    own = vars(container)
    return next((part for part in gc.get_referents(container) if type(part) is dict and part is not own), None)


def _settle() -> None:
    clear_interpreter_caches()
    gc.collect()
    gc.collect()


def _untracked(objects: Iterable[object]) -> dict[type, list[object]]:
    """What the collector doesn't track, and ``objects`` hold: one of a type for each round at least."""
    seen: set[int] = set()
    found: dict[type, list[object]] = {}
    for one in objects:
        for part in gc.get_referents(one):
            if type(part) not in _TELL_LITTLE and not gc.is_tracked(part) and id(part) not in seen:
                seen.add(id(part))
                found.setdefault(type(part), []).append(part)
    return {cls: parts for cls, parts in found.items() if len(parts) >= EXTRA_ROUNDS}
