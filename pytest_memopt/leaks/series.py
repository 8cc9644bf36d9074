"""What is read at the settled end of each round, as series of levels; pure numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..meters.rounds import LeakSignal


class Levels(NamedTuple):
    """One signal over the rounds.

    Attributes:
        signal: what was read.
        levels: its value at the end of each round; the first is the starting point.
    """

    signal: LeakSignal
    levels: tuple[int, ...]

    @property
    def changes(self) -> tuple[int, ...]:
        """What each round added."""
        return tuple(after - before for before, after in zip(self.levels, self.levels[1:], strict=False))

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
        return tuple(after - before for before, after in zip(self.lengths, self.lengths[1:], strict=False))


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
