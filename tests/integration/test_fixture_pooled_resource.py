"""Pooled resources in tests: who gets them, what happens to a test that keeps or soils one, what the summary says."""

from __future__ import annotations

from textwrap import dedent

import pytest

CONFTEST = dedent("""
    import sqlite3

    from pytest_memopt import pooled_resource_factory

    def create_db(rows=1000):
        db = sqlite3.connect(":memory:", check_same_thread=False)
        db.execute("create table numbers (n)")
        db.executemany("insert into numbers values (?)", [(n,) for n in range(rows)])
        db.commit()
        return db

    def pytest_memopt_register_resources(manager):
        manager.register(
            "db",
            create_db,
            reset=lambda db: db.rollback(),
            fingerprint=lambda db: db.execute("select count(*) from numbers").fetchone(),
        )

    module_db = pooled_resource_factory("module", "db")
    borrow_for_class = pooled_resource_factory("class")
""")
USES = dedent("""
    import pytest

    SEEN = set()

    @pytest.mark.parametrize("number", range(20))
    def test_called(pooled_resource, number):
        db = pooled_resource("db")
        db.execute("insert into numbers values (1)")
        assert db.execute("select count(*) from numbers").fetchone() == (1001,)

    @pytest.mark.parametrize("pooled_resource", ["db", ("db", 10)], indirect=True)
    def test_indirect(pooled_resource):
        assert pooled_resource.execute("select count(*) from numbers").fetchone()[0] in (10, 1000)

    def test_two(pooled_resource):
        assert pooled_resource("db") is not pooled_resource("db")
        assert pooled_resource("db", rows=5).execute("select count(*) from numbers").fetchone() == (5,)

    class TestWide:
        def test_first(self, module_db, borrow_for_class):
            SEEN.add(id(module_db))
            SEEN.add(id(borrow_for_class("db")))

        def test_second(self, module_db):
            assert id(module_db) in SEEN

    def test_manager(resource_manager):
        with resource_manager.borrow("db") as db:
            assert db.execute("select 1").fetchone() == (1,)
""")
TROUBLES = dedent("""
    import threading

    KEPT = []

    def test_keeps(resource_manager):
        KEPT.append(resource_manager.borrow("db"))

    def test_soils(pooled_resource):
        db = pooled_resource("db")
        db.execute("insert into numbers values (1)")
        db.commit()

    def test_twice(resource_manager):
        lease = resource_manager.borrow("db")
        lease.give_back()
        lease.give_back()

    def test_foreign(resource_manager):
        resource_manager.pool("db").give_back(object())

    def test_unknown(pooled_resource):
        pooled_resource("dbs")

    def test_raises(pooled_resource):
        pooled_resource("db").execute("insert into numbers values (2)")
        raise ValueError("of its own")

    def test_late(pooled_resource):
        KEPT[0].give_back()

    def test_good(pooled_resource):
        assert pooled_resource("db").execute("select count(*) from numbers").fetchone() == (1000,)
""")


def test_resources_are_lent_to_test_after_test(project):
    """Call form, indirect parameter, wider scopes and the manager lend; what was built is built once a worker."""
    run = (
        project.by_file()
        .with_files({"conftest.py": CONFTEST, "test_uses.py": USES})
        .measure("--memopt-report", "--memopt-no-history")
    )
    run.assert_no_crash()
    assert run.counts == {"passed": 26}
    (pool,) = run.document["pools"]
    assert pool["name"] == "db"
    assert pool["built"] == 4  # two at one time, and one for each other number of rows
    assert pool["borrowed"] == 28
    assert pool["hits"] == 24
    assert pool["held_bytes"] > 20_000
    lent_s = pool["hits"] * pool["borrow"]["mean_s"] + pool["reset"]["total_s"]
    assert pool["saved_s"] == pytest.approx(pool["hits"] * pool["build"]["mean_s"] - lent_s)
    assert len(run.lines_with("85.7%", " db")) == 1


def test_what_goes_wrong_is_told_at_the_right_test(project):
    """Keeping, soiling, returning twice or a foreign one, an unknown name: one clear message each, and the pool goes on."""
    run = project.by_file().watched().with_files({"conftest.py": CONFTEST, "test_troubles.py": TROUBLES}).run()
    run.assert_no_crash()
    assert run.counts == {"failed": 5, "passed": 3, "errors": 2}
    kept, *_ = run.lines_with("resource 'db' was not given back by test_troubles.py::test_keeps")
    assert "use `with`, or the fixture pooled_resource" in kept
    assert run.lines_with('test_troubles.py:7 in test_keeps: KEPT.append(resource_manager.borrow("db"))')
    assert run.lines_with("was changed and not reset after test_troubles.py::test_soils", "(1000,)", "(1001,)")
    assert run.lines_with(
        "a lease of resource type 'db', borrowed by test_troubles.py::test_twice, was given back before"
    )
    assert run.lines_with("is not lent by the pool of resource type 'db'")
    assert run.lines_with("resource type 'dbs' is not registered; did you mean 'db'?")
    assert run.lines_with("was taken back at the end of test_troubles.py::test_keeps; give back each lease once")


