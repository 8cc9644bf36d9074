"""Slopes that spikes don't move, and intervals that hold the truth."""

import math
import random
from itertools import accumulate
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.robust import Slope, bootstrap_median, theil_sen


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


def test_more_confidence_is_a_wider_interval():
    """What is to hold more often reaches further, to both sides."""
    noise = random.Random(3)
    values = [noise.gauss(0, 1) for _ in range(30)]
    usual, sure = theil_sen(range(30), values), theil_sen(range(30), values, confidence=0.99)
    assert (sure.low < usual.low, sure.value == usual.value, usual.high < sure.high) == (True, True, True)


@given(st.lists(st.integers(-1000, 1000), min_size=5, max_size=40))
def test_memory_only_widens_the_interval(values):
    """Minding what the deviations remember moves no slope, and never narrows its interval."""
    without, minding = theil_sen(range(len(values)), values), theil_sen(range(len(values)), values, has_memory=True)
    assert minding.value == without.value
    assert minding.low <= without.low
    assert minding.high >= without.high


def test_a_walk_is_seldom_taken_for_a_trend():
    """Random walks look like trends two times in three to who takes their points for independent; minding their memory, one in six at most."""
    noise = random.Random(11)
    taken = {False: 0, True: 0}
    for _ in range(60):
        walk = list(accumulate(noise.gauss(0, 1) for _ in range(60)))
        for has_memory in taken:
            slope = theil_sen(range(60), walk, confidence=0.99, has_memory=has_memory)
            taken[has_memory] += slope.is_above(0) or slope.is_below(0)
    assert taken[False] > 30
    assert taken[True] <= 10


def test_a_steady_rise_is_seen_through_memory():
    """A rise in equal steps of ten points each, whose deviations are much alike, is still above zero."""
    steps = [place // 10 for place in range(150)]
    assert theil_sen(range(150), steps, confidence=0.99, has_memory=True).is_above(0)


@pytest.mark.parametrize(
    ("slope", "floor", "above", "below"),
    [(Slope(2, 1, 3), 0, True, False), (Slope(2, 1, 3), 1, False, False), (Slope(-2, -3, -1), 0, False, True)],
)
def test_only_a_whole_interval_is_above_or_below(slope, floor, above, below):
    """An interval that touches the floor is neither above nor below it."""
    assert (slope.is_above(floor), slope.is_below(floor)) == (above, below)


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=60))
def test_the_interval_of_a_median_holds_it(values):
    """The median lies inside its interval, whose ends are values of the sample."""
    found = bootstrap_median(values)
    assert found.low <= found.value <= found.high
    assert {found.low, found.high} <= set(values)


@pytest.mark.parametrize(
    ("count", "rank"), [(1, 0), (5, 0), (8, 0), (9, 1), (10, 1), (13, 2), (17, 4), (100, 39), (200, 85), (2000, 955)]
)
def test_the_interval_of_a_median_is_that_of_counted_resamples(count, rank):
    """Its ends are the ranks of the exact bootstrap, or of the sign test where those are too close; also of many."""
    found = bootstrap_median(range(count))
    assert (found.low, found.high) == (rank, count - 1 - rank)


def test_the_bootstrap_is_what_drawn_resamples_tend_to():
    """The medians of 4 000 drawn resamples have their percentiles at the ends of the interval, or next to them."""
    chance = random.Random(3)
    values = list(range(101))
    drawn = sorted(median(chance.choices(values, k=101)) for _ in range(4000))
    found = bootstrap_median(values)
    assert found.low == pytest.approx(drawn[100], abs=1)
    assert found.high == pytest.approx(drawn[-101], abs=1)


@pytest.mark.parametrize("count", [6, 10, 13, 23, 60])
def test_the_interval_of_a_median_holds_the_truth_as_often_as_it_says(count):
    """The true median is in the interval unless too few of the values are on one of its sides: in 5 % of cases at most."""
    rank = bootstrap_median(range(count)).low
    outside = 2 * sum(math.comb(count, hits) for hits in range(rank + 1)) / 2**count
    assert outside <= 0.05
