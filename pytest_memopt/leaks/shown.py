"""Leaks that one test has shown: the next that trips over one of them is decided quickly, and told with the same words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from ..meters.naming import type_name
from ..meters.rounds import BYTE_SIGNALS, OUTSIDE_SIGNALS, LeakSignal
from .catch import Catch
from .census import newest_of
from .culprits import Blame
from .finding import Culprit, Origin
from .series import ContainerGrowth, typical

_KEPT_MOST: Final = 32
_BLOCKS_SHARE: Final = 0.25  # tables grow in steps, so that medians of few rounds differ
_LEAST_BLOCKS: Final = 0.5
_BYTES_TIMES: Final = 2  # the same thing may come with a longer text
_LEAST_BYTES: Final = 1024


class _Shown(NamedTuple):
    """A leak, and what a round of it added: elements of the container that grew with it, blocks and bytes."""

    per_round: float
    newest_type: str
    added: tuple[float, float]
    culprits: tuple[Culprit, ...]


class ShownLeaks:
    """The leaks that the tests so far have shown, by the containers that grow with them; keeps these alive."""

    def __init__(self) -> None:
        """None so far."""
        self._shown: list[tuple[object, list[_Shown]]] = []

    @property
    def containers(self) -> list[object]:
        """The containers that are known to leak."""
        return [container for container, _ in self._shown]

    def add(self, catch: Catch, blame: Blame, own_file: str = "") -> None:
        """Remember a leak by the container that holds its first culprit; one that no container holds isn't known again.

        Args:
            catch: the hunt that found it.
            blame: what it told.
            own_file: the test's own file, as sites tell it: a line there is behind this test's leak, and no other's.
        """
        if not blame.culprits or len(self._shown) >= _KEPT_MOST:
            return
        first = blame.culprits[0]
        for one in catch.containers:
            container = catch.followed[one.key]
            if container is blame.container and one.key in catch.ruling.containers:
                told = [culprit for culprit in blame.culprits if culprit is first or culprit.is_held_with(first)]
                culprits = tuple(_without_line_of(culprit, own_file) for culprit in told)
                self._leaks_of(container).append(
                    _Shown(typical(one.changes), _newest_type(container), _added(catch), culprits)
                )

    def culprits_of(self, catch: Catch) -> tuple[Culprit, ...]:
        """The culprits of a leak that was shown before, with the amounts of this one; none where it is new.

        It is new where the container took something of another type, or an element comes with much more or less memory
        than it did: something else may hang on it, or leak beside it. Nor is it told so where descriptors, threads, processes or tasks grow with it:
        those are this test's own, and are to be named.
        """
        if not OUTSIDE_SIGNALS.isdisjoint(catch.ruling.signals):
            return ()
        growing = [one for one in catch.containers if one.key in catch.ruling.containers]
        for container, leaks in self._shown:
            for one in growing:
                if catch.followed[one.key] is container and (culprits := _explained(catch, one, leaks)):
                    return culprits
        return ()

    def _leaks_of(self, container: object) -> list[_Shown]:
        """What is known to hang on ``container``, of different amounts."""
        for known, leaks in self._shown:
            if known is container:
                return leaks
        self._shown.append((container, []))
        return self._shown[-1][1]


def _explained(catch: Catch, growth: ContainerGrowth, leaks: Sequence[_Shown]) -> tuple[Culprit, ...]:
    """The culprits of the first of ``leaks`` whose amounts are those of ``catch``; none where there is none."""
    newest_type, added = _newest_type(catch.followed[growth.key]), _added(catch)
    for shown in leaks:
        share = typical(growth.changes) / (shown.per_round or 1)
        if newest_type == shown.newest_type and _is_alike(added, [share * amount for amount in shown.added]):
            return tuple(_times(culprit, share) for culprit in shown.culprits)
    return ()


def _newest_type(container: object) -> str:
    return type_name(type(newest_of(container)))


def _without_line_of(culprit: Culprit, own_file: str) -> Culprit:
    """The culprit without its line and fixture, where that is in a test's own file."""
    is_own = own_file and (culprit.site or "").startswith(f"{own_file}:")
    return culprit.coming_from(Origin()) if is_own else culprit


def _added(catch: Catch) -> tuple[float, float]:
    """What a round adds: blocks, and bytes of all allocators."""
    added = {one.signal: one.per_round for one in catch.series}
    return added.get(LeakSignal.BLOCKS, 0), sum(added.get(signal, 0) for signal in BYTE_SIGNALS)


def _is_alike(added: Sequence[float], expected: Sequence[float]) -> bool:
    """Whether about as many blocks were added as expected, and not many more bytes."""
    (blocks, size_bytes), (expected_blocks, expected_bytes) = added, expected
    has_its_blocks = abs(blocks - expected_blocks) <= max(_BLOCKS_SHARE * expected_blocks, _LEAST_BLOCKS)
    return has_its_blocks and size_bytes <= _BYTES_TIMES * expected_bytes + _LEAST_BYTES


def _times(culprit: Culprit, share: float) -> Culprit:
    count, size = culprit.count_per_round, culprit.bytes_per_round
    return culprit._replace(
        count_per_round=None if count is None else count * share,
        bytes_per_round=None if size is None else size * share,
        site=None if share != 1 else culprit.site,
        example=None,
    )
