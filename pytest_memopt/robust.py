"""What spikes don't move: the slope of a series and the median of a sample, each with its interval; pure statistics."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import combinations, pairwise
from statistics import NormalDist, fmean, median
from typing import Final, NamedTuple

POINTS_MIN: Final = 5
POINTS_MAX: Final = 200
_MEMORY_Z: Final = 1.645  # a lag-one correlation above so many of its own standard errors isn't chance: 1 in 20
_MEMORY_MOST: Final = 0.99


class Slope(NamedTuple):
    """A rate of change with its confidence interval.

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

    def is_above(self, floor: float) -> bool:
        """Whether the whole interval lies above ``floor``."""
        return self.low > floor

    def is_below(self, floor: float) -> bool:
        """Whether the whole interval lies below ``floor``."""
        return self.high < floor


class Estimate(NamedTuple):
    """A figure with its confidence interval.

    Attributes:
        value: the figure.
        low: lower end of the interval.
        high: upper end of the interval.
    """

    value: float
    low: float
    high: float


def bootstrap_median(values: Sequence[float], *, confidence: float = 0.95) -> Estimate:
    """The median with the percentile interval of its bootstrap.

    The resamples are counted instead of drawn, as can be done for a median: there is no seed, and no error of sampling.
    Of few values the bootstrap's interval holds the true median less often than it says (of 13: in 91 %); there it is
    widened to the ranks of the sign test, which hold it at least so often from 6 values up.

    Sources: J. S. Maritz and R. G. Jarrett, "A note on estimating the variance of the sample median", J. Am. Stat. Assoc.
    73 (1978), for the exact bootstrap; B. Efron, "The jackknife, the bootstrap and other resampling plans" (1982), for the
    percentile interval.

    Args:
        values: the sample; at least one.
        confidence: how sure the interval is to hold the median.
    """
    ordered = sorted(values)
    count = len(ordered)
    rare = (1 - confidence) / 2
    half = (count + 1) // 2
    bootstrapped = bisect_right(range(1, half), rare, key=lambda rank: _binomial_tail(count, rank / count, half))
    tested = bisect_right(range(half), rare, key=lambda rank: 1 - _binomial_tail(count, 0.5, rank + 1))
    rank = max(min(bootstrapped, tested - 1), 0)
    return Estimate(median(ordered), ordered[rank], ordered[-1 - rank])


def theil_sen(
    positions: Sequence[float], values: Sequence[float], *, confidence: float = 0.95, has_memory: bool = False
) -> Slope | None:
    """The median of the slopes of all pairs of points: up to 29 % of the points may be wild without moving it far.

    The interval holds the slopes between the ranks that Kendall's variance of S, corrected for ties, allows; it
    assumes deviations that are independent of each other, as they are from run to run. Memory inside one process
    keeps what it took: ``has_memory`` widens the interval by what the deviations remember of the one before. Long
    series are thinned evenly to at most 200 points.

    Sources: P. K. Sen, "Estimates of the regression coefficient based on Kendall's tau", J. Am. Stat. Assoc. 63 (1968).
    For series with memory K. H. Hamed and A. R. Rao, "A modified Mann-Kendall trend test for autocorrelated data",
    J. Hydrol. 204 (1998), here with the correlation of neighbours alone, as of a first-order autoregression.

    Args:
        positions: where the points lie (seconds, run numbers), one for each value.
        values: the series.
        confidence: how sure the interval is to hold the slope.
        has_memory: whether a deviation may depend on the one before.

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
    value = median(slopes)
    variance = _kendall_variance([y for _, y in points])
    if has_memory:
        variance *= _variance_factor([y - value * x for x, y in points])
    margin = NormalDist().inv_cdf((1 + confidence) / 2) * math.sqrt(variance)
    rank = max(math.floor((len(slopes) - margin) / 2), 1)
    return Slope(value, slopes[rank - 1], slopes[-rank])


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


def _variance_factor(deviations: Sequence[float]) -> float:
    """How many dependent points tell as much as one independent one; 1 unless neighbours are clearly alike.

    Ranks are compared, so that spikes don't hide what the other points remember. The correlation of short series is
    estimated too low, by (1 + 4 r) / n (F. H. C. Marriott and J. A. Pope, Biometrika 41, 1954).
    """
    count = len(deviations)
    alike = _neighbours_correlation(_ranks(deviations))
    if alike * math.sqrt(count) <= _MEMORY_Z:
        return 1.0
    alike = min(alike + (1 + 4 * alike) / count, _MEMORY_MOST)
    return (1 + alike) / (1 - alike)


def _neighbours_correlation(values: Sequence[float]) -> float:
    mean = fmean(values)
    spread = sum((value - mean) ** 2 for value in values)
    return sum((one - mean) * (other - mean) for one, other in pairwise(values)) / spread if spread else 0.0


def _ranks(values: Sequence[float]) -> list[float]:
    """The place of each value in their order; equal ones share the mean of theirs."""
    ordered = sorted(values)
    first: dict[float, int] = {}
    for place, value in enumerate(ordered):
        first.setdefault(value, place)
    counts = Counter(ordered)
    return [first[value] + (counts[value] - 1) / 2 for value in values]


def _binomial_tail(count: int, chance: float, least: int) -> float:
    """How probable at least ``least`` successes are in ``count`` trials, for a chance between 0 and 1; by logarithms, as factorials overflow."""
    yes, no, ways = math.log(chance), math.log1p(-chance), math.lgamma(count + 1)
    return math.fsum(
        math.exp(ways - math.lgamma(hits + 1) - math.lgamma(count - hits + 1) + hits * yes + (count - hits) * no)
        for hits in range(least, count + 1)
    )
