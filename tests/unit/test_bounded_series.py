"""A bounded series keeps its ends and its extremes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.bounded_series import BoundedSeries, Point


def recorded(values, points_max):
    """The points kept of a series with one value a second."""
    series = BoundedSeries(points_max)
    for place, value in enumerate(values):
        series.append(float(place), value)
    return series.points()


@given(st.lists(st.integers(0, 10**9), max_size=300), st.integers(6, 40))
def test_it_is_bounded_and_keeps_ends_and_extremes(values, points_max):
    """Whatever comes, there are at most N true points in order, with the first, last, lowest and highest."""
    points = recorded(values, points_max)
    assert len(points) <= points_max
    assert list(points) == sorted(points)
    assert all(values[int(point.elapsed_s)] == point.value for point in points)
    if values:
        kept = [point.value for point in points]
        assert (kept[0], kept[-1], min(kept), max(kept)) == (values[0], values[-1], min(values), max(values))


def test_a_short_series_is_kept_whole():
    """Nothing is left out before the series is full."""
    assert recorded([5, 1, 4], 8) == (Point(0, 5), Point(1, 1), Point(2, 4))


def test_a_long_series_stays_well_filled():
    """A series hundreds of times longer than the bound still fills half of it."""
    assert 50 <= len(recorded([place % 97 for place in range(30_000)], 100)) <= 100


def test_the_middles_of_a_short_series_are_its_points():
    """Before anything is merged, each point is its own middle."""
    series = BoundedSeries(8)
    for place, value in enumerate((5, 1, 4)):
        series.append(float(place), value)
    assert series.middles() == series.points()


def test_the_middle_of_a_group_lies_between_its_extremes():
    """Of merged points the middle is midway between the lowest and the highest, in time as in value."""
    series = BoundedSeries(6)
    for place, value in enumerate((0, 10, 20, 40)):
        series.append(float(place), value)
    assert series.middles() == (Point(0.5, 5), Point(2.5, 30))


def test_an_empty_series_has_no_points():
    """Nothing in, nothing out."""
    assert BoundedSeries().points() == ()


def test_a_bound_too_small_is_refused():
    """Ends and extremes need six points."""
    with pytest.raises(ValueError, match="points_max: 5 is too few"):
        BoundedSeries(5)
