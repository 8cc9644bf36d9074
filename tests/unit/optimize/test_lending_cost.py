"""What a lease costs, and from when on a difference counts."""

import random

import pytest

from pytest_memopt.optimize.lending_cost import LendingCost, compared, cost_of
from pytest_memopt.pool.durations import durations_of
from pytest_memopt.pool.stats import PoolStats


def test_only_what_was_built_again_is_counted():
    """The first build of each member is no loss; waits and later builds are."""
    stats = PoolStats(borrowed=100, misses=14, waits=10, waited_s=2.0, build=durations_of([0.5]))
    cost = cost_of(stats, 4)
    assert cost == LendingCost(100, 10, 2.0, 10, 0.5)
    assert cost.mean_s == pytest.approx(0.07)
    assert cost_of(stats, 20).rebuilt_count == 0


def test_no_leases_cost_nothing():
    """Of nothing there is no mean, and no error."""
    nothing = LendingCost(0, 0, 0.0, 0, 0.0)
    timing = compared("db", nothing, nothing)
    assert (nothing.mean_s, timing.noise_s, timing.is_faster) == (0.0, 0.0, False)


def test_waits_that_vanish_are_a_gain():
    """Half of the borrowers waited, and nobody does any more."""
    timing = compared("db", LendingCost(200, 100, 1.0, 0, 0.0), LendingCost(200, 0, 0.0, 0, 0.0))
    assert timing.is_faster
    assert (timing.before_s, timing.after_s) == (0.005, 0.0)
    assert "waiting and building again for a lease of the pool 'db'" in timing.what


def test_a_few_leases_without_a_wait_are_chance():
    """Where one in twenty waits, twenty leases without a wait say nothing."""
    assert not compared("db", LendingCost(200, 10, 1.0, 0, 0.0), LendingCost(20, 0, 0.0, 0, 0.0)).is_faster


def test_two_times_of_the_same_kind_are_told_apart_by_chance_seldom():
    """Of 1000 pairs with waits by chance at most ten are called a gain."""
    chance = random.Random(7)

    def drawn(count):
        waits_s = [chance.expovariate(100) for _ in range(count) if chance.random() < 0.3]
        return LendingCost(count, len(waits_s), sum(waits_s), 0, 0.0)

    gains = [compared("db", drawn(100), drawn(40)).is_faster for _ in range(1000)]
    assert sum(gains) <= 10
