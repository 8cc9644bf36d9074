"""``--memopt-leaks`` among other plugins and options, and with tests that do odd things: one clear outcome each."""

from __future__ import annotations

import re
from textwrap import dedent

import jsonschema
import pytest

from pytest_memopt.meters.traced_peak import TRACING_LEAKS
from pytest_memopt.report.json_report import schema

DYNAMIC = """
    import pytest
    KEPT = []

    @pytest.fixture(scope="session")
    def wide(): return []

    @pytest.fixture
    def narrow(wide): yield wide

    def test_asks_later(request): assert request.getfixturevalue("narrow") == []
    def test_leaks(request): KEPT.append([request.getfixturevalue("narrow")])
"""
ASYNC = """
    import asyncio, pytest
    KEPT = []

    @pytest.mark.asyncio
    async def test_awaits(): await asyncio.sleep(0)

    @pytest.mark.asyncio
    async def test_leaks(): KEPT.append([1])
"""
SHAKY = """
    import pytest
    DOWN, FIRST, KEPT = [], [], []

    @pytest.fixture
    def shaky():
        yield
        DOWN.append(1)
        assert len(DOWN) < 3, "only later"

    def test_shaky_teardown(shaky): pass
    def test_subtests(subtests):
        for number in range(3):
            with subtests.test(number=number): pass
    def test_adds_to_its_module(): globals().setdefault("ADDED", [1])
    def test_leaks(): KEPT.append([1])
    def double(number):
        \"\"\"
        >>> double(2)
        4
        \"\"\"
        return 2 * number
"""


def test_fixtures_that_are_asked_for_inside_a_test_leave_nothing(serial_project):
    """What a fixture that is requested by its name alone leaves on a wider one is no leak."""
    run = serial_project.with_files({"test_dynamic.py": dedent(DYNAMIC)}).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.test("::test_asks_later")["leak"]["verdict"] == "clean"
    assert run.test("::test_leaks")["leak"]["signature"] == "test_dynamic.KEPT[*] <- list"


def test_coroutines_are_hunted(serial_project):
    """Tests that pytest-asyncio runs are clean, or leak, by what they do themselves."""
    pytest.importorskip("pytest_asyncio")
    project = serial_project.with_plugins("asyncio").with_files({"test_async.py": dedent(ASYNC)})
    run = project.measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.test("::test_awaits")["leak"]["verdict"] == "clean"
    assert run.test("::test_leaks")["leak"]["signature"] == "test_async.KEPT[*] <- list"


def test_the_value_of_a_wider_fixture_is_named(serial_project):
    """A test that adds to what a class-scoped fixture gave it leaks into the fixture, by its name."""
    suite = """
        import pytest

        @pytest.fixture(scope="class")
        def state(): return []

        class TestState:
            def test_adds(self, state): state.append([1])
            def test_reads(self, state): assert state
    """
    run = serial_project.with_files({"test_state.py": dedent(suite)}).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.test("::test_adds")["leak"]["signature"] == "fixture state[*] <- list"
    assert run.test("::test_reads")["verdict"] == "ok"


def test_an_interruption_in_a_later_run_ends_the_session(serial_project):
    """Ctrl-C while a test is repeated is pytest's own end: the test itself had passed, and what its runs showed is told."""
    suite = """
        RUNS, KEPT = [], []
        def test_leaks(): KEPT.append([1])
        def test_interrupted():
            RUNS.append([1])
            if len(RUNS) == 15: raise KeyboardInterrupt
        def test_never(): pass
    """
    project = serial_project.with_files({"test_ctrl_c.py": dedent(suite)})
    run = project.measure("--memopt-leaks", "--memopt-report", "--memopt-no-history")
    run.assert_no_crash()
    assert run.result.ret == pytest.ExitCode.INTERRUPTED
    assert run.counts == {"failed": 1, "passed": 1}
    assert run.lines_with("memory: leaks", "held by test_ctrl_c.KEPT")
    assert run.lines_with("test_interrupted: the hunt was interrupted in run 14")
    assert run.lines_with("  blocks")
    record = run.test("::test_interrupted")
    assert (record["verdict"], record["why"]) == ("inconclusive", "interrupted in run 14")
    assert (record["outcome"], record["leak"]["rounds"], len(run.tests)) == ("passed", 13, 2)
    jsonschema.validate(run.document, schema())


