"""The containers that grow with a leak, and what is told of what they take in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias
from weakref import ReferenceType

from ..meters.naming import type_name
from ..snapshots.holders import Holder
from ..snapshots.sizes import size_bytes_of
from .catch import Catch
from .census import Namespace, cache_table, newest_of
from .finding import Culprit, Origin, is_below
from .holder_names import holders_of, name_and_path
from .series import typical

# of the rounds that leaked: a container that took less than an element in each isn't behind it
_LATE_SHARE: Final = 0.5
_REFERENT: Final[Callable[[Any], object]] = ReferenceType.__call__
_ELEMENT: Final = "[*]"
_ELEMENT_OF_SET: Final = "{…}"

OriginOf: TypeAlias = "Callable[[Sequence[object]], Origin]"


class Growing(NamedTuple):
    """A container that grows, and by how many elements a round."""

    container: object
    per_round: float


def growing_containers(catch: Catch) -> list[Growing]:
    """Those behind the ruling; where none was followed, those that had grown at the end, by an element in every other round."""
    named = [one for one in catch.containers if one.key in catch.ruling.containers]
    if named:
        found = [Growing(catch.followed[one.key], typical(one.changes)) for one in named]
    else:
        rounds, least = max(1, len(catch.series[0].changes)), _LATE_SHARE * _rounds_that_grew(catch)
        late = [one for one in catch.late if one.now - one.before >= least]
        found = [Growing(one.container, (one.now - one.before) / rounds) for one in late]
    tables = {id(table) for one in found if (table := cache_table(one.container)) is not None}
    return [one for one in found if id(one.container) not in tables]


def _rounds_that_grew(catch: Catch) -> int:
    judged = [one for one in catch.series if one.signal in catch.ruling.signals]
    return max((sum(change > 0 for change in one.changes) for one in judged), default=0)


def held_by_containers(growing: Sequence[Growing], ignored: set[int], origin_of: OriginOf) -> list[tuple[Culprit, int]]:
    """What grows in the containers that can be named, with the place of each in ``growing``; the shortest way comes first."""
    targets = [one.container.names if type(one.container) is Namespace else one.container for one in growing]
    own = {id(growing), id(targets), *map(id, growing)}
    holders = holders_of(targets, ignored | own)
    culprits = []
    for at, (one, target) in enumerate(zip(growing, targets, strict=True)):
        holder = holders.get(id(target))
        if holder is not None and holder.bound is None:
            culprits.append(
                (_culprit(one, holder).coming_from(origin_of([newest_of(one.container), one.container])), at)
            )
    culprits.sort(key=lambda one: len(one[0].path or ""))
    return culprits


def _culprit(growing: Growing, holder: Holder) -> Culprit:
    container = growing.container
    if type(container) is Namespace:
        name = f"{holder.owner}.{container.name}".replace(".__dict__.", ".")
        kind = type_name(type(newest_of(container)))
        return Culprit(kind, None, growing.per_round, holder=name, holder_type="module", path=name)
    newest = newest_of(container)
    name, path = name_and_path(holder)
    return Culprit(
        type=type_name(type(newest)),
        count_per_round=growing.per_round,
        bytes_per_round=size_bytes_of(newest) * growing.per_round,
        holder=name,
        holder_type=type_name(type(container)),
        path=None if path is None else f"{path}{_ELEMENT_OF_SET if issubclass(type(container), set) else _ELEMENT}",
    )


def without_weak(
    held: list[tuple[Culprit, int]],
    growing: Sequence[Growing],
    survivors: Sequence[tuple[type, list[object]]],
    loose: Sequence[Culprit],
) -> list[tuple[Culprit, int]]:
    """What is held by containers, without those that only refer to what others keep alive, where there is one that does.

    Args:
        held: the culprits, each with the place of its container in ``growing``.
        growing: the containers.
        survivors: what was left alive, by type.
        loose: the culprits among that, with who holds them.
    """
    kinds = set(map(id, (cls for cls, _ in survivors)))
    weak = {at for _, at in held if _only_refers_to(growing[at].container, kinds)}
    strong = [(culprit, at) for culprit, at in held if at not in weak]
    ways = [_container_path(culprit) for culprit, at in held if at in weak and culprit.path]
    paths = [one.path for one in loose if one.path is not None]
    is_held_elsewhere = any(not any(is_below(path, way) for way in ways) for path in paths)
    return strong if strong or is_held_elsewhere else held


def _only_refers_to(container: Any, kinds: Collection[int]) -> bool:
    """Whether its newest element, or the key of that, is a weak reference to one of these types."""
    newest: list[object] = [newest_of(container)]
    if issubclass(type(container), dict):
        newest += islice(reversed(dict.keys(container)), 1)
    return any(id(type(_REFERENT(one))) in kinds for one in newest if issubclass(type(one), ReferenceType))


def _container_path(culprit: Culprit) -> str:
    return str(culprit.path).removesuffix(_ELEMENT).removesuffix(_ELEMENT_OF_SET)
