"""How a hunt stands before it is over: for those who wait for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import sub
from typing import NamedTuple

from ..meters.rounds import SIGNALS, AnySignal
from .ruling import SOFT


class Standing(NamedTuple):
    """How a hunt stands between two rounds.

    Attributes:
        rounds: how many times the workload was run so far.
        judged: how many of them were compared with a first reading; 0 while the workload warms up.
        added: what these added to each signal, all together, in the order of ``signals``.
        newest: what the newest of them added.
        elapsed_s: seconds since the hunt began.
        left_s: seconds until it is given up; never less than 0.
        signals: what is read.
        is_naming: whether it is decided, and the culprit is being looked for.
    """

    rounds: int
    judged: int
    added: tuple[int, ...]
    newest: tuple[int, ...]
    elapsed_s: float
    left_s: float
    signals: tuple[AnySignal, ...] = SIGNALS
    is_naming: bool = False

    @property
    def per_round(self) -> Mapping[str, float]:
        """What a round added on average, by signal, where one grew over all rounds and in the newest."""
        return {
            signal.value: total / self.judged
            for signal, total, last in zip(self.signals, self.added, self.newest, strict=True)
            if signal not in SOFT and min(total, last) > 0
        }

    @property
    def is_flat(self) -> bool:
        """Whether the newest round added and took nothing; resident memory and objects don't count."""
        newest = zip(self.signals, self.newest, strict=True)
        return self.judged > 0 and not any(last for signal, last in newest if signal not in SOFT)


def standing_of(
    levels: Sequence[int],
    row: int,
    rounds: int,
    elapsed_s: float,
    budget_s: float,
    signals: tuple[AnySignal, ...] = SIGNALS,
) -> Standing:
    """The standing after ``row`` rows of ``levels``, which hold all signals of a round each.

    Args:
        levels: the readings, row by row.
        row: the newest of them; 0 where there is only the first reading, or none yet.
        rounds: how many times the workload was run.
        elapsed_s: seconds since the hunt began.
        budget_s: seconds that it may take.
        signals: what a row holds.
    """
    width = len(signals)
    first, before, now = (levels[at * width : (at + 1) * width] for at in (0, max(row - 1, 0), row))
    return Standing(
        rounds=rounds,
        judged=row,
        added=tuple(map(sub, now, first)),
        newest=tuple(map(sub, now, before)),
        elapsed_s=elapsed_s,
        left_s=max(budget_s - elapsed_s, 0.0),
        signals=signals,
    )


def naming(rounds: int, elapsed_s: float, left_s: float) -> Standing:
    """The standing of a hunt that has found a leak, while the culprit is being looked for.

    Args:
        rounds: how many times the workload was run before.
        elapsed_s: seconds since the hunt began.
        left_s: seconds until the search is given up.
    """
    return Standing(rounds, 0, (), (), elapsed_s, max(left_s, 0.0), (), is_naming=True)
