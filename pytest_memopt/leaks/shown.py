"""Leaks that one test has shown: the next that trips over one of them is decided quickly, and told with the same words."""

from __future__ import annotations

from typing import Final, NamedTuple

from ..meters.rounds import OUTSIDE_SIGNALS
from .catch import Catch
from .culprits import Blame
from .finding import Culprit
from .series import typical

_KEPT_MOST: Final = 32


class _Shown(NamedTuple):
    """A leak, the container that grew with it, and by how many elements a round."""

    container: object
    per_round: float
    culprits: tuple[Culprit, ...]


class ShownLeaks:
    """The leaks that the tests so far have shown, by the containers that grow with them; keeps these alive."""

    def __init__(self) -> None:
        """None so far."""
        self._shown: dict[int, _Shown] = {}

    @property
    def containers(self) -> list[object]:
        """The containers that are known to leak."""
        return [one.container for one in self._shown.values()]

    def add(self, catch: Catch, blame: Blame) -> None:
        """Remember a leak by the container that the finding names; where it names none, by the one that grew the most."""
        if not blame.culprits or len(self._shown) >= _KEPT_MOST:
            return
        growing = [one for one in catch.containers if one.key in catch.ruling.containers]
        named = [one for one in growing if catch.followed[one.key] is blame.container]
        for one in (named or growing)[:1]:
            container = catch.followed[one.key]
            self._shown[id(container)] = _Shown(container, typical(one.changes), blame.culprits)

    def culprits_of(self, catch: Catch) -> tuple[Culprit, ...]:
        """The culprits of a leak that was shown before, with the amounts of this one; none where it is new.

        Not where descriptors, threads, processes or tasks grow with it: those are this test's own, and are to be named.
        """
        if not OUTSIDE_SIGNALS.isdisjoint(catch.ruling.signals):
            return ()
        for one in catch.containers:
            shown = self._shown.get(id(catch.followed[one.key]))
            if shown is not None and one.key in catch.ruling.containers:
                share = typical(one.changes) / (shown.per_round or 1)
                return tuple(_times(culprit, share) for culprit in shown.culprits)
        return ()


def _times(culprit: Culprit, share: float) -> Culprit:
    count, size = culprit.count_per_round, culprit.bytes_per_round
    return culprit._replace(
        count_per_round=None if count is None else count * share,
        bytes_per_round=None if size is None else size * share,
        site=None if share != 1 else culprit.site,
        example=None,
    )
