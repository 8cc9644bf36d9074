"""How a figure moves from run to run, and the word for it."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from statistics import median
from typing import NamedTuple

from ..robust import Slope, theil_sen


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


def judge_slope(slope: Slope | None, floor: float = 0.0) -> TrendVerdict:
    """Rising or falling only when the whole interval lies beyond ``floor``, the slope that doesn't matter."""
    if slope is None:
        return TrendVerdict.TOO_FEW
    if slope.is_above(floor):
        return TrendVerdict.RISING
    if slope.is_below(-floor):
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
