"""What a hunt brought, in numbers per round."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.leaks.catch import Catch, Patience, per_round
from pytest_memopt.leaks.ruling import LeakKind, Ruling
from pytest_memopt.leaks.series import Levels
from pytest_memopt.meters.rounds import LeakSignal


def catch(*series, signals=()):
    """A catch with these series, in which these signals were found to grow."""
    return Catch(Ruling(LeakKind.LEAK, signals), 7, series, (), (), (), 1.0)


def test_what_came_to_rest_adds_nothing():
    """A block that one of the first rounds kept is no part of what a round adds, a descriptor in each round is."""
    blocks = Levels(LeakSignal.BLOCKS, (10, 11, 11, 11, 11, 11, 11))
    fds = Levels(LeakSignal.FDS, (3, 4, 5, 6, 7, 8, 9))
    assert per_round(catch(blocks, fds, signals=(LeakSignal.FDS,))) == {LeakSignal.FDS: 1}


def test_what_the_ruling_names_is_told_also_at_rest():
    """A rare leak, which the newer rounds happened to miss, is told as it was found."""
    rare = Levels(LeakSignal.BLOCKS, (0, 9, 9, 9, 9, 9, 9))
    assert per_round(catch(rare, signals=(LeakSignal.BLOCKS,))) == {LeakSignal.BLOCKS: 1.5}
    assert per_round(catch(rare)) == {}


@given(st.lists(st.integers(0, 50), min_size=3, max_size=30))
def test_only_what_moves_is_told(levels):
    """A signal is told where its newer rounds changed it, and what they say isn't nothing."""
    told = per_round(catch(Levels(LeakSignal.BLOCKS, tuple(levels))))
    changes = [after - before for before, after in pairwise(levels)]
    assert not told or any(changes[len(changes) // 2 :])


@pytest.mark.parametrize(("budget_s", "naming_s"), [(20, 10), (5, 2.5)])
def test_naming_has_a_budget(budget_s, naming_s):
    """It is half as long as the hunt may be, and the same however long that took."""
    assert Patience(budget_s=budget_s).naming_s == naming_s
