"""Distributions of durations in constant memory."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.pool.durations import Durations, DurationStats, durations_of

SECONDS = st.lists(st.floats(1e-7, 3600), min_size=1, max_size=60)


@given(SECONDS)
def test_quantiles_are_within_a_bucket(seconds):
    """The median is that of the values, to within the width of a bucket; extremes and sum are exact."""
    stats = durations_of(seconds)
    middle = sorted(seconds)[(len(seconds) - 1) // 2]
    assert stats.median_s == pytest.approx(middle, rel=0.1)
    assert (stats.number, stats.least_s, stats.most_s) == (len(seconds), min(seconds), max(seconds))
    assert stats.mean_s == pytest.approx(sum(seconds) / len(seconds))
    assert stats.quantile_s(1.0) == pytest.approx(max(seconds), rel=0.1)


@given(SECONDS, SECONDS)
def test_two_distributions_add_up(one, other):
    """Those of two processes together are that of all."""
    together, apart = durations_of(one + other), durations_of(one).plus(durations_of(other))
    assert apart._replace(total_s=0) == together._replace(total_s=0)
    assert apart.total_s == pytest.approx(together.total_s)


def test_nothing_has_no_duration():
    """Of nothing, every figure is 0, and adding it changes nothing."""
    nothing = Durations().stats()
    some = durations_of([1.0])
    assert (nothing.mean_s, nothing.median_s) == (0, 0)
    assert nothing.plus(some) == some.plus(nothing) == some
    assert DurationStats(number=1, most_s=3.0).median_s == 3.0


def test_forgotten_durations_are_gone():
    """Clearing starts anew."""
    collected = Durations()
    collected.add(1.0)
    collected.clear()
    assert collected.stats() == DurationStats()
