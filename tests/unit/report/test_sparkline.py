"""A series as block characters."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.report.sparkline import BLOCKS, sparkline


def test_each_value_is_a_block_between_the_lowest_and_the_highest() -> None:
    """The lowest value is the lowest block, the highest the highest, the rest in proportion."""
    assert sparkline([0, 1, 2, 3, 4, 5, 6, 7]) == BLOCKS
    assert sparkline([0, 0, 9]) == "▁▁█"


def test_a_constant_series_is_low() -> None:
    """Nothing moves in a constant series, however high it is."""
    assert sparkline([7, 7, 7]) == "▁▁▁"


def test_an_empty_series_is_an_empty_word() -> None:
    """Without values, or without finite ones, nothing is drawn."""
    assert sparkline([]) == ""
    assert sparkline([float("nan"), float("inf")]) == ""


def test_thinning_keeps_a_single_spike() -> None:
    """A block of a thinned series is the highest value of its share."""
    series = [0.0] * 100
    series[50] = 1.0
    assert sparkline(series, width=4) == "▁▁█▁"


@given(values=st.lists(st.floats()), width=st.integers(min_value=1, max_value=20))
def test_never_wider_than_asked(values: list[float], width: int) -> None:
    """Any series gives at most ``width`` blocks, and nothing but blocks."""
    drawn = sparkline(values, width)
    assert len(drawn) <= width
    assert set(drawn) <= set(BLOCKS)