@pytest.mark.parametrize("interrupt", ["raise KeyboardInterrupt", "pytest.exit('enough')"])
def test_an_interruption_after_the_verdict_leaves_it(serial_project, interrupt):
    """Ctrl-C while a culprit is looked for leaves the leak that was shown, without a name."""
    suite = f"""
        import pytest
        RUNS, KEPT = [], []
        def test_leaks():
            KEPT.append([1])
            RUNS.append(1)
            if len(RUNS) == 34: {interrupt}
    """
    run = serial_project.with_files({"test_late.py": dedent(suite)}).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.result.ret == pytest.ExitCode.INTERRUPTED
    record = run.test("::test_leaks")
    assert (record["outcome"], record["verdict"], record["leak"]["culprits"]) == ("failed", "leak", [])


def test_an_interruption_in_a_limit_s_rerun_is_told(serial_project):
    """Ctrl-C while a breach is confirmed leaves the test as it was, with a verdict that is inconclusive."""
    suite = """
        import pytest
        RUNS, KEPT = [], []
        @pytest.mark.memory_limit(growth="1 KiB")
        def test_grows():
            RUNS.append(1)
            KEPT.append(bytes(100_000))
            if len(RUNS) == 2: pytest.exit("enough")
    """
    run = serial_project.with_files({"test_exit.py": dedent(suite)}).measure()
    run.assert_no_crash()
    assert run.counts == {"passed": 1}
    record = run.test("::test_grows")
    assert (record["verdict"], record["why"]) == ("inconclusive", "interrupted while it was run again")


@pytest.mark.parametrize("controller", ["comes first", "comes last"])
def test_an_interruption_tells_what_workers_found_and_were_at(serial_project, controller):
    """Ctrl-C in a hunt under xdist: the leaks found before it are told, and in which test the worker was; the JSON is written."""
    pytest.importorskip("xdist")
    late = """
        import os, time, pytest
        from pathlib import Path
        def worker_is_over():
            pages = [page.read_text() for page in Path(".memopt/journal").glob("*gw0.journal")]
            return not pages or "interrupted" in pages[0].partition("\\n")[0].replace("test_interrupted", "")
        @pytest.hookimpl(tryfirst=True)
        def pytest_keyboard_interrupt():
            deadline = time.monotonic() + 20
            while "PYTEST_XDIST_WORKER" not in os.environ and not worker_is_over() and time.monotonic() < deadline:
                time.sleep(0.05)
    """
    suite = """
        import os, signal, time
        RUNS, KEPT = [], []
        def test_leaks(): KEPT.append([1])
        def test_interrupted():
            RUNS.append(1)
            if len(RUNS) == 3:
                time.sleep(1)  # until the controller has read of the test before
                os.kill(os.getppid(), signal.SIGINT)
                raise KeyboardInterrupt
    """
    files = {"test_ctrl_c.py": dedent(suite), "conftest.py": dedent(late) if controller == "comes last" else ""}
    run = serial_project.with_args("-n", "1").with_files(files).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.result.ret == pytest.ExitCode.INTERRUPTED
    assert run.test("::test_leaks")["verdict"] == "leak"
    assert run.lines_with("memory: leaks", "held by test_ctrl_c.KEPT")
    told = run.lines_with("gw0 was interrupted: it was running test_ctrl_c.py::test_interrupted")
    told += run.lines_with("test_ctrl_c.py::test_interrupted: the hunt was interrupted")  # where the worker was faster
    assert len(told) == 1
    assert not run.lines_with("died")
    assert not list((serial_project.path / ".memopt" / "journal").iterdir())


def test_tests_that_handle_the_collector_are_hunted(serial_project):
    """Freezing, thawing or disabling the collector inside a test neither hides a leak nor is one."""
    suite = """
        import gc, sys
        KEPT = []
        def test_freezes(): gc.freeze()
        def test_thaws(): gc.unfreeze()
        def test_disables(): gc.disable()
        def test_thresholds(): gc.set_threshold(1, 1, 1)
        def test_traces(): sys.settrace(lambda *_: None); sys.setprofile(lambda *_: None)
        def test_leaks(): KEPT.append([1])
    """
    run = serial_project.with_files({"test_gc.py": dedent(suite)}).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.counts == {"passed": 5, "failed": 1}
    assert run.test("::test_leaks")["leak"]["signature"] == "test_gc.KEPT[*] <- list"


def test_nobody_is_asked_twice_by_the_debugger(serial_project):
    """Under ``--trace`` a test is not repeated: its user would be asked in every run."""
    suite = {"test_traced.py": "def test_calm(): pass\n"}
    run = serial_project.with_files(suite).run("--memopt-leaks", "--memopt-report", "--trace", typed="c\n")
    run.assert_no_crash()
    assert run.counts == {"passed": 1}
    assert run.lines_with("1 inconclusive")


