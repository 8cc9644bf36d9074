"""Slopes that spikes don't move, and the words for them."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.history.trend import (
    RunTrend,
    Slope,
    TrendVerdict,
    judge_slope,
    theil_sen,
    trend_over_runs,
)


@given(st.integers(-1000, 1000), st.integers(-1000, 1000), st.integers(5, 300))
def test_a_straight_line_has_its_own_slope(rate, start, count):
    """On a line all three figures are its slope, however long it is."""
    slope = theil_sen(range(count), [start + rate * place for place in range(count)])
    assert slope == Slope(rate, rate, rate)


def test_wild_points_hardly_move_the_slope():
    """A fifth of wild points leaves the slope of the others."""
    values = [float(place) for place in range(20)]
    for place in (2, 7, 11, 18):
        values[place] = 1e6
    slope = theil_sen(range(20), values)
    assert slope.value == pytest.approx(1, abs=0.3)


@given(st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=40))
def test_the_interval_holds_the_slope(values):
    """The slope lies inside its interval."""
    slope = theil_sen(range(len(values)), values)
    assert slope.low <= slope.value <= slope.high


def test_the_interval_is_that_of_kendalls_ranks():
    """For ten unequal points the variance of S is 125, so the ranks, rounded outwards, are 11 and 35 of 45."""
    values = [3, 1, 4, 15, 9, 2, 6, 5, 35, 8]
    slopes = sorted((values[j] - values[i]) / (j - i) for i in range(10) for j in range(i + 1, 10))
    slope = theil_sen(range(10), values)
    assert (slope.low, slope.high) == (slopes[10], slopes[34])


def test_the_interval_holds_the_truth_as_often_as_it_says():
    """Of 200 noisy lines the interval holds the true slope in 91 to 99 %."""
    noise = random.Random(7)
    held = 0
    for _ in range(200):
        slope = theil_sen(range(15), [2 * place + noise.gauss(0, 3) for place in range(15)])
        held += slope.low <= 2 <= slope.high
    assert 182 <= held <= 198


@pytest.mark.parametrize("positions", [[], [1, 2, 3, 4], [5, 5, 5, 5, 5, 5]])
def test_too_few_points_have_no_slope(positions):
    """Fewer than five points, or points at one place, have none."""
    assert theil_sen(positions, [float(place) for place in range(len(positions))]) is None


def test_a_scaled_slope_is_the_same_in_other_units():
    """Scaling multiplies all three figures."""
    assert Slope(2, 1, 3).scaled(60) == Slope(120, 60, 180)


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
