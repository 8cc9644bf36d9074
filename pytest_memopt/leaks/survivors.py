"""The objects that a few rounds of a leaking workload leave alive: those that the collector tracks, and what only they hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from contextvars import ContextVar, copy_context
from functools import partial
from itertools import chain
from typing import Final, TypeAlias

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

Note: TypeAlias = "Callable[[Sequence[Sequence[object]]], object]"
HasTime: TypeAlias = "Callable[[int, int], bool]"


def survivors(
    run: Callable[[], object],
    watched: AbstractContextManager[object] | None = None,
    note: Note = len,
    has_time: HasTime = lambda _done, _rounds: True,
) -> list[tuple[type, list[object]]]:
    """Objects that a few more rounds left alive, by type, where there is at least one more of the type for each round.

    Args:
        run: one round of the workload.
        watched: a block for the rounds alone: all objects are counted before it and after it.
        note: called in the block, once, with what may have survived, by type.
        has_time: asked after the first of so many rounds whether all of them are to be run in the block; where they aren't,
            it ends there, and ``note`` is called with what that round left.
    """
    gc.unfreeze()
    _settle()
    before, old_variables = _count_by_class(gc.get_objects()), list(copy_context())

    def note_all(kinds: Sequence[Sequence[object]]) -> None:
        note([*kinds, *filter(None, [_new_variables(old_variables)])])

    with ExitStack() as block:
        block.enter_context(watched or nullcontext())
        new, everything, is_noted = _left_by(run, partial(_has_left, block, note_all, has_time))
        candidates = _candidates(new)
        if not is_noted:
            note_all(_with_untracked(candidates))
    after = _count_by_class(everything)
    more = {cls: after[cls] - before[cls] for cls in candidates}
    found = {cls: objects[: more[cls]] for cls, objects in candidates.items() if more[cls] >= EXTRA_ROUNDS}
    found |= _untracked(found)
    if not found and len(variables := _new_variables(old_variables)) >= EXTRA_ROUNDS:
        found[id(ContextVar)] = variables  # else what survives is in them, or tells more
    return [(type(objects[0]), objects) for objects in found.values()]


def _left_by(run: Callable[[], object], after_first: Callable[[], bool]) -> tuple[list[object], list[object], bool]:
    """What a few rounds made and left alive, all that there is then, and the answer after the first."""
    gc.freeze()
    try:
        run()
        answer = after_first()
        for _ in range(EXTRA_ROUNDS - 1):
            run()
        _settle()
        new = gc.get_objects()
    finally:
        gc.unfreeze()
    return new, gc.get_objects(), answer


def _new_variables(before: Sequence[object]) -> list[object]:
    """Variables that the current context has come to hold; the collector lists neither it nor a variable of a plain value."""
    known = set(map(id, before))
    return [one for one in copy_context() if id(one) not in known]


def _has_left(block: ExitStack, note: Note, has_time: HasTime) -> bool:
    """Whether the block was left after the first round, as the others would take too long in it."""
    if has_time(1, EXTRA_ROUNDS):
        return False
    _settle()
    note(_with_untracked(_candidates(gc.get_objects(), 1), 1))
    block.close()
    return True


def _candidates(new: Iterable[object], rounds: int = EXTRA_ROUNDS) -> dict[int, list[object]]:
    """What may have survived, and not only replaced others: by type, one for each round at least, nothing of the runner's."""
    found: dict[int, list[object]] = {}
    for one in new:
        found.setdefault(_class_id(one), []).append(one)
    return {
        cls: objects
        for cls, objects in found.items()
        if len(objects) >= rounds and not type_name(type(objects[0])).startswith(_RUNNER_TYPES)
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


def _with_untracked(candidates: Mapping[int, list[object]], rounds: int = EXTRA_ROUNDS) -> list[list[object]]:
    return [*candidates.values(), *_untracked(candidates, rounds).values()]


def _untracked(holders: Mapping[int, Iterable[object]], rounds: int = EXTRA_ROUNDS) -> dict[int, list[object]]:
    """What the collector doesn't track, and ``holders`` hold: one of a type for each round at least.

    What as many of them share as there are rounds was there before: the code of a function that each round makes.
    """
    holding: Counter[int] = Counter()
    parts: dict[int, object] = {}
    for one in chain.from_iterable(holders.values()):
        for part in referents(one):
            if _class_id(part) not in _TELL_LITTLE and not gc.is_tracked(part):
                parts[id(part)] = part
                holding[id(part)] += 1
    found: dict[int, list[object]] = {}
    for number, part in parts.items():
        if holding[number] < EXTRA_ROUNDS:
            found.setdefault(_class_id(part), []).append(part)
    return {cls: alike for cls, alike in found.items() if len(alike) >= rounds}