def test_a_hunt_that_can_not_write_goes_on(serial_project):
    """Without a folder to write to leaks are found all the same."""
    files = {"test_ro.py": "KEPT = []\ndef test_leaks(): KEPT.append([1])\n", ".memopt": "a file in the way\n"}
    run = serial_project.with_files(files).run("--memopt-leaks", "--memopt-report", "-p", "no:cacheprovider")
    run.assert_no_crash()
    assert run.counts == {"failed": 1}
    assert run.lines_with("held by test_ro.KEPT")


def test_a_worker_that_dies_in_a_hunt_is_told(project_in_two):
    """The test that killed it fails, the others are as they were, and the summary says what was running."""
    suite = """
        import os
        RUNS = []
        def test_dies():
            RUNS.append(1)
            if len(RUNS) == 3: os._exit(1)
        def test_calm(): pass
    """
    project = project_in_two.with_files({"test_dies.py": dedent(suite)})
    run = project.run("--memopt-leaks", "--memopt-report", "--memopt-no-history")
    run.assert_no_crash()
    assert run.counts == {"passed": 1, "failed": 1}
    assert run.lines_with("it was running test_dies.py::test_dies")


def test_totals_are_those_without_the_hunt(project):
    """Teardowns that fail later, subtests, doctests and reports change no total but that of the leak; the JSON is valid."""
    pytest.importorskip("pytest", minversion="9.0")
    whole = project.with_files({"test_shaky.py": dedent(SHAKY)}).with_args("--doctest-modules")
    calm = whole.run()
    run = whole.measure("--memopt-leaks", "--memopt-report", "--memopt-no-history")
    run.assert_no_crash()
    assert calm.counts["passed"] - run.counts["passed"] == run.counts["failed"] == 1
    assert run.test("::test_shaky_teardown")["verdict"] == "inconclusive"
    assert "its teardown failed" in run.test("::test_shaky_teardown")["why"]
    assert run.test("::test_shaky.double")["leak"]["verdict"] == "clean"
    jsonschema.validate(run.document, schema())


def test_reruns_of_flaky_tests_are_hunted_once(serial_project):
    """Under pytest-rerunfailures the run that passed is hunted, and a leak is a failure like others."""
    pytest.importorskip("pytest_rerunfailures")
    suite = """
        TRIES, KEPT = [], []
        def test_second_time():
            TRIES.append(1)
            assert len(TRIES) > 1
            del TRIES[2:]
        def test_leaks(): KEPT.append([1])
    """
    project = serial_project.with_plugins("rerunfailures").with_files({"test_flaky.py": dedent(suite)})
    run = project.measure("--memopt-leaks", "--reruns=1")
    run.assert_no_crash()
    assert run.counts == {"passed": 1, "failed": 1}
    assert run.test("::test_second_time")["leak"]["verdict"] == "clean"


@pytest.mark.parametrize("reruns", [0, 3])
def test_a_leak_is_final(serial_project, reruns):
    """Pytest-rerunfailures runs a leaking test as often as any that fails, but it is hunted once, and the leak stays."""
    pytest.importorskip("pytest_rerunfailures")
    suite = """
        KEPT = []
        def test_leaks(): KEPT.append([1])
        def test_says_how_often(): print(f"{len(KEPT)} kept")
    """
    project = serial_project.with_plugins("rerunfailures").with_files({"test_final.py": dedent(suite)})
    run = project.measure("--memopt-leaks", f"--reruns={reruns}", "-s")
    run.assert_no_crash()
    assert run.counts == {"passed": 1, "failed": 1}
    assert run.test("::test_leaks")["leak"]["signature"] == "test_final.KEPT[*] <- list"
    # the hunt of the last test prints it several times; the first time is the user's own run
    kept_count = int(re.findall(r"(\d+) kept", run.text)[0])
    assert kept_count < 80


def test_a_test_that_uses_tracemalloc_itself(project):
    """What it keeps is named though it stops our tracing too; where tracemalloc itself leaks, that is told as what it may be."""
    suite = """
        import tracemalloc
        KEPT = []
        def test_traces():
            tracemalloc.start()
            text = bytes(1000)
            tracemalloc.stop()
        def test_keeps():
            tracemalloc.start()
            KEPT.append([1])
            tracemalloc.stop()
    """
    run = project.with_files({"test_traces.py": dedent(suite)}).measure("--memopt-leaks")
    run.assert_no_crash()
    kept = run.test("::test_keeps")["leak"]["culprits"][0]
    assert (kept["type"], kept["holder"]) == ("list", "test_traces.KEPT")
    assert run.test("::test_traces")["verdict"] == ("leak" if TRACING_LEAKS else "ok")
    assert bool(run.lines_with("C memory, perhaps tracemalloc's own (gh-121390)")) is TRACING_LEAKS