def test_a_test_that_keeps_and_fails_is_told_both(serial_project):
    """The test's own error in its teardown stays, and the section below tells of the resource."""
    run = serial_project.with_files(
        {
            "conftest.py": CONFTEST,
            "test_both.py": dedent("""
            import pytest

            @pytest.fixture
            def broken():
                yield
                raise OSError("teardown failed")

            def test_both(broken, resource_manager):
                global kept
                kept = resource_manager.borrow("db")
        """),
        }
    ).run()
    run.assert_no_crash()
    assert run.counts == {"passed": 1, "errors": 1}
    assert run.lines_with("OSError: teardown failed")
    assert run.lines_with("pooled resources")
    assert run.lines_with("resource 'db' was not given back by test_both.py::test_both")


def test_a_wider_fixture_that_keeps_its_resource_is_named(serial_project):
    """The fixture is blamed at its end, not the test that asked for it first."""
    run = serial_project.with_files(
        {
            "conftest.py": CONFTEST,
            "test_wide.py": dedent("""
            import pytest

            @pytest.fixture(scope="module")
            def careless(resource_manager):
                return resource_manager.borrow("db")

            def test_one(careless):
                pass

            def test_two(careless):
                pass
        """),
        }
    ).run("-v")
    run.assert_no_crash()
    assert run.counts["passed"] == 2
    assert run.lines_with("resource 'db' was not given back by fixture 'careless' (module scope)")
    assert run.lines_with("ERROR", "test_two")


WIDE_KEEPERS = dedent("""
    import os
    import signal

    import pytest

    KEPT = []

    @pytest.fixture(scope="session")
    def for_session(resource_manager):
        KEPT.append(resource_manager.borrow("db"))

    @pytest.fixture(scope="module", params=[1, 2])
    def for_module(resource_manager, request):
        KEPT.append(resource_manager.borrow("db"))

    def test_one(for_session, for_module):
        pass

    def test_two():
        if os.environ.get("INTERRUPT"):
            os.kill(os.getpid(), signal.SIGINT)
""")


def test_all_wider_fixtures_that_keep_are_told_in_one_message(serial_project):
    """Several that end with the same test are a list of sentences, without a trace of the plugin's own frames."""
    run = serial_project.with_files({"conftest.py": CONFTEST, "test_wide.py": WIDE_KEEPERS}).run()
    run.assert_no_crash()
    assert run.counts == {"passed": 3, "errors": 2}
    told = [line for line in run.lines_with("was not given back by fixture") if line.startswith("resource")]
    assert [line.split("fixture ")[1].split(" ")[0] for line in told] == [
        "'for_module'",
        "'for_module'",
        "'for_session'",
    ]
    assert not run.lines_with("pools.py")


def test_what_a_wider_fixture_keeps_does_not_spoil_an_interrupted_run(serial_project, monkeypatch):
    """After Ctrl-C no test can fail for it: it is a warning, and pytest's own summary stands."""
    monkeypatch.setenv("INTERRUPT", "1")
    run = serial_project.with_files({"conftest.py": CONFTEST, "test_wide.py": WIDE_KEEPERS}).run()
    run.assert_no_crash()
    assert run.lines_with("KeyboardInterrupt")
    assert run.lines_with("PoolWarning: resource 'db' was not given back by fixture 'for_session' (session scope)")
    assert run.counts["passed"] == 2


