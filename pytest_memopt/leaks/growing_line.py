"""The line of Python during which something outside Python grows: C memory, descriptors, threads, processes, tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Final, NamedTuple

from ..meters.allocation_lines import LEAST_SHARE, Frames
from .line_watch import LineWatch, Pace

_ROUNDS: Final = 3
_BUDGET_S: Final = 10.0
# of the time there is: for the round that tells the functions, and after how much of a round's time it is hurried
_CALLS_SHARE: Final = 0.25
_CALM_SHARE: Final = 0.25


class Sought(NamedTuple):
    """How the search for a line ended.

    Attributes:
        frames: the line, and those that led to it; none where no line gains what a round leaves, or time ran out.
        is_late: whether time ran out before it was found.
    """

    frames: Frames = ()
    is_late: bool = False


def growing_line(
    run: Callable[[], object],
    count: Callable[[], int],
    per_round: float,
    *,
    budget_s: float = _BUDGET_S,
    clock: Callable[[], float] = perf_counter,
    on_round: Callable[[], object] = bool,
) -> Sought:
    """The line that gains what a round leaves, and those that led to it.

    One round tells the functions in which there came to be more or less, then only their lines are watched: all lines
    of a workload take many times as long. What another thread gains is nobody's.

    Args:
        run: one round of the workload.
        count: reads what grows.
        per_round: what a round leaves of it.
        budget_s: seconds for the rounds that are watched; given up sooner, where it is seen that these will not do.
        clock: seconds.
        on_round: called before each round.
    """
    return _Search(run, count, per_round, _Time(clock() + budget_s, clock), on_round).sought()


class _Time(NamedTuple):
    """The time for all rounds."""

    end_s: float
    clock: Callable[[], float]

    def pace(self, share: float) -> Pace:
        """That of a round which may take a share of what is left."""
        now_s = self.clock()
        most_s = max(self.end_s - now_s, 0.0) * share
        return Pace(now_s + most_s * _CALM_SHARE, now_s + most_s, self.clock)


@dataclass(frozen=True)
class _Search:
    run: Callable[[], object]
    count: Callable[[], int]
    per_round: float
    time: _Time
    on_round: Callable[[], object]

    def sought(self) -> Sought:
        """First the functions, then the lines of these."""
        calls = LineWatch(self.count, self.time.pace(_CALLS_SHARE), by_line=False)
        self._watch(calls)
        if calls.is_late or not calls.changing:
            return Sought(is_late=calls.is_late)
        rounds: list[LineWatch] = []
        for left in range(_ROUNDS, 0, -1):
            lines = LineWatch(self.count, self.time.pace(1 / left), calls.changing)
            self._watch(lines)
            if lines.is_late:
                return Sought(is_late=True)
            rounds.append(lines)
        return Sought(_closest(rounds, self.per_round))

    def _watch(self, watch: LineWatch) -> None:
        self.on_round()
        watch.watch(self.run)


def _closest(rounds: Sequence[LineWatch], per_round: float) -> Frames:
    """Of the lines that gain something in every round, the one whose gain is most like what a round leaves."""
    gains = {
        line: min(watch.gains.get(line, 0) for watch in rounds)
        for line in rounds[0].gains
        if all(watch.gains.get(line, 0) > 0 for watch in rounds)
    }
    best = min(gains, key=lambda line: abs(gains[line] - per_round), default=None)
    if best is None or gains[best] < LEAST_SHARE * per_round:
        return ()
    return rounds[0].led_to[best]
