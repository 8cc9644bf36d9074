"""Runs that are broken off, or go wrong in the midst of what the plugin does: the rest is as without it."""

from __future__ import annotations

from textwrap import dedent

import pytest

STRIKES = """
    import pytest
    COUNTS = {"setup": 0, "call": 0, "teardown": 0}

    def strike(when):
        COUNTS[when] += 1
        if when == WHEN and COUNTS[when] == 2:
            raise ERROR

    @pytest.fixture(scope="module")
    def wide():
        yield
        print("the wide one is torn down")

    @pytest.fixture
    def narrow(wide):
        strike("setup")
        yield
        strike("teardown")

    def test_before(): pass
    def test_struck(narrow): strike("call")
    def test_after(wide): pass
"""
PHASES = ("setup", "call", "teardown")
FORGETS_ITS_TEARDOWN = """
    import pytest
    STATE = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(item):
        if "test_struck" in item.name:
            STATE.append(item.name)
            assert len(STATE) != 2
"""
FAILING_METER = """
    import pytest

    class Shaky:
        name, unit = "shaky", None
        is_broken = False
        def status(self):
            from pytest_memopt.meters.status import MeterStatus
            return MeterStatus(name=self.name, available=True, how="by hand")
        def read(self):
            assert not self.is_broken, "no more"
            return 1

    METER = Shaky()
    def pytest_memopt_meters(config): return [METER]

    @pytest.fixture
    def shaky():
        METER.is_broken = True
        yield
    @pytest.fixture
    def mended():
        METER.is_broken = False
"""


def struck(when, error):
    """The tests, with ``error`` raised the second time that a phase of one of them runs: in the first rerun."""
    return {"test_strikes.py": f"import pytest\nWHEN, ERROR = {when!r}, {error}\n{dedent(STRIKES)}"}


@pytest.mark.parametrize("when", PHASES)
@pytest.mark.parametrize(
    ("error", "code"), [("KeyboardInterrupt()", 2), ("pytest.exit.Exception('enough', returncode=7)", 7)]
)
def test_a_rerun_that_is_broken_off_ends_the_session(serial_project, when, error, code):
    """Ctrl-C or ``pytest.exit`` in a rerun ends the session as ever: the test's own run, which had passed, is told."""
    run = serial_project.with_files(struck(when, error)).run("--memopt-leaks", "-s")
    run.assert_no_crash()
    assert (run.result.ret, run.counts) == (code, {"passed": 2})
    assert run.lines_with("the wide one is torn down")


@pytest.mark.parametrize("when", PHASES)
@pytest.mark.parametrize(
    "error", ["SystemExit(3)", "GeneratorExit()", "BaseException('odd')", "pytest.skip.Exception('')"]
)
def test_a_rerun_that_raises_anything_else_is_inconclusive(serial_project, when, error):
    """Whatever else a rerun raises, and in whichever phase, says that there is no telling, and the next test is set up."""
    run = serial_project.with_files(struck(when, error)).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.counts == {"passed": 3}
    assert run.test("::test_struck")["verdict"] == "inconclusive"


def test_a_rerun_that_was_not_torn_down_is_torn_down_later(serial_project):
    """Where a hook keeps pytest from the teardown of a rerun, the next test still finds everything in order."""
    files = {**struck("never", "None"), "conftest.py": dedent(FORGETS_ITS_TEARDOWN)}
    run = serial_project.with_files(files).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.counts == {"passed": 3}
    assert run.test("::test_struck")["verdict"] == "inconclusive"


def test_a_meter_that_fails_leaves_the_test_unmeasured(serial_project):
    """A meter that can be read no longer fails no test: what it could not measure says so, and why."""
    tests = "def test_shaky(shaky): pass\ndef test_next(mended): pass\ndef test_last(): pass"
    run = serial_project.with_files({"conftest.py": dedent(FAILING_METER), "test_meter.py": tests}).measure()
    run.assert_no_crash()
    assert run.counts == {"passed": 3}
    assert run.test("::test_shaky")["verdict"] == "unmeasured"
    assert "AssertionError: no more" in run.test("::test_shaky")["why"]
    assert run.test("::test_last")["verdict"] == "ok"
