"""When memory is looked at between modules."""

import linecache
from types import SimpleNamespace
from typing import ClassVar

import pytest

from pytest_memopt.optimize import housekeeping
from pytest_memopt.optimize.effect import Effect
from pytest_memopt.optimize.suite_effect import StrategyEffect
from pytest_memopt.plugin import module_visits
from pytest_memopt.plugin.module_visits import BLIND, SPARED, UNCALLED, ModuleVisits
from pytest_memopt.settings import AUTO_STRATEGIES, StrategyChoice


class FakeKeeper:
    """A housekeeper that counts its visits, each of which takes so many seconds."""

    made: ClassVar[list] = []

    def __init__(self, strategies, known):
        self.names = [strategy.name for strategy in strategies]
        self.known = known
        self.visits = 0
        FakeKeeper.made.append(self)

    @property
    def spent_s(self):
        return self.visits * 1.0

    def visit(self):
        self.visits += 1

    def effects(self):
        return tuple(StrategyEffect(name, Effect.HELPED, "told", self.visits) for name in self.names)


@pytest.fixture
def world(monkeypatch):
    """Whether memory rose, what the clock says, and the housekeepers that were made."""
    state = SimpleNamespace(has_risen=True, is_blind=False, now_s=0.0, keepers=[])
    FakeKeeper.made = state.keepers

    class Rise:
        is_blind = property(lambda _: state.is_blind)

        def is_due(self):
            return state.has_risen

        def reset(self):
            pass

    monkeypatch.setattr(module_visits, "MemoryRise", lambda **_: Rise())
    monkeypatch.setattr(module_visits, "perf_counter", lambda: state.now_s)
    monkeypatch.setattr(housekeeping, "Housekeeper", FakeKeeper)
    monkeypatch.setattr(linecache, "cache", {})
    return state


def visits(wanted=AUTO_STRATEGIES, *, is_auto=False):
    """They have begun."""
    made = ModuleVisits(wanted, lambda: {"known": 1}, is_auto=is_auto)
    made.begin()
    return made


def test_where_memory_rose_it_is_looked_at(world):
    """The housekeeper is made by the first look, with what is known, and asked for what came of it."""
    made = visits()
    made.visit_if_due()
    made.visit_if_due()
    (keeper,) = world.keepers
    assert (keeper.names, keeper.known, keeper.visits) == (["cleanup", "compact"], {"known": 1}, 2)
    assert [effect.applied_count for effect in made.effects()] == [2, 2]


def test_without_a_rise_nothing_is_made(world):
    """Nothing is imported or looked at, and each strategy is told as not called for."""
    world.has_risen = False
    made = visits()
    made.visit_if_due()
    assert world.keepers == []
    assert [(one.strategy, one.effect, one.why) for one in made.effects()] == [
        ("cleanup", Effect.NO_EFFECT, UNCALLED),
        ("compact", Effect.NO_EFFECT, UNCALLED),
    ]


def test_where_memory_cannot_be_read_that_is_told(world):
    """On a platform without ``/proc`` the reason isn't that nothing was to be done."""
    world.has_risen, world.is_blind = False, True
    assert {one.why for one in visits().effects()} == {BLIND}


def test_by_itself_it_takes_half_a_percent_of_the_time(world):
    """Before the first look ten seconds pass, and after one that took a second two hundred."""
    made = visits(is_auto=True)
    world.now_s = 9.0
    made.visit_if_due()
    assert world.keepers == []
    world.now_s = 10.0
    made.visit_if_due()
    world.now_s = 199.0
    made.visit_if_due()
    assert world.keepers[0].visits == 1
    world.now_s = 200.0
    made.visit_if_due()
    assert world.keepers[0].visits == 2


def test_many_sources_are_a_reason_too(world):
    """A megabyte of sources in ``linecache`` is looked at though memory did not rise; an entry to load later is none."""
    world.has_risen = False
    linecache.cache.update({"a": (600_000, 1, [], "a"), "lazy": (lambda: None,)})
    made = visits()
    made.visit_if_due()
    assert world.keepers == []
    linecache.cache["b"] = (600_000, 1, [], "b")
    visits([StrategyChoice.COMPACT]).visit_if_due()
    assert world.keepers == []
    made.visit_if_due()
    assert len(world.keepers) == 1


def test_caches_are_spared_while_tests_are_measured(world):
    """Then only compaction is tried, and the report says why."""
    made = ModuleVisits(AUTO_STRATEGIES, dict, is_auto=False)
    made.spare_caches()
    made.begin()
    made.visit_if_due()
    assert world.keepers[0].names == ["compact"]
    assert {one.strategy: one.why for one in made.effects()} == {"cleanup": SPARED, "compact": "told"}


def test_nothing_wanted_is_nothing_done(world):
    """Without one of the two strategies there are no visits and no effects."""
    made = visits([StrategyChoice.GC])
    made.visit_if_due()
    assert (world.keepers, made.effects()) == ([], ())
