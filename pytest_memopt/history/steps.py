"""Where a series of runs changed its level: a piecewise-constant fit that doesn't see steps in noise."""

from __future__ import annotations

import math
from bisect import insort
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import Final, NamedTuple

POINTS_MAX: Final = 60
SIDE_MIN: Final = 3
_LEVELS_MAX: Final = 6
_FRESH_RATIO: Final = 0.5
# Calibrated: flat Gaussian, Laplace, uniform, Student and exponential noise of 6 to 60 points has steps in 1 % at most.
_PENALTY_BASE: Final = 6.5
_PENALTY_PER_LOG: Final = 0.9
_CHANCE_MAX: Final = 0.25


class Step(NamedTuple):
    """One change of level.

    Attributes:
        index: position in the series of the first point at the new level.
        before: the level until then (a median).
        after: the level from then until the next step (a median).
    """

    index: int  # type: ignore[assignment] # a tuple has a method of this name
    before: float
    after: float

    @property
    def change(self) -> float:
        """``after`` less ``before``: positive where the series grew."""
        return self.after - self.before


def last_step(values: Sequence[float], floor: float = 0.0) -> Step | None:
    """The most recent change of level, or ``None`` where the series has none; see `find_steps`."""
    steps = find_steps(values, floor)
    return steps[-1] if steps else None


def find_steps(values: Sequence[float], floor: float = 0.0) -> tuple[Step, ...]:
    """The changes of level of ``values`` (oldest first), oldest first; only the last 60 points are looked at.

    A series that was constant and changes has stepped, at once. In a noisy one each level lasts for three points
    or more: the fit minimises the sum of absolute deviations from piecewise-constant levels (the L1 Potts model,
    not moved by single spikes), exactly, by dynamic programming; the number of levels is chosen by a criterion of
    Schwarz's form, ``n log(cost) + levels * penalty``. Each step must also part its neighbours, so that a cluster of
    spikes isn't one.

    Sources: A. Weinmann, M. Storath, L. Demaret, "The L1-Potts functional for robust jump-sparse reconstruction",
    SIAM J. Numer. Anal. 53 (2015); F. Friedrich et al., "Complexity penalized M-estimation: fast computation",
    J. Comput. Graph. Stat. 17 (2008); Y.-C. Yao, "Estimating the number of change-points via Schwarz' criterion",
    Stat. Probab. Lett. 6 (1988).

    Args:
        values: the series.
        floor: changes up to this size are not steps (what doesn't matter, or can't be told from rounding).
    """
    offset = max(0, len(values) - POINTS_MAX)
    recent = values[offset:]
    steps = _exact_steps(recent)
    if steps is None:
        steps = _steps(recent, _fit(recent))
    return tuple(Step(s.index + offset, s.before, s.after) for s in steps if abs(s.change) > floor)


def _exact_steps(values: Sequence[float]) -> tuple[Step, ...] | None:
    """The steps of a series made of constant plateaus and up to two fresh points, or ``None`` for a noisy series."""
    starts = [0, *(i for i in range(1, len(values)) if values[i] != values[i - 1]), len(values)]
    for fresh in (0, 1, 2):
        end = len(values) - fresh
        bounds = [*(start for start in starts if start < end), end]
        if min((b - a for a, b in pairwise(bounds)), default=0) >= SIDE_MIN:
            step = _fresh_step(values[end - 1], values[end:], end)
            if step or not fresh:
                return (*_steps(values, bounds), *([step] if step else []))
    return None


def _fresh_step(level: float, fresh: Sequence[float], index: int) -> Step | None:
    """The step from an exact ``level`` to the points that left it, if they went the same way about as far."""
    changes = sorted((value - level for value in fresh), key=abs)
    if not changes or changes[0] / changes[-1] < _FRESH_RATIO:
        return None
    return Step(index, level, median(fresh))


def _steps(values: Sequence[float], bounds: Sequence[int]) -> tuple[Step, ...]:
    """The boundaries of a fit as steps, without those that don't part their neighbours."""
    levels = [values[start:end] for start, end in pairwise(bounds)]
    return tuple(
        Step(bounds[number + 1], median(left), median(right))
        for number, (left, right) in enumerate(pairwise(levels))
        if _parted(left, right)
    )


def _parted(left: Sequence[float], right: Sequence[float]) -> bool:
    """Whether the two sides are levels of their own: no point is nearer to the other side's, or chance can't be why.

    With points astray, it is asked how likely a shuffle would put as many high points on the higher side
    (hypergeometric), at any place of the boundary.
    """
    low, high = sorted((left, right), key=median)
    middle = (median(low) + median(high)) / 2
    highs_low = sum(value > middle for value in low)
    highs_high = sum(value > middle for value in high)
    if highs_low == 0 and highs_high == len(high):
        return True
    count, highs = len(low) + len(high), highs_low + highs_high
    ways = sum(
        math.comb(highs, hits) * math.comb(count - highs, len(high) - hits)
        for hits in range(highs_high, min(highs, len(high)) + 1)
    )
    return ways / math.comb(count, len(high)) * count <= _CHANCE_MAX


def _fit(values: Sequence[float]) -> tuple[int, ...]:
    """The boundaries ``(0, ..., len(values))`` of the best piecewise-constant fit."""
    count = len(values)
    best_score = 0.0
    best_bounds: tuple[int, ...] = (0, count)
    if count < 2 * SIDE_MIN:
        return best_bounds
    costs = _segment_costs(values)
    flat_cost = costs[0][count]
    fits = _fits(costs, count)
    penalty = _PENALTY_BASE + _PENALTY_PER_LOG * math.log(count)
    for extra, (cost, bounds) in enumerate(fits, start=1):
        # An exact fit has no noise to estimate; a billionth of the flat cost stands for zero.
        score = count * math.log(max(cost / flat_cost, 1e-9)) + extra * penalty
        if score < best_score:
            best_score, best_bounds = score, bounds
    return best_bounds


def _segment_costs(values: Sequence[float]) -> list[list[float]]:
    """``costs[i][j]``: the sum of absolute deviations of ``values[i:j]`` from their median.

    Each point adds its distance from the median interval of those before it.
    """
    count = len(values)
    costs = [[0.0] * (count + 1) for _ in range(count)]
    for start in range(count):
        ordered: list[float] = []
        total = 0.0
        row = costs[start]
        for end in range(start, count):
            value = values[end]
            if ordered:
                half = len(ordered) // 2
                low, high = ordered[(len(ordered) - 1) // 2], ordered[half]
                total += max(low - value, value - high, 0.0)
            insort(ordered, value)
            row[end + 1] = total
    return costs


def _fits(costs: Sequence[Sequence[float]], count: int) -> list[tuple[float, tuple[int, ...]]]:
    """The best fits with two, three, ... levels: their cost and boundaries."""
    best: list[tuple[float, tuple[int, ...]]] = [(costs[0][end], (0, end)) for end in range(1, count + 1)]
    reached = dict(enumerate(best, start=1))
    fits = []
    for levels in range(2, min(_LEVELS_MAX, count // SIDE_MIN) + 1):
        reached = {
            end: min(
                (reached[cut][0] + costs[cut][end], (*reached[cut][1], end))
                for cut in range((levels - 1) * SIDE_MIN, end - SIDE_MIN + 1)
            )
            for end in range(levels * SIDE_MIN, count + 1)
        }
        fits.append(reached[count])
    return fits
