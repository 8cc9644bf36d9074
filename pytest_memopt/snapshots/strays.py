"""Objects that hang on nothing known: the way back, a few steps, to something that has a name."""

from __future__ import annotations

from collections.abc import Collection
from types import FrameType
from typing import Final

from ..meters.originals import gc
from .frames import is_own_frame
from .reach import chain_to, parents_of

_MOST_STEPS: Final = 4


def stray_chains(strays: dict[int, object], seen: Collection[int]) -> dict[int, list[object]]:
    """For each of ``strays``, objects that lead to it, the furthest first and itself last.

    Only what isn't in ``seen`` is looked at: the rest was found to hold none of them. Frozen objects aren't looked at
    either, as ``gc.get_referrers`` passes them by.
    """
    parents: dict[int, object] = {}
    frontier = dict(strays)
    known = set(strays)
    for _ in range(_MOST_STEPS):
        passed = {*map(id, (strays, parents, frontier)), *known}
        frontier = _step_back(frontier, passed, seen, parents)
        known |= frontier.keys()
    return {number: chain_to(one, parents) for number, one in strays.items()}


def _step_back(
    frontier: dict[int, object], passed: set[int], seen: Collection[int], parents: dict[int, object]
) -> dict[int, object]:
    seal = object()  # marks the tuple of arguments, which is a referrer too
    referrers = gc.get_referrers(*frontier.values(), seal)
    candidates = [one for one in referrers if id(one) not in passed and id(one) not in seen and not _is_own(one, seal)]
    gained = parents_of(candidates, set(frontier))
    parents |= gained
    return {id(one): one for one in gained.values()}


def _is_own(one: object, seal: object) -> bool:
    if type(one) is tuple:
        return one[-1] is seal
    return issubclass(type(one), FrameType) and is_own_frame(one)  # type: ignore[arg-type]
