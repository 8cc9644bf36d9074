"""Naming the culprit of a leak: what accumulates, and who holds it; from a few extra rounds, after the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from itertools import islice
from typing import Final, NamedTuple

from ..meters.naming import type_name
from ..meters.rounds import OUTSIDE_SIGNALS, LeakSignal
from ..snapshots.sizes import size_bytes_of
from .catch import Catch
from .census import newest_of
from .clues import LineClues
from .finding import C_MEMORY, LOST_MEMORY, MAYBE_TRACING, OUTSIDE, Culprit, NoLine, Origin
from .growing import Growing, OriginOf, growing_containers, held_by_containers, without_weak
from .holder_names import as_written, held_by_users, holders_of, name_and_path, names_of_holders
from .outsiders import Outsiders, outside_culprits
from .survivors import EXTRA_ROUNDS, survivors

_CULPRITS_MOST: Final = 5


class Blame(NamedTuple):
    """Who is to blame for a leak, the container that grows, where the first is held by one, and why no line is told."""

    culprits: tuple[Culprit, ...]
    container: object = None
    no_line: NoLine | None = None


def name_culprits(
    run: Callable[[], object], catch: Catch, clues: LineClues, failures: type[Exception] = Exception
) -> Blame:
    """What accumulates, those that are held by a growing container first; runs the workload a few times more.

    A workload that fails when it is watched, as it minds its time or who traces, is named without any lines.

    Args:
        run: one round of the workload.
        catch: a hunt that ended in a leak.
        clues: tells the lines behind each.
        failures: what the workload raises when it fails.
    """
    with suppress(failures):
        return _named(run, catch, clues)
    # out here, where the failure is let go of: its traceback holds what the workload had, and what was found till then
    return _named(run, catch, clues.unwatched())._replace(no_line=NoLine.FAILED)


def _named(run: Callable[[], object], catch: Catch, clues: LineClues) -> Blame:
    growing = growing_containers(catch)
    # before anything is counted: it may take a round
    remembered = clues.remembered(is_wanted=bool(growing) or not OUTSIDE_SIGNALS.issuperset(catch.ruling.signals))
    before = Outsiders()
    found = _survivors(run, catch, growing, clues, remembered)
    is_elsewhere = not (growing or found)
    ignored = {id(catch), id(catch.followed), id(catch.late), id(growing), *map(id, growing), *_ids_of_lists(found)}
    held, loose = _of_python(growing, found, ignored, clues)
    del found
    added = outside_culprits(before, catch.ruling.signals, partial(names_of_holders, ignored))
    outside = [one for signal, alike in added.items() for one in _with_line(alike, signal, clues)]
    room = max(1, _CULPRITS_MOST - len(outside))  # what the system counts is told, however much hangs on it
    inside = _of_users([*(culprit for culprit, _ in held), *loose], catch)
    named = [*inside[:room], *outside][:_CULPRITS_MOST]
    container = next((growing[at].container for culprit, at in held if culprit in named[:1]), None)
    unheld = () if named else (_without_object(catch, clues) if is_elsewhere else ()) or _of_c_memory(catch, clues)
    told = (*named, *unheld)
    is_without_line = clues.ran_out and not (told and told[0].site)
    return Blame(told, container, NoLine.RAN_OUT if is_without_line else None)


def _of_python(
    growing: Sequence[Growing], found: Sequence[tuple[type, list[object]]], ignored: set[int], clues: LineClues
) -> tuple[list[tuple[Culprit, int]], list[Culprit]]:
    """What is held by containers that grow, each with the place of its container, and what else survives."""

    def origin_of(objects: Sequence[object]) -> Origin:
        return clues.origin(clues.led_to(objects))

    held = held_by_containers(growing, ignored, origin_of)
    known = {culprit.type for culprit, _ in held}
    loose = [culprit for culprit in _loose(found, ignored, origin_of) if culprit.type not in known]
    return without_weak(held, growing, found, loose), loose


def _of_users(culprits: Sequence[Culprit], catch: Catch) -> list[Culprit]:
    """What others than the runner hold first; where nobody else holds anything of Python's, what a test has given it."""
    ordered = sorted(culprits, key=lambda one: one.holder == OUTSIDE)
    is_pythons = LeakSignal.BLOCKS in catch.ruling.signals
    return held_by_users(ordered) or ([as_written(one) for one in ordered] if is_pythons else [])


