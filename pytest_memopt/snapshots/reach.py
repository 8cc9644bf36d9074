"""Who can reach whom: a search through the heap, level by level, and the way back from what was found."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from itertools import count, filterfalse
from typing import Final, TypeAlias

from ..meters.originals import gc
from ..meters.referents import referents

_CHUNK: Final = 512

Entrance: TypeAlias = "Callable[[set[int]], dict[int, object]]"


class Reach:
    """What was met from some entries, the entries first; lives as long as the search, as it holds what it met.

    A level is what one step leads to from the level before. Steps are taken for hundreds of objects at once, without one
    line of Python for each; all that is kept is where in the level what each of these lots led to ends. Who led to an
    object is found out afterwards, for those few that somebody wants to know of.
    """

    def __init__(self, entries: Sequence[object], seen: set[int], *, only_tracked: bool) -> None:
        """Begin at ``entries``.

        Args:
            entries: the first level.
            seen: what is passed by; what is met gets in.
            only_tracked: pass by what the collector doesn't track: strings, numbers, and tuples and dicts of such.
        """
        self._seen = seen
        self._only_tracked = only_tracked
        self._levels: list[list[object]] = [[]]
        self._ends: list[list[int]] = [[]]
        self._positions: dict[int, dict[int, int]] = defaultdict(dict)
        self._entries = entries

    def look_for(self, wanted: set[int]) -> None:
        """Go on until all of ``wanted`` are met or there is nothing left; those that were met are taken out."""
        self._add(self._entries, wanted)
        while wanted and (level := self._levels[-1]):
            self._levels.append([])
            self._ends.append([])
            for start in range(0, len(level), _CHUNK):
                found: Sequence[object] = referents(*level[start : start + _CHUNK])
                self._add(list(filter(gc.is_tracked, found)) if self._only_tracked else found, wanted)
                if not wanted:
                    return

    def chains(self, entrance: Entrance) -> dict[int, list[object]]:
        """For each object that was looked for and met, the objects on the way to it: an entry first, itself last.

        Args:
            entrance: tells for objects next to an entry which entry it should be, where several lead there.
        """
        met = [(depth, position) for depth, places in self._positions.items() for position in places.values()]
        parents: dict[int, object] = {}
        for depth in range(len(self._levels) - 1, 0, -1):
            pending = self._positions[depth]
            if depth == 1:
                parents |= entrance(set(pending))
            lots: dict[int, set[int]] = defaultdict(set)
            for number in pending.keys() - parents.keys():
                lots[bisect_right(self._ends[depth], pending[number])].add(number)
            for lot, numbers in lots.items():
                parents |= self._parents_in(depth - 1, lot * _CHUNK, numbers)
        lasts = (self._levels[depth][position] for depth, position in met)
        return {id(one): chain_to(one, parents) for one in lasts}

    def _parents_in(self, depth: int, start: int, wanted: set[int]) -> dict[int, object]:
        lot = self._levels[depth][start : start + _CHUNK]
        parents = parents_of(lot, wanted)
        chosen = set(map(id, parents.values()))
        self._positions[depth].update((id(one), place) for place, one in enumerate(lot, start) if id(one) in chosen)
        return parents

    def _add(self, found: Sequence[object], wanted: set[int]) -> None:
        """Put what is new among ``found`` at the end of the last level."""
        by_id = dict(zip(map(id, found), found, strict=True))
        numbers = list(filterfalse(self._seen.__contains__, by_id))
        self._seen.update(numbers)
        level, depth = self._levels[-1], len(self._levels) - 1
        if met := wanted.intersection(numbers):
            places = zip(numbers, count(len(level)))
            self._positions[depth].update((number, place) for number, place in places if number in met)
            wanted -= met
        level += map(by_id.__getitem__, numbers)
        self._ends[-1].append(len(level))


def parents_of(candidates: Sequence[object], wanted: set[int]) -> dict[int, object]:
    """For each of ``wanted`` the first of ``candidates`` that refers to it."""
    parents: dict[int, object] = {}
    missing = set(wanted)
    for one in candidates:
        children = missing.intersection(map(id, referents(one)))
        parents.update(dict.fromkeys(children, one))
        missing -= children
        if not missing:
            break
    return parents


def chain_to(last: object, parents: dict[int, object]) -> list[object]:
    """The objects that lead to ``last``, by who led to whom; a circle is gone round once."""
    chain = [last]
    while (parent := parents.get(id(chain[-1]))) is not None and len(chain) <= len(parents) + 1:
        chain.append(parent)
    return chain[::-1]
