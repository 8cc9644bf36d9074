"""``--memopt-leaks`` among other plugins and options, and with tests that do odd things: one clear outcome each."""

from __future__ import annotations

from textwrap import dedent

import pytest

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
