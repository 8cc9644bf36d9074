"""The words for slopes, and the trend over runs."""

import pytest

from pytest_memopt.history.trend import RunTrend, TrendVerdict, judge_slope, trend_over_runs
from pytest_memopt.robust import Slope


@pytest.mark.parametrize(
    ("slope", "floor", "verdict"),
    [
        (None, 0, TrendVerdict.TOO_FEW),
        (Slope(2, 1, 3), 0, TrendVerdict.RISING),
        (Slope(2, 1, 3), 1, TrendVerdict.STEADY),
        (Slope(2, -1, 5), 0, TrendVerdict.STEADY),
        (Slope(-2, -3, -1), 0, TrendVerdict.FALLING),
        (Slope(-2, -3, -1), 1, TrendVerdict.STEADY),
        (Slope(0, 0, 0), 0, TrendVerdict.STEADY),
    ],
)
def test_a_verdict_needs_the_whole_interval_beyond_the_floor(slope, floor, verdict):
    """Only an interval that lies beyond the floor altogether is rising or falling."""
    assert judge_slope(slope, floor) is verdict


def test_the_trend_over_runs_is_relative():
    """A figure that rises by a hundredth of its median each run rises by one percent."""
    trend = trend_over_runs([97, 98, 99, 100, 101, 102, 103])
    assert trend == RunTrend(Slope(0.01, 0.01, 0.01), TrendVerdict.RISING)


@pytest.mark.parametrize("values", [[], [1, 2, 3], [0, 0, 0, 0, 0, 0]])
def test_a_figure_without_size_or_with_few_runs_has_no_trend(values):
    """Too few runs, or a figure that is zero, have no relative change."""
    assert trend_over_runs(values) == RunTrend(None, TrendVerdict.TOO_FEW)
