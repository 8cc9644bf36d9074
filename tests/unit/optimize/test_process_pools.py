"""The pools that a process lends from by name: figures, advice, and idle members that are closed."""

import subprocess
import sys

import pytest

from pytest_memopt.optimize.cleanup import Cleanup
from pytest_memopt.optimize.pool_advice import PoolAdvice, PoolSetting, PoolSuggestion
from pytest_memopt.optimize.process_pools import (
    pool_figures,
    process_manager,
    process_pool_advice,
    process_pools,
    release_idle_members,
)
from pytest_memopt.optimize.recommendations import Action, recommend
from pytest_memopt.optimize.take import take_profile
from pytest_memopt.pool import default
from pytest_memopt.pool.manager import ResourceManager
from pytest_memopt.pool.stats import PoolStats


@pytest.fixture
def manager(monkeypatch):
    """The process's manager, for one test."""
    monkeypatch.setattr(default, "DEFAULT", default.DefaultManager())
    with ResourceManager() as manager:
        default.DEFAULT.stand_in(manager)
        yield manager


def test_a_process_without_pools_has_none(monkeypatch):
    """Where nothing of them is loaded, nothing is loaded to look."""
    monkeypatch.delitem(sys.modules, "pytest_memopt.pool.default")
    assert (process_manager(), process_pools(), process_pool_advice(), release_idle_members()) == (None, {}, {}, 0)


def test_looking_makes_no_manager(monkeypatch):
    """A process that registered no type has none after a look either."""
    monkeypatch.setattr(default, "DEFAULT", default.DefaultManager())
    assert process_pools() == {}
    assert process_manager() is None
    assert default.DEFAULT.get() is process_manager()


def test_statistics_load_no_pools():
    """get_memory_stats() of a program without pools leaves their code where it is."""
    code = (
        "import sys, pytest_memopt as m; stats = m.get_memory_stats(); m.analyze_memory_usage(); "
        "assert stats['pools'] == {} and stats['pool_totals']['types'] == 0; "
        "print([name for name in sys.modules if name.startswith('pytest_memopt.pool')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_pools_of_registered_types_are_told(manager):
    """By the name of the type, with what is lent now; together in the profile."""
    manager.register("list", list, cleanup_interval=None)
    manager.register("dict", dict, cleanup_interval=None)
    for name in ("list", "dict", "dict"):
        manager.borrow(name).give_back()
    with manager.borrow("list"):
        profile = take_profile(top=0)
    figures = profile.pools["list"]
    assert (figures["built"], figures["in_use"], figures["hit_ratio"]) == (1, 1, 0.5)
    assert profile.pool_totals._asdict() == {"types": 2, "idle": 1, "in_use": 1, "built": 2, "borrowed": 4}


def test_only_numbers_are_figures():
    """What JSON can hold, and no distributions."""
    figures = pool_figures(PoolStats(built=1, borrowed=4, hits=3, misses=1))
    assert figures["saved_s"] == 0.0
    assert all(isinstance(value, (int, float)) for value in figures.values())


def test_pools_of_which_there_is_evidence_are_advised_on(manager):
    """Members that displaced each other, and nothing for a pool that was hardly used."""
    manager.register("db", lambda number: [number], max_size=2, cleanup_interval=None)
    manager.register("idle", list, cleanup_interval=None)
    manager.borrow("idle").give_back()
    for number in range(30):
        manager.borrow("db", number % 3).give_back()
    advice = process_pool_advice()
    assert list(advice) == ["db"]
    assert advice["db"].value_of(PoolSetting.MAX_SIZE) == 4


def test_what_saves_time_is_recommended():
    """A larger size, and not to pool; a closer limit saves nothing."""
    advice = PoolAdvice(
        "db",
        (
            PoolSuggestion(PoolSetting.MAX_SIZE, 100, 4, "few are used"),
            PoolSuggestion(PoolSetting.MIN_IDLE, 0, 2, "members left"),
            PoolSuggestion(PoolSetting.POOLING, 1, 0, "building is quick"),
        ),
    )
    found = recommend(take_profile(top=0), _NoTrend(), (), pools={"db": advice})
    assert {(one.action, one.saves_bytes) for one in found} == {(Action.RESIZE_POOL, None)}
    assert [(one.advice, one.evidence) for one in found] == [
        ("register the pool 'db' with min_idle=2 instead of 0", "members left"),
        ("have 'db' built for each borrower instead of pooling it (keep_idle=False)", "building is quick"),
    ]


def test_cleanup_closes_idle_members_where_asked(manager):
    """What lies idle is closed but for the ``min_idle``, what is lent stays, and the next borrower gets a new one."""
    manager.register("db", bytearray, min_idle=1, cleanup_interval=None)
    leases = [manager.borrow("db") for _ in range(4)]
    for lease in leases[1:]:
        lease.give_back()
    cleanup = Cleanup(release_idle=release_idle_members)
    assert "2 idle members of pools were closed, which the next borrowers have built anew" in cleanup.apply().done
    cleanup.revert()
    stats = manager.get_stats()["db"]
    assert (stats.idle, stats.in_use) == (1, 1)


class _NoTrend:
    """Nothing moved."""

    growth_bytes = 0
    verdict = None
