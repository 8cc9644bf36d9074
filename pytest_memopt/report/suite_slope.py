"""The slope of a suite's memory inside one run: how fast the process that rises the fastest does."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from ..robust import theil_sen
from .summary import SuiteTrend, WorkerUse

SLOPE_LEAST_S: Final = 60.0
_MIB: Final = 1024**2


def slope_inside(workers: Iterable[WorkerUse], points_most: int | None = None) -> SuiteTrend:
    """The slope inside this run, of the process whose memory rises the fastest; none of a run too short to have one.

    Args:
        workers: the processes with the course of their resident memory.
        points_most: how many points of each course, evenly spread, to look at, where it has to be quick; all by default.
    """
    long_enough = [worker for worker in workers if worker.elapsed_s and worker.elapsed_s[-1] >= SLOPE_LEAST_S]
    slopes = [
        theil_sen(_spread(worker.elapsed_s, points_most), _spread(worker.rss_series_bytes, points_most))
        for worker in long_enough
    ]
    steepest = max((slope for slope in slopes if slope is not None), key=lambda slope: slope.value, default=None)
    if steepest is None:
        return SuiteTrend()
    per_minute = steepest.scaled(60 / _MIB)
    return SuiteTrend(
        slope_mb_per_minute=round(per_minute.value, 3),
        interval_mb_per_minute=(round(per_minute.low, 3), round(per_minute.high, 3)),
    )


def _spread(values: Sequence[float], points_most: int | None) -> Sequence[float]:
    """At most so many of the values, from the first to the last."""
    if points_most is None or len(values) <= points_most:
        return values
    last = len(values) - 1
    return [values[index * last // (points_most - 1)] for index in range(points_most)]
