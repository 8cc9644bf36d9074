"""Whether a process grows, and how fast; pure."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from statistics import median
from typing import Final, NamedTuple

from ..bounded_series import BoundedSeries, Point
from ..robust import Slope, theil_sen
from ..units import MB

SAMPLES_LEAST: Final = 6
CONFIDENCE: Final = 0.99
FLOOR_BYTES: Final = 64 * 1024
_FLAT_SHARE: Final = 0.1
_ENDS: Final = 2
_MINUTE_S: Final = 60


class TrendVerdict(str, Enum):
    """The word for the course of a series."""

    INCREASING = "increasing"
    DECREASING = "decreasing"
    FLAT = "flat"
    UNSURE = "unsure"
    TOO_FEW = "too few samples"


class MemoryTrend(NamedTuple):
    """How memory moved over some time.

    Attributes:
        verdict: the word for it.
        samples_count: how many points were judged.
        span_s: seconds from the first to the last.
        growth_bytes: the last minus the first; ``None`` without two points.
        rate_bytes_per_s: growth per second: with enough samples the median of the slopes between all pairs of them,
            with fewer the last minus the first; ``None`` without two moments.
        interval: the 99 % interval of the rate; ``None`` with too few samples.
    """

    verdict: TrendVerdict
    samples_count: int
    span_s: float
    growth_bytes: float | None
    rate_bytes_per_s: float | None
    interval: Slope | None

    @property
    def rate_mb_per_minute(self) -> float | None:
        """Growth in MB (10**6 bytes) per minute."""
        return None if self.rate_bytes_per_s is None else self.rate_bytes_per_s * _MINUTE_S / MB


def judge_growth(points: Sequence[Point], floor_bytes: float = FLOOR_BYTES) -> MemoryTrend:
    """The trend of ``points``, in order of time.

    It is increasing, or decreasing, only when the whole 99 % interval of the slope lies beyond what would move the
    series by ``floor_bytes`` in its time; flat, when the interval has no room for a change by a tenth of the middle
    value, or for one by ``floor_bytes``; unsure between the two. The interval minds that memory remembers what it was (see
    `robust.theil_sen`): without that seven random walks in ten would be called a trend, with it one. So one step up is
    growth and seldom a trend, and four samples on a line are too few to tell.

    Args:
        points: the series; a value is a number of bytes.
        floor_bytes: a change over the whole time that doesn't matter.
    """
    span_s = points[-1].elapsed_s - points[0].elapsed_s if points else 0.0
    growth_bytes = points[-1].value - points[0].value if len(points) >= _ENDS else None
    rate = growth_bytes / span_s if growth_bytes is not None and span_s > 0 else None
    slope = _slope(points)
    return MemoryTrend(
        verdict=_word(points, None if slope is None else slope.scaled(span_s), floor_bytes),
        samples_count=len(points),
        span_s=span_s,
        growth_bytes=growth_bytes,
        rate_bytes_per_s=rate if slope is None else slope.value,
        interval=slope,
    )


def judge_series(series: BoundedSeries) -> MemoryTrend:
    """The trend of all that ``series`` was given; once it was merged, by the middles of its groups.

    The lowest and the highest of a group alternate, which would hide that memory remembers what it was.
    """
    trend, ends = judge_growth(series.middles()), series.points()
    if len(ends) < _ENDS:
        return trend
    first, last = ends[0], ends[-1]
    return trend._replace(growth_bytes=last.value - first.value, span_s=last.elapsed_s - first.elapsed_s)


def _slope(points: Sequence[Point]) -> Slope | None:
    if len(points) < SAMPLES_LEAST:
        return None
    positions, values = zip(*points, strict=True)
    return theil_sen(positions, values, confidence=CONFIDENCE, has_memory=True)


def _word(points: Sequence[Point], change: Slope | None, floor_bytes: float) -> TrendVerdict:
    """The word for the ``change`` over the whole time."""
    if change is None:
        return TrendVerdict.TOO_FEW
    if change.is_above(floor_bytes):
        return TrendVerdict.INCREASING
    if change.is_below(-floor_bytes):
        return TrendVerdict.DECREASING
    flat_bytes = max(floor_bytes, _FLAT_SHARE * median(abs(point.value) for point in points))
    return TrendVerdict.FLAT if max(-change.low, change.high) <= flat_bytes else TrendVerdict.UNSURE
