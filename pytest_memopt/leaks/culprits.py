"""Naming the culprit of a leak: what accumulates, and who holds it; from a few extra rounds, after the verdict."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Final, NamedTuple, TypeAlias

from ..meters.naming import type_name
from ..meters.rounds import LeakSignal
from ..snapshots.holders import Holder, find_holders
from ..snapshots.roots import RootKind
from ..snapshots.sizes import size_bytes_of
from .catch import Catch
from .census import Namespace, cache_table, newest_of
from .clues import LineClues
from .finding import C_MEMORY, LOST_MEMORY, MAYBE_TRACING, OUTSIDE, Culprit, Origin
from .outsiders import Outsiders, outside_culprits
from .series import typical
from .survivors import EXTRA_ROUNDS, survivors

_CULPRITS_MOST: Final = 5
# of the rounds that leaked: a container that took less than an element in each isn't behind it
_LATE_SHARE: Final = 0.5
_RUNNER: Final = ("pytest_memopt.", "_pytest.", "pluggy.")
_FIXTURE_VALUE: Final = ".cached_result[*]"
_QUOTED_KEY: Final = re.compile(r"\['(\w+)'\]")


OriginOf: TypeAlias = "Callable[[Sequence[object]], Origin]"


class _Growing(NamedTuple):
    """A container that grows, and by how many elements a round."""

    container: object
    per_round: float


class Blame(NamedTuple):
    """Who is to blame for a leak, and the container that grows, where the first of them is held by one."""

    culprits: tuple[Culprit, ...]
    container: object = None


def name_culprits(run: Callable[[], object], catch: Catch, clues: LineClues) -> Blame:
    """What accumulates, those that are held by a growing container first; runs the workload a few times more.

    Args:
        run: one round of the workload.
        catch: a hunt that ended in a leak.
        clues: tells the lines behind each.
    """
    before, growing = Outsiders(), _growing(catch)
    found = _survivors(run, catch, growing, clues)
    is_elsewhere = not (growing or found)

    def origin_of(objects: Sequence[object]) -> Origin:
        return clues.origin(clues.led_to(objects))

    ignored = {id(catch), id(catch.followed), id(catch.late), id(growing), *map(id, growing), *_ids_of_lists(found)}
    held = _held_by_containers(growing, ignored, origin_of)
    known = {culprit.type for culprit, _ in held}
    loose = [culprit for culprit in _loose(found, ignored, origin_of) if culprit.type not in known]
    del found
    added = outside_culprits(before, catch.ruling.signals, partial(_names_of_holders, ignored))
    culprits = sorted([*(culprit for culprit, _ in held), *loose], key=lambda one: one.holder == OUTSIDE)
    inside = [one for one in culprits if not one.holder.startswith(_RUNNER)]
    outside = [one for signal, alike in added.items() for one in _with_line(alike, signal, clues)]
    room = max(1, _CULPRITS_MOST - len(outside))  # what the system counts is told, however much hangs on it
    named = [*inside[:room], *outside][:_CULPRITS_MOST]
    container = next((growing[at].container for culprit, at in held if culprit in named[:1]), None)
    unheld = () if named else (_without_object(catch, clues) if is_elsewhere else ()) or _of_c_memory(catch, clues)
    return Blame((*named, *unheld), container)


def _survivors(
    run: Callable[[], object], catch: Catch, growing: Sequence[_Growing], clues: LineClues
) -> list[tuple[type, list[object]]]:
    """What a few rounds leave alive; the lines behind that, and behind what grows, are noted."""

    def note(kinds: Sequence[Sequence[object]]) -> None:
        for objects in (*([newest_of(one.container)] for one in growing), *kinds):
            clues.note(objects)
        if not growing:
            clues.note_rest(_bytes_per_round(catch), EXTRA_ROUNDS)

    # no more than that while lines are remembered: everything takes many times as long then
    return survivors(run, clues.remembered(), note)


def _ids_of_lists(found: Sequence[tuple[type, list[object]]]) -> set[int]:
    """The lists that hold what survived: they aren't among its holders."""
    return {id(found), *map(id, found), *(id(objects) for _, objects in found)}


def _names_of_holders(ignored: set[int], targets: Sequence[object], own: set[int]) -> list[tuple[str, str | None]]:
    holders = _holders(targets, ignored | own)
    return [_name_and_path(holders.get(id(target))) for target in targets]


def _with_line(culprits: Sequence[Culprit], signal: LeakSignal, clues: LineClues) -> list[Culprit]:
    """The first of them with the line that lets it come to be; others may come from elsewhere."""
    if not culprits:
        return []
    first, *others = culprits
    return [_from(first, clues.origin(clues.led_to_growth(signal, first.count_per_round or 1))), *others]


def _from(culprit: Culprit, origin: Origin) -> Culprit:
    return culprit._replace(site=origin.site, fixture=origin.fixture)


def _bytes_per_round(catch: Catch) -> float:
    return _grown(catch, LeakSignal.SMALL_BYTES) + _grown(catch, LeakSignal.HEAP_BYTES)


def _without_object(catch: Catch, clues: LineClues) -> list[Culprit]:
    """What was asked of Python's allocators, and no object that can be found has: a reference count that is too high."""
    origin = clues.origin(clues.led_to_rest())
    if origin.site is None:
        return []
    return [_from(Culprit(LOST_MEMORY, None, _bytes_per_round(catch)), origin)]