def _survivors(
    run: Callable[[], object],
    catch: Catch,
    growing: Sequence[Growing],
    clues: LineClues,
    remembered: AbstractContextManager[None],
) -> list[tuple[type, list[object]]]:
    """What a few rounds leave alive; the lines behind that, and behind what grows, are noted."""

    def note(kinds: Sequence[Sequence[object]]) -> None:
        for one in growing:
            clues.note_newest(one.container, newest_of(one.container))
        for objects in kinds:
            clues.note(objects)
        if not (growing or clues.ran_out):  # what one round leaves for a while can't be told from what stays
            clues.note_rest(_bytes_per_round(catch), EXTRA_ROUNDS)

    # no more than that while lines are remembered: everything takes many times as long then
    return survivors(run, remembered, note, clues.has_time_to_remember)


def _ids_of_lists(found: Sequence[tuple[type, list[object]]]) -> set[int]:
    """The lists that hold what survived: they aren't among its holders."""
    return {id(found), *map(id, found), *(id(objects) for _, objects in found)}


def _with_line(culprits: Sequence[Culprit], signal: LeakSignal, clues: LineClues) -> list[Culprit]:
    """The first of them with the line that lets it come to be; others may come from elsewhere."""
    if not culprits:
        return []
    first, *others = culprits
    return [first.coming_from(clues.origin(clues.led_to_growth(signal, first.count_per_round or 1))), *others]


def _bytes_per_round(catch: Catch) -> float:
    return _grown(catch, LeakSignal.SMALL_BYTES) + _grown(catch, LeakSignal.HEAP_BYTES)


def _without_object(catch: Catch, clues: LineClues) -> list[Culprit]:
    """What was asked of Python's allocators, and no object that can be found has: a reference count that is too high."""
    origin = clues.origin(clues.led_to_rest())
    if origin.site is None:
        return []
    return [Culprit(LOST_MEMORY, None, _bytes_per_round(catch)).coming_from(origin)]


def _of_c_memory(catch: Catch, clues: LineClues) -> list[Culprit]:
    """What grows where nothing in Python does."""
    grown = _grown(catch, LeakSignal.HEAP_BYTES)
    if LeakSignal.HEAP_BYTES not in catch.ruling.signals or grown <= 0:
        return []
    origin = clues.origin(clues.led_to_growth(LeakSignal.HEAP_BYTES, grown))
    if clues.may_be_of_tracing:  # native calls would be told of something else that takes about as much
        return [Culprit(C_MEMORY, None, grown, example=MAYBE_TRACING).coming_from(origin)]
    return [Culprit(C_MEMORY, None, grown, stack=clues.native_calls(grown)).coming_from(origin)]


def _grown(catch: Catch, signal: LeakSignal) -> float:
    return next((one.per_round for one in catch.series if one.signal is signal), 0)


def _loose(found: Sequence[tuple[type, list[object]]], ignored: set[int], origin_of: OriginOf) -> list[Culprit]:
    """What accumulates by type, with who holds one of each."""
    ranked = sorted(found, key=lambda pair: (-_total_bytes(pair[1]), type_name(pair[0])))
    shown = list(islice(ranked, _CULPRITS_MOST))
    # neither the first, which may be pytest's, nor one that the next round would have replaced
    targets = [objects[len(objects) // 2] for _, objects in shown]
    own = {id(ranked), id(shown), id(targets)}
    holders = holders_of(targets, ignored | own)
    culprits = []
    for (cls, objects), target in zip(shown, targets, strict=True):
        name, path = name_and_path(holders.get(id(target)))
        count = len(objects) / EXTRA_ROUNDS
        size_bytes = count * size_bytes_of(target)
        culprits.append(Culprit(type_name(cls), count, size_bytes, name, path=path).coming_from(origin_of(objects)))
    return culprits


def _total_bytes(objects: Sequence[object]) -> int:
    """About what all of them take, by the one in the middle."""
    return len(objects) * size_bytes_of(objects[len(objects) // 2])
