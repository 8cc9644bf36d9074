"""What a test leaves with pytest itself, which neither is the test's memory nor may pile up when it runs again."""

from __future__ import annotations

from textwrap import dedent
from xml.etree import ElementTree as ET

import pytest

SKIPPED = dedent("""
    import unittest
    import pytest

    class TestBase(unittest.TestCase):
        @classmethod
        def setUpClass(cls): raise unittest.SkipTest("abstract")
        def test_a(self): pass
        def test_b(self): pass

    class TestOther(unittest.TestCase):
        def test_a(self): pass

    @pytest.fixture(scope="session")
    def unavailable(): raise unittest.SkipTest("not here")

    @pytest.mark.usefixtures("unavailable")
    class TestWider(unittest.TestCase):
        def test_a(self): pass
""")
RECORDING = dedent("""
    import pytest

    def test_hunted(record_testsuite_property):
        record_testsuite_property("answer", 42)

    @pytest.mark.memory_limit(growth=0)
    def test_suite_property(record_testsuite_property):
        record_testsuite_property("answer", 42)

    @pytest.mark.memory_limit(growth=0)
    def test_properties(record_property):
        record_property("one", 1)
        record_property("two", [2])
""")


@pytest.mark.parametrize("argument", ["--memopt", "--memopt-leaks", "--memopt-limit=growth=1GB"])
def test_a_wider_set_up_that_skips_by_unittest(project, argument):
    """``SkipTest`` in ``setUpClass`` or a wider fixture skips the tests, and is no error when they are torn down."""
    run = project.with_files({"test_skipped.py": SKIPPED}).run(argument)
    run.assert_no_crash()
    assert run.counts == {"passed": 1, "skipped": 3}


@pytest.mark.parametrize("argument", ["--memopt", "--memopt-leaks"])
def test_properties_are_recorded_once(serial_project, argument):
    """What a test records is the reports', not its own, and is there once however often the test ran."""
    project = serial_project.with_files({"test_recording.py": RECORDING})
    run = project.measure(argument, "--junitxml=out.xml", "-o", "junit_family=xunit1")
    run.assert_no_crash()
    assert run.counts == {"passed": 3}
    recorded = [one.get("name") for one in ET.parse(project.path / "out.xml").iter("property")]
    assert sorted(recorded) == ["answer", "answer", "one", "two"]


def test_properties_of_a_test_are_not_its_growth(serial_project):
    """Without a JUnit file they stay with the reports of each run."""
    run = serial_project.with_files({"test_recording.py": RECORDING}).measure()
    assert run.counts == {"passed": 3}


def test_warnings_of_a_test_that_runs_again_are_dropped(project):
    """They are weighed in a first run, whose growth is an estimate, and dropped in later ones, whose growth is exact."""
    suite = """
        import warnings
        import pytest

        @pytest.mark.memory_limit(growth="1 MB")
        def test_first():
            for number in range(10):
                warnings.warn(f"take care {number}")

        @pytest.mark.memory_limit(growth="1 MB", warmup=2)
        def test_later():
            for number in range(10):
                warnings.warn(f"take care {number}")
    """
    run = project.with_files({"test_warns.py": dedent(suite)}).measure("-W", "always")
    run.assert_no_crash()
    assert run.test("::test_first")["exact"] is False
    later = run.test("::test_later")
    assert (later["growth_bytes"], later["exact"]) == (0, True)


ENDS = """
    import pytest

    def test_passes(): pass

    @pytest.mark.parametrize("number", range(3))
    def test_skips(number): pytest.skip("not today")

    @pytest.mark.skip(reason="not today")
    @pytest.mark.parametrize("number", range(3))
    def test_is_skipped(number): pass

    @pytest.mark.parametrize("number", range(3))
    def test_fails(number): assert False

    @pytest.mark.xfail
    @pytest.mark.parametrize("number", range(3))
    def test_xfails(number): assert False

    @pytest.fixture
    def broken(): raise RuntimeError

    @pytest.mark.parametrize("number", range(3))
    def test_errs(broken, number): pass
"""


@pytest.mark.parametrize("args", [(), ("--junitxml=out.xml",)], ids=["plain", "junit"])
@pytest.mark.parametrize("limit", [(), ("--memopt-limit=growth=1MB",)], ids=["free", "limited"])
def test_a_test_that_did_not_pass_is_not_charged_for_its_reports(serial_project, args, limit):
    """What pytest, its JUnit file or we keep of a skip or a failure is no test's; the first failure reads the source file."""
    run = serial_project.with_files({"test_ends.py": dedent(ENDS)}).measure(*args, *limit)
    run.assert_no_crash()
    assert run.counts == {"passed": 1, "skipped": 6, "xfailed": 3, "failed": 3, "errors": 3}
    grown = {nodeid for nodeid, record in run.tests.items() if record["growth_bytes"] and record["outcome"] != "passed"}
    assert grown <= {"test_ends.py::test_fails[0]", "test_ends.py::test_errs[0]"}