def _of_c_memory(catch: Catch, clues: LineClues) -> list[Culprit]:
    """What grows where nothing in Python does."""
    grown = _grown(catch, LeakSignal.HEAP_BYTES)
    if LeakSignal.HEAP_BYTES not in catch.ruling.signals or grown <= 0:
        return []
    origin = clues.origin(clues.led_to_growth(LeakSignal.HEAP_BYTES, grown))
    told = MAYBE_TRACING if clues.may_be_of_tracing else None
    return [_from(Culprit(C_MEMORY, None, grown, stack=clues.native_calls(grown), example=told), origin)]


def _grown(catch: Catch, signal: LeakSignal) -> float:
    return next((one.per_round for one in catch.series if one.signal is signal), 0)


def _growing(catch: Catch) -> list[_Growing]:
    named = [one for one in catch.containers if one.key in catch.ruling.containers]
    if named:
        found = [_Growing(catch.followed[one.key], typical(one.changes)) for one in named]
    else:
        rounds, least = max(1, len(catch.series[0].changes)), _LATE_SHARE * _rounds_that_grew(catch)
        late = [one for one in catch.late if one.now - one.before >= least]
        found = [_Growing(one.container, (one.now - one.before) / rounds) for one in late]
    tables = {id(table) for one in found if (table := cache_table(one.container)) is not None}
    return [one for one in found if id(one.container) not in tables]


def _rounds_that_grew(catch: Catch) -> int:
    judged = [one for one in catch.series if one.signal in catch.ruling.signals]
    return max((sum(change > 0 for change in one.changes) for one in judged), default=0)


def _held_by_containers(
    growing: Sequence[_Growing], ignored: set[int], origin_of: OriginOf
) -> list[tuple[Culprit, int]]:
    """What grows in the containers that can be named, with the place of each in ``growing``; the shortest way comes first."""
    targets = [one.container.names if type(one.container) is Namespace else one.container for one in growing]
    own = {id(growing), id(targets), *map(id, growing)}
    holders = _holders(targets, ignored | own)
    culprits = []
    for at, (one, target) in enumerate(zip(growing, targets, strict=True)):
        holder = holders.get(id(target))
        if holder is not None and holder.bound is None:
            culprits.append((_from(_culprit(one, holder), origin_of([newest_of(one.container)])), at))
    culprits.sort(key=lambda one: len(one[0].path or ""))
    return culprits


def _holders(targets: Sequence[object], ignored: set[int]) -> dict[int, Holder]:
    return {key: _of_fixture(holder) for key, holder in find_holders(targets, ignore=ignored).items()}


def _of_fixture(holder: Holder) -> Holder:
    """What pytest holds as the value of a fixture is held by the fixture, whose name is the last key before it."""
    before, _, after = holder.normal.partition(_FIXTURE_VALUE)
    names = _QUOTED_KEY.findall(holder.path.partition(_FIXTURE_VALUE.replace("*", "0"))[0])
    if before == holder.normal or not names:
        return holder
    name = f"fixture {names[-1]}"
    return holder._replace(normal=name + after, owner=name)


def _culprit(growing: _Growing, holder: Holder) -> Culprit:
    container = growing.container
    if type(container) is Namespace:
        name = f"{holder.owner}.{container.name}".replace(".__dict__.", ".")
        kind = type_name(type(newest_of(container)))
        return Culprit(kind, None, growing.per_round, holder=name, holder_type="module", path=name)
    newest = newest_of(container)
    name, path = _name_and_path(holder)
    return Culprit(
        type=type_name(type(newest)),
        count_per_round=growing.per_round,
        bytes_per_round=size_bytes_of(newest) * growing.per_round,
        holder=name,
        holder_type=type_name(type(container)),
        path=None if path is None else f"{path}[*]",
    )


def _name_and_path(holder: Holder | None) -> tuple[str, str | None]:
    """By which name something is held, and by which path; neither where no Python object holds it."""
    if holder is None or holder.root is RootKind.OUTSIDE:
        return OUTSIDE, None
    return holder.owner, holder.normal


def _loose(found: Sequence[tuple[type, list[object]]], ignored: set[int], origin_of: OriginOf) -> list[Culprit]:
    """What accumulates by type, with who holds one of each."""
    ranked = sorted(found, key=lambda pair: (-_total_bytes(pair[1]), type_name(pair[0])))
    shown = list(islice(ranked, _CULPRITS_MOST))
    # neither the first, which may be pytest's, nor one that the next round would have replaced
    targets = [objects[len(objects) // 2] for _, objects in shown]
    own = {id(ranked), id(shown), id(targets)}
    holders = _holders(targets, ignored | own)
    culprits = []
    for (cls, objects), target in zip(shown, targets, strict=True):
        name, path = _name_and_path(holders.get(id(target)))
        count = len(objects) / EXTRA_ROUNDS
        size_bytes = count * size_bytes_of(target)
        culprits.append(_from(Culprit(type_name(cls), count, size_bytes, name, path=path), origin_of(objects)))
    return culprits


def _total_bytes(objects: Sequence[object]) -> int:
    """About what all of them take, by the one in the middle."""
    return len(objects) * size_bytes_of(objects[len(objects) // 2])
