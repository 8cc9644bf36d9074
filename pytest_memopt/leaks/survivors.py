"""The objects that a few rounds of a leaking workload leave alive: those that the collector tracks, and what only they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from contextvars import ContextVar, copy_context
from itertools import chain
from typing import Final

from ..meters.cache_clearing import clear_interpreter_caches
from ..meters.naming import type_name
from ..meters.originals import gc
from ..meters.referents import referents
from ..meters.standard_streams import write_out_streams

EXTRA_ROUNDS: Final = 3
_RUNNER_TYPES: Final = ("_pytest.", "pytest_memopt.")
# by identity here and below: a class need not be hashable, and may run code when it is compared
_TELL_LITTLE: Final = frozenset(
    map(id, (str, int, float, bool, type(None), bytes, type, complex, type(NotImplemented)))
)


def survivors(
    run: Callable[[], object],
    watched: AbstractContextManager[object] | None = None,
    note: Callable[[Sequence[Sequence[object]]], object] = len,
) -> list[tuple[type, list[object]]]:
    """Objects that a few more rounds left alive, by type, where there is at least one more of the type for each round.

    Args:
        run: one round of the workload.
        watched: a block for the rounds alone: all objects are counted before it and after it.
        note: called in the block, once, with what may have survived, by type.
    """
    gc.unfreeze()
    _settle()
    before, variables_before = _count_by_class(gc.get_objects()), list(copy_context())
    with watched or nullcontext():
        new, everything = _left_by(run)
        candidates = _candidates(new)
        variables = _new_variables(variables_before)
        note([*candidates.values(), *_untracked(candidates).values(), variables])
    after = _count_by_class(everything)
    more = {cls: after[cls] - before[cls] for cls in candidates}
    found = {cls: objects[: more[cls]] for cls, objects in candidates.items() if more[cls] >= EXTRA_ROUNDS}
    found |= _untracked(found)
    if len(variables) >= EXTRA_ROUNDS:
        found[id(ContextVar)] = variables
    return [(type(objects[0]), objects) for objects in found.values()]


def _left_by(run: Callable[[], object]) -> tuple[list[object], list[object]]:
    """What a few rounds made and left alive, and all that there is then."""
    gc.freeze()
    try:
        for _ in range(EXTRA_ROUNDS):
            run()
        _settle()
        new = gc.get_objects()
    finally:
        gc.unfreeze()
    return new, gc.get_objects()


def _new_variables(before: Sequence[object]) -> list[object]:
    """Variables that the current context has come to hold; the collector lists neither it nor a variable of a plain value."""
    known = set(map(id, before))
    return [one for one in copy_context() if id(one) not in known]


def _candidates(new: Iterable[object]) -> dict[int, list[object]]:
    """What may have survived, and not only replaced others: by type, one for each round at least, nothing of the runner's."""
    found: dict[int, list[object]] = {}
    for one in new:
        found.setdefault(_class_id(one), []).append(one)
    return {
        cls: objects
        for cls, objects in found.items()
        if len(objects) >= EXTRA_ROUNDS and not type_name(type(objects[0])).startswith(_RUNNER_TYPES)
    }


def _count_by_class(objects: Iterable[object]) -> Counter[int]:
    return Counter(map(id, map(type, objects)))


def _settle() -> None:
    write_out_streams()
    clear_interpreter_caches()
    gc.collect()
    gc.collect()


def _class_id(one: object) -> int:
    return id(type(one))


def _untracked(holders: Mapping[int, Iterable[object]]) -> dict[int, list[object]]:
    """What the collector doesn't track, and ``holders`` hold: one of a type for each round at least."""
    seen: set[int] = set()
    found: dict[int, list[object]] = {}
    for one in chain.from_iterable(holders.values()):
        for part in referents(one):
            if _class_id(part) not in _TELL_LITTLE and not gc.is_tracked(part) and id(part) not in seen:
                seen.add(id(part))
                found.setdefault(_class_id(part), []).append(part)
    return {cls: parts for cls, parts in found.items() if len(parts) >= EXTRA_ROUNDS}
