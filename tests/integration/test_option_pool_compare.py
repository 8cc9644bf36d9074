"""``--memopt-pool-compare`` and ``memopt_pool_adaptive``: what pools save, and what a run teaches the next."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from pytest_memopt.history.store import HistoryStore

SUITE = {
    "conftest.py": dedent("""
        import hashlib

        def build(rounds=20_000):
            digest = b"slow"
            for _ in range(rounds):
                digest = hashlib.sha256(digest).digest()
            return [digest]

        def break_down():
            build.calls = getattr(build, "calls", 0) + 1
            if build.calls > 1:
                raise OSError("only once")
            return []

        def pytest_memopt_register_resources(manager):
            manager.register("slow", build)
            manager.register("once", break_down)
    """),
    "test_pools.py": dedent("""
        def test_slow(pooled_resource):
            assert pooled_resource("slow")

        def test_again(pooled_resource):
            assert pooled_resource("slow", rounds=30_000)

        def test_once(pooled_resource):
            assert pooled_resource("once") == []
    """),
}
WAITING = {
    "test_waiting.py": dedent("""
        import threading, time

        def test_waiting(resource_manager):
            resource_manager.register("narrow", list, max_size=2)

            def use():
                for _ in range(5):
                    with resource_manager.borrow("narrow"):
                        time.sleep(0.005)

            threads = [threading.Thread(target=use) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert resource_manager.get_stats()["narrow"].borrowed == 40
            print("max_size", resource_manager.pool("narrow").kind.policy.max_size)
    """),
}


@pytest.fixture
def compared(project):
    """A run that compared, with all its tests in one worker where there are any."""
    args = ("--dist", "loadfile") if project.args else ()
    return (
        project.watched()
        .with_variables(COLUMNS="120")
        .with_files(SUITE)
        .with_args(*args)
        .measure("--memopt-pool-compare", "--memopt-report", "--memopt-no-history")
    )


def test_each_pool_is_compared_with_building_anew(compared):
    """The ratio comes with its interval, the arguments are those that were borrowed with, a failure is told in a sentence."""
    compared.assert_no_crash()
    assert compared.counts == {"passed": 3}
    pools = {pool["name"]: pool for pool in compared.document["pools"]}
    comparison = pools["slow"]["comparison"]
    assert comparison["verdict"] == "faster"
    assert 1 < comparison["ratio"]["low"] <= comparison["ratio"]["value"] <= comparison["ratio"]["high"]
    assert comparison["saved_share"]["low"] > 0.5
    assert pools["once"]["comparison"] is None
    assert "OSError: only once" in pools["once"]["uncompared"]
    assert compared.lines_with("slow: pooling is faster")
    assert compared.lines_with("once: not compared", "OSError: only once")
    assert compared.lines_with("per use (", "pays off after 2")


@pytest.mark.parametrize("workers", [["second"], ["one", "other"]], ids=len)
def test_it_is_compared_in_whichever_worker_used_it(serial_project, tmp_path, workers):
    """A pool is compared in one of the workers that used it, whatever they are called; nothing is left behind of it."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    where = [part for worker in workers for part in ("--tx", f"popen//id={worker}")]
    run = (
        serial_project.with_variables(TMPDIR=str(folder))
        .with_files(SUITE)
        .measure(*where, "--dist", "load", "--memopt-pool-compare", "--memopt-report", "--memopt-no-history")
    )
    run.assert_no_crash()
    pools = {pool["name"]: pool for pool in run.document["pools"]}
    assert pools["slow"]["comparison"]["verdict"] == "faster"
    assert "OSError: only once" in pools["once"]["uncompared"]
    assert list(folder.glob("memopt-compare-*")) == []


def test_without_the_report_the_comparison_is_told_too(serial_project):
    """The option alone measures, and tells below the brief summary what came of it."""
    run = serial_project.with_files(SUITE).run("--memopt-pool-compare", "-k", "slow")
    run.assert_no_crash()
    assert run.lines_with("slow: pooling is faster")


def test_nothing_is_compared_unless_asked(serial_project):
    """Comparing takes time, so that it is an option."""
    run = serial_project.with_files(SUITE).measure("-k", "slow", "--memopt-no-history")
    assert [pool["comparison"] for pool in run.document["pools"]] == [None]


def test_advice_on_a_pool_is_kept_and_applied(serial_project):
    """Borrowers who waited are counted, the advice is in summary, JSON and history, and the next run has the larger pool."""
    project = serial_project.watched().with_files(WAITING)
    first = project.measure("--memopt-report", "-s")
    assert first.lines_with("max_size 2")
    (pool,) = first.document["pools"]
    (advice,) = [one for one in pool["advice"] if one["setting"] == "max_size"]
    assert (advice["now"], advice["value"]) == (2, 4)
    assert "borrowers waited" in advice["why"]
    assert first.lines_with("pool `narrow`: max_size=4 instead of 2")
    with HistoryStore.open(project.path / ".memopt" / "history.db", read_only=True) as store:
        (known,) = [one for one in store.knowledge() if one.kind == "pool"]
    assert known.name == "narrow"
    assert project.run("--memopt-report", "-s").lines_with("max_size 2")
    adaptive = project.with_files({"pytest.ini": "[pytest]\nmemopt_pool_adaptive = true\n"})
    assert adaptive.run("-s").lines_with("max_size 4")


def test_knowledge_that_can_not_be_read_is_passed_over(serial_project):
    """What another version wrote, or a history that is broken, keeps no pool from working."""
    project = serial_project.with_files({**WAITING, "pytest.ini": "[pytest]\nmemopt_pool_adaptive = true\n"})
    (project.path / ".memopt").mkdir()
    (project.path / ".memopt" / "history.db").write_bytes(b"not a database" * 100)
    run = project.run("-s")
    run.assert_no_crash()
    assert run.lines_with("max_size 2")
    assert json.dumps(run.counts) == '{"passed": 1}'