def test_failing_callbacks_are_warnings_and_the_pool_goes_on(serial_project):
    """A reset, validate or close that raises is told at the test, by a warning, and replaces the resource."""
    run = serial_project.with_files(
        {
            "test_callbacks.py": dedent("""
            import time

            class Thing:
                pass

            def boom(thing):
                raise RuntimeError("boom")

            def build_nothing():
                raise OSError("no server")

            def test_reset(resource_manager, pooled_resource):
                resource_manager.register("r", Thing, reset=boom)
                pooled_resource("r")

            def test_close(resource_manager, pooled_resource):
                resource_manager.register("c", Thing, close=boom, validate=boom)
                resource_manager.borrow("c").give_back()
                pooled_resource("c")

            def test_factory(resource_manager, pooled_resource):
                resource_manager.register("f", build_nothing)
                pooled_resource("f")

            def test_time_out(resource_manager, pooled_resource):
                resource_manager.register("t", Thing, max_size=1)
                pooled_resource("t")
                pooled_resource("t", timeout_s=0)

            def test_hanging_reset(resource_manager, pooled_resource):
                resource_manager.register("h", Thing, reset=lambda thing: time.sleep(60), call_timeout=0.05)
                pooled_resource("h")

            def test_hanging_factory(resource_manager, pooled_resource):
                resource_manager.register("hf", lambda: time.sleep(60), call_timeout=0.05)
                pooled_resource("hf")

            def test_after(pooled_resource):
                assert pooled_resource("r") is not None
        """),
        }
    ).run()
    run.assert_no_crash()
    assert run.counts == {"failed": 3, "passed": 4}
    assert run.lines_with(
        "PoolWarning: resource 'r' could not be reset after test_callbacks.py::test_reset: RuntimeError: boom"
    )
    assert run.lines_with("PoolWarning: resource 'c' could not be validated: RuntimeError: boom")
    assert run.lines_with("PoolWarning: resource 'c' could not be closed: RuntimeError: boom")
    assert run.lines_with(
        "resource 'h' could not be reset after test_callbacks.py::test_hanging_reset: CallTimeout: the reset of"
    )
    assert run.lines_with("CallTimeout: the factory of resource type 'hf' took longer than 0.05 s, and was interrupted")
    assert run.lines_with("OSError: no server")
    assert run.lines_with("no resource of type 't' is free", "1 of 1 are lent (test_callbacks.py::test_time_out for")


def test_warnings_as_errors_fail_the_test_and_break_nothing(serial_project):
    """With ``-W error`` a failing reset fails its test, and the next one gets a new resource."""
    run = serial_project.with_files(
        {
            "test_strict.py": dedent("""
            def boom(thing):
                raise RuntimeError("boom")

            def test_reset(resource_manager, pooled_resource):
                resource_manager.register("r", list, reset=boom)
                pooled_resource("r")

            def test_after(resource_manager, pooled_resource):
                assert pooled_resource("r") == []
                resource_manager.register("r", dict, replace=True)
        """),
        }
    ).run("-W", "error::pytest_memopt.pool.trouble.PoolWarning")
    run.assert_no_crash()
    assert run.lines_with("ERROR", "test_reset", "resource 'r' could not be reset")
    assert run.counts["passed"] == 2


def test_a_close_that_fails_at_the_end_fails_a_strict_run(serial_project):
    """No test is to blame any more: under ``-W error`` it is told as a warning, and the run isn't a success."""
    run = serial_project.with_files(
        {
            "test_end.py": dedent("""
            def boom(thing):
                raise RuntimeError("boom")

            def test_close(resource_manager, pooled_resource):
                resource_manager.register("c", list, close=boom)
                pooled_resource("c")
        """),
        }
    ).run("-W", "error")
    run.assert_no_crash()
    assert run.lines_with("PoolWarning: resource 'c' could not be closed: RuntimeError: boom")
    assert (run.counts["passed"], run.result.ret) == (1, 1)


def test_a_hook_that_raises_is_told_in_one_sentence(project):
    """The line of the hook is named; under pytest-xdist each test that borrows tells it, as workers can't end the session."""
    run = project.with_files(
        {
            "conftest.py": "def pytest_memopt_register_resources(manager):\n    raise ValueError('no server')\n",
            "test_one.py": "def test_one(pooled_resource): pass\n",
        }
    ).run()
    run.assert_no_crash()
    assert run.lines_with("pytest_memopt_register_resources: ValueError: no server (conftest.py:2)")
    assert not run.lines_with("pool_types.py")


