"""How fast a series rises: a slope that spikes don't move, with its interval, and the word for it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from enum import Enum
from itertools import combinations
from statistics import median
from typing import Final, NamedTuple

POINTS_MIN: Final = 5
POINTS_MAX: Final = 200
_Z_95: Final = 1.959964


class Slope(NamedTuple):
    """A rate of change with its 95 % confidence interval.

    Attributes:
        value: change of the values per unit of their positions.
        low: lower end of the interval.
        high: upper end of the interval.
    """

    value: float
    low: float
    high: float

    def scaled(self, factor: float) -> Slope:
        """The same slope in other units: each figure times a positive ``factor``."""
        return Slope(self.value * factor, self.low * factor, self.high * factor)


class TrendVerdict(str, Enum):
    """The word for a slope."""

    STEADY = "steady"
    RISING = "rising"
    FALLING = "falling"
    TOO_FEW = "too few runs"


class RunTrend(NamedTuple):
    """How a figure moves from run to run.

    Attributes:
        ratio: change per run relative to the figure's median (0.001 = +0.1 % a run), ``None`` with too few runs.
        verdict: the word for it.
    """

    ratio: Slope | None
    verdict: TrendVerdict


def theil_sen(positions: Sequence[float], values: Sequence[float]) -> Slope | None:
    """The median of the slopes of all pairs of points: up to 29 % of the points may be wild without moving it far.

    The interval holds the slopes between the ranks that Kendall's variance of S, corrected for ties, allows; it
    assumes deviations that are independent of each other. Memory inside one run keeps what it took, so there the
    interval is narrower than it should be; over runs it holds. Long series are thinned evenly to at most 200 points.

    Source: P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", J. Am. Stat. Assoc. 63 (1968).

    Args:
        positions: where the points lie (seconds, run numbers), one for each value.
        values: the series.

    Returns:
        The slope, or ``None`` with fewer than 5 points (below that, no order of the points is rare enough for 95 %)
        or when all of them lie at one position.
    """
    if len(positions) < POINTS_MIN:
        return None
    points = _thinned(list(zip(positions, values, strict=True)))
    slopes = sorted((y2 - y1) / (x2 - x1) for (x1, y1), (x2, y2) in combinations(points, 2) if x1 != x2)
    if not slopes:
        return None
    margin = _Z_95 * math.sqrt(_kendall_variance([y for _, y in points]))
    rank = max(math.floor((len(slopes) - margin) / 2), 1)
    return Slope(median(slopes), slopes[rank - 1], slopes[-rank])


def judge_slope(slope: Slope | None, floor: float = 0.0) -> TrendVerdict:
    """Rising or falling only when the whole interval lies beyond ``floor``, the slope that doesn't matter."""
    if slope is None:
        return TrendVerdict.TOO_FEW
    if slope.low > floor:
        return TrendVerdict.RISING
    if slope.high < -floor:
        return TrendVerdict.FALLING
    return TrendVerdict.STEADY


def trend_over_runs(values: Sequence[float], floor_ratio: float = 0.001) -> RunTrend:
    """The trend of a figure of which each run gave one (oldest first), relative to the figure's size.

    Args:
        values: one value a run.
        floor_ratio: the relative change per run that doesn't matter.
    """
    slope = theil_sen(range(len(values)), values)
    size = abs(median(values)) if values else 0.0
    ratio = slope.scaled(1 / size) if slope and size else None
    return RunTrend(ratio, judge_slope(ratio, floor_ratio))


def _thinned(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most `POINTS_MAX` of the points, evenly spread, the first and the last among them."""
    if len(points) <= POINTS_MAX:
        return points
    last = len(points) - 1
    return [points[index * last // (POINTS_MAX - 1)] for index in range(POINTS_MAX)]


def _kendall_variance(values: Sequence[float]) -> float:
    """The variance of Kendall's S without a trend, corrected for equal values."""
    count = len(values)
    ties = sum(t * (t - 1) * (2 * t + 5) for t in Counter(values).values())
    return (count * (count - 1) * (2 * count + 5) - ties) / 18
