"""Timers of pytest-timeout, by the two hooks that it offers: a run of ours has as much time as the test's own."""

from __future__ import annotations

from textwrap import dedent

import pytest

CONFTEST = dedent("""
    from types import SimpleNamespace
    import pytest

    class Hooks:
        @pytest.hookspec(firstresult=True)
        def pytest_timeout_set_timer(item, settings): pass
        @pytest.hookspec(firstresult=True)
        def pytest_timeout_cancel_timer(item): pass

    SET = []
    RUNNING = []

    def pytest_addhooks(pluginmanager):
        pluginmanager.add_hookspecs(Hooks)

    @pytest.hookimpl(trylast=True)
    def pytest_timeout_set_timer(item, settings):
        SET.append(settings.timeout)
        RUNNING[:] = [item.name]
        return True

    @pytest.hookimpl(trylast=True)
    def pytest_timeout_cancel_timer(item):
        RUNNING.clear()
        return True

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(item):
        settings = SimpleNamespace(timeout=5, func_only=FUNC_ONLY)
        item.config.hook.pytest_timeout_set_timer(item=item, settings=settings)
        SET.clear()
        try:
            return (yield)
        finally:
            print(f"{item.name}: {len(SET)} timers for {item.module.RUNS[item.name] - 1} more runs, {RUNNING or 'none'} running")
            item.config.hook.pytest_timeout_cancel_timer(item=item)
""")
SUITE = dedent("""
    from collections import Counter
    import pytest
    from conftest import RUNNING, SET

    RUNS, KEPT = Counter(), []

    @pytest.fixture(autouse=True)
    def counted(request):
        RUNS[request.node.name] += 1
        assert RUNNING == [request.node.name]
        yield
        assert RUNNING == [request.node.name]

    @pytest.mark.no_leaks
    def test_clean(): pass

    @pytest.mark.no_leaks
    def test_leaks(): KEPT.append([1])

    @pytest.mark.memory_limit(growth="10 KB")
    def test_breach(): KEPT.append(bytes(100_000))
""")


def timers(run, name):
    """How many timers were set for how many more runs, and what is running in the end."""
    (line,) = run.lines_with(f"{name}: ", " timers for ")
    words = line.rpartition(f"{name}: ")[2].split()
    return int(words[0]), int(words[3]), words[6]


@pytest.mark.parametrize("name", ["test_clean", "test_leaks", "test_breach"])
def test_each_run_has_the_whole_time(serial_project, name):
    """The timer is set anew for each repetition, is not running between them, and is set for what is left to tear down."""
    files = {"conftest.py": f"FUNC_ONLY = False\n{CONFTEST}", "test_timed.py": SUITE}
    run = serial_project.with_files(files).run("-s", f"test_timed.py::{name}")
    run.assert_no_crash()
    assert run.counts == ({"passed": 1} if name == "test_clean" else {"failed": 1})
    timers_count, more_runs_count, running = timers(run, name)
    assert timers_count == more_runs_count + 1
    assert more_runs_count >= 2
    assert name in running


def test_a_timer_for_the_call_alone_is_left_to_pytest_timeout(serial_project):
    """It is set and cancelled around each call by itself."""
    files = {"conftest.py": f"FUNC_ONLY = True\n{CONFTEST}", "test_timed.py": SUITE}
    run = serial_project.with_files(files).run("-s", "test_timed.py::test_breach")
    assert run.counts == {"failed": 1}
    assert timers(run, "test_breach")[0] == 0
