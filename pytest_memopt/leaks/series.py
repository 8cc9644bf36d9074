"""What is read at the settled end of each round, as series of levels; pure numbers."""

from __future__ import annotations

from collections.abc import Sequence
from operator import sub
from typing import NamedTuple

from ..meters.rounds import AnySignal


class Levels(NamedTuple):
    """One signal over the rounds.

    Attributes:
        signal: what was read.
        levels: its value at the end of each round; the first is the starting point.
        earlier: what each of the rounds before added, where they were read in another way: their levels don't compare.
    """

    signal: AnySignal
    levels: tuple[int, ...]
    earlier: tuple[int, ...] = ()

    @property
    def changes(self) -> tuple[int, ...]:
        """What each round added."""
        return changes_of(self.levels)

    @property
    def all_changes(self) -> tuple[int, ...]:
        """What each round added, the earlier ones first."""
        return self.earlier + self.changes

    @property
    def moved(self) -> bool:
        """Whether any round added or took something."""
        return any(self.earlier) or self.levels.count(self.levels[0]) < len(self.levels)

    @property
    def per_round(self) -> float:
        """What a round adds: the median, or the mean where most rounds add nothing."""
        return typical(self.changes)


class ContainerGrowth(NamedTuple):
    """A container whose size was followed.

    Attributes:
        key: tells it from the others, within one hunt.
        type: full name of its type.
        lengths: its number of elements (of a text or buffer: its bytes) at the end of each round, and at the start.
        bound: the most elements it can hold, where its type says so.
    """

    key: int
    type: str
    lengths: tuple[int, ...]
    bound: int | None = None

    @property
    def changes(self) -> tuple[int, ...]:
        """What each round added."""
        return changes_of(self.lengths)


def changes_of(levels: Sequence[int]) -> tuple[int, ...]:
    """What lies between each level and the next."""
    return tuple(map(sub, levels[1:], levels))


def typical(changes: Sequence[int]) -> float:
    """The median change, or the mean where most changes are zero; 0 for none."""
    if not changes:
        return 0.0
    ordered = sorted(changes)
    middle = len(ordered) // 2
    median = ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2
    return float(median) or sum(changes) / len(changes)


def stretches(changes: Sequence[int], count: int) -> list[int]:
    """The sums of ``count`` successive stretches of equal length, the newest changes included, the oldest left over."""
    length = len(changes) // count
    start = len(changes) - length * count
    return [sum(changes[start + length * index : start + length * (index + 1)]) for index in range(count)]


def repeats(changes: Sequence[int], period: int, rounds: int) -> bool:
    """Whether the newest ``rounds`` changes are one pattern of ``period`` rounds, over and over."""
    newest = changes[-rounds:]
    return len(changes) >= rounds and newest[period:] == newest[:-period]
