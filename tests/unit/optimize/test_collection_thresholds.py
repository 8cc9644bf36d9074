"""Thresholds from what was counted."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.optimize.collection_counter import CollectionStatistics
from pytest_memopt.optimize.collection_thresholds import choose_thresholds

USUAL = (700, 10, 10)


def counted(share=0.1, survival=1.0, *, young=0.8, collections=100):
    """Statistics of ten seconds with a million new objects."""
    spent_s = 10 * share
    return CollectionStatistics(
        (collections, 0, 0),
        (spent_s * young, spent_s * (1 - young), 0.0),
        1_000_000,
        round(1_000_000 * (1 - survival)),
        10.0,
    )


@pytest.mark.parametrize(
    ("statistics", "current", "chosen"),
    [
        (counted(0.10), USUAL, (7000, 10, 10)),
        (counted(0.10, young=0.2), USUAL, (7000, 100, 10)),
        (counted(0.05, young=0.2), USUAL, (3500, 50, 10)),
        (counted(0.005), USUAL, USUAL),
        (counted(0.10, collections=19), USUAL, USUAL),
        (counted(0.10), (0, 10, 10), (0, 10, 10)),
        (counted(0.90), (10_000, 10, 10), (100_000, 10, 10)),
        (counted(0.90, survival=0.5), (1000, 10, 10), (40_000, 10, 10)),
        (counted(0.10, survival=0.5), USUAL, (3500, 10, 10)),
        (counted(0.90, survival=0.0), USUAL, USUAL),
        (counted(0.90, survival=0.0), (50_000, 10, 10), (50_000, 10, 10)),
        (counted(0.90, young=0.2), (700, 1000, 10), (63_000, 1000, 10)),
        (counted(0.10, young=0.2), (2000, 10, 0), (20_000, 100, 0)),
    ],
)
def test_thresholds_follow_the_excess(statistics, current, chosen):
    """Collections are made rarer in proportion to their futile share of the time, bounded by the garbage that may wait."""
    assert choose_thresholds(statistics, current) == chosen


@given(
    st.floats(0, 1),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 10_000),
    st.tuples(st.integers(0, 10**7), st.integers(0, 10**5), st.integers(0, 10**5)),
)
def test_no_threshold_falls(share, survival, young, collections, current):
    """Whatever was counted, each threshold is what it was or more, and 0 stays 0."""
    chosen = choose_thresholds(counted(share, survival, young=young, collections=collections), current)
    assert len(chosen) == 3
    assert all(new >= old for new, old in zip(chosen, current, strict=True))
    assert chosen[0] or not current[0]
    assert chosen[2] == current[2]
