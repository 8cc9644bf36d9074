"""Strategies tried at points of rest of a suite."""

import linecache

import pytest

from pytest_memopt.optimize.effect import Effect
from pytest_memopt.optimize.experience import Experience
from pytest_memopt.optimize.housekeeping import UNCALLED, Housekeeper, count_cached_entries

MIB = 1024**2


@pytest.fixture
def keeper(memory):
    """Makes housekeepers of the fake process."""
    entries = iter(range(1000, 0, -10))

    def make(*strategies, known=()):
        return Housekeeper(strategies, dict(known), memory, lambda: next(entries))

    return make


def test_each_visit_is_measured_and_added_up(keeper, saver):
    """What went back in each of two visits is told as a sum, with the number of them."""
    house = keeper(saver("compact", resident=20 * MIB))
    house.visit()
    house.visit()
    (effect,) = house.effects()
    assert (effect.effect, effect.applied_count, effect.freed_rss_bytes) == (Effect.HELPED, 2, 40 * MIB)
    assert effect.cleared_count == 0


def test_entries_are_those_of_the_cleanup(keeper, saver):
    """Only the strategy that clears caches is told with entries."""
    house = keeper(saver("cleanup", in_use=20 * MIB))
    house.visit()
    assert house.effects()[0].cleared_count == 10


def test_what_did_not_help_has_no_figure(keeper, saver):
    """A strategy without an effect is told so, and nothing of it is summed."""
    house = keeper(saver("compact"))
    house.visit()
    (effect,) = house.effects()
    assert (effect.effect, effect.applied_count) == (Effect.NO_EFFECT, 1)
    assert (effect.freed_rss_bytes, effect.cleared_count) == (0, 0)
    assert "nothing moved" in effect.why


def test_what_is_not_called_for_is_not_tried(keeper, make_strategy):
    """Without a reason there is no trial, and it is told that there was none."""
    strategy = make_strategy("compact", reason=None)
    house = keeper(strategy)
    house.visit()
    assert strategy.calls == []
    assert (house.effects()[0].effect, house.effects()[0].why) == (Effect.NO_EFFECT, UNCALLED)


def test_a_strategy_that_raises_is_told(keeper, make_strategy):
    """An error is an outcome, and the others go on."""

    def fail():
        raise ValueError("no way")

    house = keeper(make_strategy("compact", fail), make_strategy("cleanup"))
    house.visit()
    failed, other = house.effects()
    assert (failed.effect, other.effect) == (Effect.FAILED, Effect.NO_EFFECT)
    assert "no way" in failed.why


def test_what_helped_before_comes_first(keeper, make_strategy):
    """The order is that of the experience on this machine."""
    house = keeper(make_strategy("a"), make_strategy("b"), known={"b": Experience(3, 3)}.items())
    assert [effect.strategy for effect in house.effects()] == ["b", "a"]


def test_entries_of_the_interpreters_caches_are_counted(monkeypatch):
    """One source more in ``linecache`` is one entry more."""
    before = count_cached_entries()
    monkeypatch.setitem(linecache.cache, "<made for this test>", (1, None, ["x"], "x"))
    assert count_cached_entries() == before + 1
