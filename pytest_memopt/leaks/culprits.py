"""Naming the culprit of a leak: what accumulates, and who holds it; from a few extra rounds, after the verdict."""

from __future__ import annotations

import gc
import sys
from collections import Counter, deque
from collections.abc import Callable, Sequence
from itertools import islice
from typing import Any, Final

from ..meters.naming import type_name
from ..snapshots.holders import Holder, RootKind, find_holders
from .census import Namespace
from .finding import OUTSIDE, Culprit
from .hunt import Catch
from .series import ContainerGrowth, typical

_EXTRA_ROUNDS: Final = 3
_CULPRITS_MOST: Final = 5
_SAMPLES: Final = 3
_RUNNER_TYPES: Final = ("_pytest.", "pytest_memopt.")


def name_culprits(run: Callable[[], object], catch: Catch) -> tuple[Culprit, ...]:
    """What accumulates, those that are held by a growing container first; runs the workload a few times more.

    Args:
        run: one round of the workload.
        catch: a hunt that ended in a leak.
    """
    growing = [one for one in catch.containers if not catch.ruling.containers or one.key in catch.ruling.containers]
    held = _held_by_containers(growing, catch.followed)
    survivors = _survivors(run)
    known = {culprit.type for culprit in held}
    loose = [culprit for culprit in _loose(survivors) if culprit.type not in known]
    return tuple([*held, *loose][:_CULPRITS_MOST])


def _held_by_containers(growing: Sequence[ContainerGrowth], followed: Sequence[object]) -> list[Culprit]:
    containers = [(one, followed[one.key]) for one in growing]
    targets = [container.names if type(container) is Namespace else container for _, container in containers]
    holders = find_holders(targets, ignore={id(followed), id(growing), id(containers), id(targets)})
    culprits = []
    for (growth, container), target in zip(containers, targets, strict=True):
        holder = holders.get(id(target))
        if holder is not None:
            culprits.append(_culprit(growth, container, holder))
    culprits.sort(key=lambda one: (one.holder == OUTSIDE, len(one.path or "")))
    return culprits


def _culprit(growth: ContainerGrowth, container: object, holder: Holder) -> Culprit:
    per_round = typical(growth.changes)
    if type(container) is Namespace:
        name = f"{holder.owner}.{container.name}"
        return Culprit(growth.type, None, per_round, holder=name, holder_type="module", path=name)
    newest = _newest(container)
    size_bytes = sys.getsizeof(newest[0], 0) * per_round if newest else None
    element = type_name(type(newest[0])) if newest else growth.type
    return Culprit(
        type=element,
        count_per_round=per_round,
        bytes_per_round=size_bytes,
        holder=holder.owner,
        holder_type=growth.type,
        path=f"{holder.normal}[*]",
    )


def _newest(container: Any) -> list[object]:
    """Some of the elements that came last."""
    cls = type(container)
    if issubclass(cls, list):
        return list.__getitem__(container, slice(-_SAMPLES, None))
    if issubclass(cls, dict):
        pairs = list(islice(reversed(dict.items(container)), _SAMPLES))
        return [value if value is not None else key for key, value in pairs]
    if issubclass(cls, deque):
        return list(islice(deque.__reversed__(container), _SAMPLES))
    return list(islice(set.__iter__(container), _SAMPLES)) if issubclass(cls, set) else []


def _survivors(run: Callable[[], object]) -> dict[type, list[object]]:
    """Objects that a few more rounds left alive, by type, where there is at least one more of the type for each round."""
    gc.unfreeze()
    gc.collect()
    counts = Counter(map(type, gc.get_objects()))
    gc.freeze()
    try:
        for _ in range(_EXTRA_ROUNDS):
            run()
        gc.collect()
        new = gc.get_objects()
    finally:
        gc.unfreeze()
    after = Counter(map(type, gc.get_objects()))
    more = {cls: count - counts[cls] for cls, count in after.items() if count - counts[cls] >= _EXTRA_ROUNDS}
    by_type: dict[type, list[object]] = {cls: [] for cls in more}
    for one in new:
        if type(one) in more:
            by_type[type(one)].append(one)
    return {cls: found[: more[cls]] for cls, found in by_type.items() if found}


def _loose(survivors: dict[type, list[object]]) -> list[Culprit]:
    """What accumulates by type, with who holds one of each."""
    told = {cls: found for cls, found in survivors.items() if not type_name(cls).startswith(_RUNNER_TYPES)}
    ranked = sorted(told.items(), key=lambda pair: (-len(pair[1]), type_name(pair[0])))[:_CULPRITS_MOST]
    # neither the first, which may be pytest's, nor one that the next round would have replaced
    targets = [found[len(found) // 2] for _, found in ranked]
    own = {id(survivors), id(told), id(ranked), id(targets), *(id(found) for found in survivors.values())}
    holders = find_holders(targets, ignore=own)
    culprits = []
    for (cls, found), target in zip(ranked, targets, strict=True):
        holder = holders.get(id(target))
        is_held = holder is not None and holder.root is not RootKind.OUTSIDE
        count = len(found) / _EXTRA_ROUNDS
        culprits.append(
            Culprit(
                type=type_name(cls),
                count_per_round=count,
                bytes_per_round=count * sys.getsizeof(target, 0),
                holder=holder.owner if holder is not None and is_held else OUTSIDE,
                path=holder.normal if holder is not None and is_held else None,
            )
        )
    return culprits
