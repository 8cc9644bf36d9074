"""Levels over rounds, what they changed by, and the patterns in that."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.leaks.series import ContainerGrowth, Levels, repeats, stretches, typical
from pytest_memopt.meters.rounds import LeakSignal

CHANGES = st.lists(st.integers(-1000, 1000), max_size=40)


def test_changes_are_what_each_round_added():
    """One change for each round: the first level is only the start; containers count theirs alike."""
    assert Levels(LeakSignal.FDS, (5, 7, 7, 4)).changes == (2, 0, -3)
    assert ContainerGrowth(0, "list", (0, 1, 3)).changes == (1, 2)


def test_earlier_changes_come_first():
    """What was added before, in rounds that were read in another way, precedes what these rounds added."""
    assert Levels(LeakSignal.FDS, (5, 7), earlier=(9, 8)).all_changes == (9, 8, 2)


def test_a_signal_moved_when_any_round_changed_it():
    """Also when only earlier rounds did, or when it came back."""
    assert not Levels(LeakSignal.FDS, (5, 5), earlier=(0, 0)).moved
    assert Levels(LeakSignal.FDS, (5, 5), earlier=(0, 1)).moved
    assert Levels(LeakSignal.FDS, (5, 6, 5)).moved


@given(CHANGES.filter(any), st.integers(-(10**9), 10**9))
def test_a_constant_changes_nothing(changes, start):
    """Changes don't depend on where the levels start."""
    levels = [sum(changes[:count]) for count in range(len(changes) + 1)]
    moved = tuple(start + level for level in levels)
    assert Levels(LeakSignal.FDS, moved).changes == tuple(changes)


@pytest.mark.parametrize(
    ("changes", "per_round"),
    [
        ((), 0),
        ((3, 3, 500), 3),
        ((2, 4), 3),
        ((0, 0, 6), 2),
        ((0, 0, 0), 0),
    ],
)
def test_a_typical_change_is_no_burst(changes, per_round):
    """A round adds the median; the mean only where most rounds add nothing."""
    assert typical(changes) == per_round


def test_a_signal_adds_its_typical_change():
    """What a round adds to a signal is its typical change."""
    assert Levels(LeakSignal.FDS, (0, 3, 6, 500)).per_round == 3


def test_stretches_leave_the_oldest_rounds_over():
    """Stretches are of one length and hold the newest rounds; what doesn't fill a stretch is the oldest."""
    assert stretches((100, 1, 2, 3, 4), 2) == [3, 7]


@given(CHANGES.filter(any), st.integers(1, 40))
def test_stretches_lose_nothing_but_the_oldest(changes, count):
    """The stretches add up to the newest changes."""
    length = len(changes) // count
    kept = changes[len(changes) - length * count :]
    assert (len(stretches(changes, count)), sum(stretches(changes, count))) == (count, sum(kept))


@given(st.lists(st.integers(-9, 9), min_size=1, max_size=8), st.integers(1, 5), CHANGES)
def test_a_pattern_is_found_behind_anything(pattern, times, before):
    """The newest rounds are a pattern over and over, whatever was before."""
    changes = [*before, *pattern * times]
    assert repeats(changes, len(pattern), len(pattern) * times)


@pytest.mark.parametrize(("changes", "period", "rounds"), [((1, 2), 2, 3), ((1, 2, 1, 3), 2, 4), ((1, 1, 2), 1, 3)])
def test_no_pattern_where_rounds_are_few_or_differ(changes, period, rounds):
    """It is no pattern when one round differs, or when there are not as many rounds as are asked for."""
    assert not repeats(changes, period, rounds)