def test_what_a_factory_raises_in_a_fixture_is_shown_without_the_plugin(serial_project):
    """An indirect parameter and a wider fixture fail with the error alone."""
    run = serial_project.with_files(
        {
            "conftest.py": CONFTEST,
            "test_wrong.py": dedent("""
            import pytest
            from pytest_memopt import pooled_resource_factory

            missing = pooled_resource_factory("module", "dbs")

            @pytest.mark.parametrize("pooled_resource", [5, "dbs"], indirect=True)
            def test_indirect(pooled_resource): pass

            def test_wide(missing): pass

            def test_call(pooled_resource): pooled_resource()

            def test_leaves(pooled_resource): globals()["left"] = pooled_resource

            def test_late(): left("db")
        """),
        }
    ).run()
    run.assert_no_crash()
    assert run.counts == {"errors": 3, "failed": 2, "passed": 1}
    assert run.lines_with("the parameter 5 is neither the name of a resource type nor a tuple")
    assert len(run.lines_with("E ", "resource type 'dbs' is not registered; did you mean 'db'?")) == 2
    assert run.lines_with("pooled_resource() missing 1 required positional argument")
    assert run.lines_with("pooled_resource of test_wrong.py::test_leaves is called when that is over")
    assert not run.lines_with("pools.py")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("db", "memopt_resources: 'db' can't be read; write \"name = package.module:factory\""),
        (
            "db = nowhere:create",
            "memopt_resources: 'db = nowhere:create': ModuleNotFoundError: No module named 'nowhere'",
        ),
        ("db = factories:nothing", "has no attribute 'nothing'"),
        ("db = factories:NUMBER", "'db = factories:NUMBER': factories:NUMBER is 5, which can't be called"),
    ],
)
def test_a_wrong_ini_line_is_told_once(serial_project, line, told):
    """A type that can't be registered ends in one sentence that names the line."""
    run = serial_project.with_files(
        {
            "pytest.ini": f"[pytest]\nmemopt_resources =\n    {line}\n",
            "factories.py": "NUMBER = 5\n",
            "test_one.py": "def test_one(pooled_resource): pass\n",
        }
    ).run()
    run.assert_no_crash()
    assert run.lines_with(told)


def test_types_come_from_the_ini_file(serial_project):
    """``memopt_resources`` names a factory by module; the rootdir is looked in."""
    run = serial_project.with_files(
        {
            "pytest.ini": "[pytest]\nmemopt_resources =\n    # databases\n    db = factories:create\n",
            "factories.py": "def create():\n    return [1]\n",
            "sub/test_one.py": "def test_one(pooled_resource): assert pooled_resource('db') == [1]\n",
        }
    ).run()
    assert run.counts == {"passed": 1}


def test_a_program_s_own_types_are_lent_and_watched_too(serial_project):
    """Types that the code under test registers are known; what it keeps while a test runs is that test's."""
    run = serial_project.with_files(
        {
            "app.py": dedent("""
            from pytest_memopt import get_pooled_resource, register_resource_type, with_pooled_resource

            register_resource_type("session", dict)

            @with_pooled_resource("session")
            def use():
                return get_pooled_resource("session")

            def forget():
                global kept
                kept = with_pooled_resource("session")
                kept.__enter__()
        """),
            "test_app.py": dedent("""
            import app

            def test_use(resource_manager):
                assert app.use() == {}
                assert resource_manager.get_stats()["session"].borrowed == 1

            def test_forgets(resource_manager):
                app.forget()
        """),
        }
    ).run()
    run.assert_no_crash()
    assert run.lines_with("resource 'session' was not given back by test_app.py::test_forgets")
    assert run.counts["passed"] == 2


def test_growth_of_the_pool_is_no_test_s(serial_project):
    """Building, resetting and the pool's own records are charged to nobody's test."""
    run = serial_project.with_files(
        {
            "conftest.py": dedent("""
            def pytest_memopt_register_resources(manager):
                manager.register("big", lambda: bytearray(5_000_000), reset=lambda big: HISTORY.append(bytes(50_000)))

            HISTORY = []
        """),
            "test_growth.py": dedent("""
            import pytest

            @pytest.mark.memory_limit(growth="2 KB")
            @pytest.mark.parametrize("number", range(3))
            def test_uses(pooled_resource, number):
                pooled_resource("big")[number] = 1
        """),
        }
    ).measure("--memopt-no-history")
    run.assert_no_crash()
    assert run.counts == {"passed": 3}
    assert [record["verdict"] for record in run.tests.values()] == ["ok"] * 3
    assert all(record["growth_bytes"] < 2000 for record in run.tests.values())
    (pool,) = run.document["pools"]
    assert pool["held_bytes"] == pytest.approx(5_000_000, rel=0.01)


def test_pooling_can_be_switched_off(serial_project):
    """``ENABLE_MEMORY_POOLING=false`` builds for every test, and closes."""
    run = (
        serial_project.with_files({"conftest.py": CONFTEST, "test_uses.py": USES})
        .with_variables(ENABLE_MEMORY_POOLING="false")
        .measure("--memopt-no-history")
    )
    run.assert_no_crash()
    assert run.counts == {"passed": 26}
    (pool,) = run.document["pools"]
    assert (pool["built"], pool["hits"], pool["idle"]) == (28, 0, 0)
