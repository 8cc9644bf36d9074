"""CPython's own tests run under the plugin: what they do to the collector, they may do in front of us."""

from __future__ import annotations

import importlib.util
import sys

import pytest

MODULES = {
    "test_weakref": 100,
    "test_functools": 200,
    "test_collections": 80,
    "test_generators": 25,
    "test_contextlib": 80,
}
"""CPython's modules, and how many tests each has at least in every supported version."""

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("test") is None or importlib.util.find_spec("test.test_weakref") is None,
    reason="this interpreter ships no `test` package",
)


@pytest.fixture
def files(pytester):
    """A function that says how pytest is pointed at a module of CPython's tests, alone in a project of its own."""
    pytester.makeini("[pytest]\n")

    def of(name):
        return ("--rootdir", str(pytester.path), "-c", str(pytester.path / "tox.ini"), "--pyargs", f"test.{name}")

    return of


@pytest.mark.parametrize(
    ("name", "gc_mode"),
    [*((name, "freeze") for name in MODULES), ("test_generators", "collect"), ("test_generators", "off")],
)
def test_outcomes_are_the_same(assert_same_outcomes, files, name, gc_mode):
    """Every test of the module ends as it does without the plugin, however windows are settled."""
    ours = assert_same_outcomes(*files(name), least=MODULES[name], options=("--memopt", f"--memopt-gc={gc_mode}"))
    assert "passed" in {outcome for outcomes in ours.values() for outcome in outcomes}


@pytest.mark.parametrize("name", ["test_weakref", "test_generators"])
def test_outcomes_are_the_same_when_optimised(assert_same_outcomes, files, name):
    """Every test of the module ends as it does where nobody tunes and freezes."""
    assert_same_outcomes(*files(name), least=MODULES[name], options=("--memopt-optimize", "auto"))


@pytest.mark.parametrize("options", [("--memopt",), ("--memopt-optimize", "auto")], ids=["measured", "optimised"])
def test_tests_of_the_collector_itself(assert_same_outcomes, files, pytester, options):
    """``test_gc`` ends the same too, once the tests that freeze or count the collector's own lists are exempt."""
    pytester.makeconftest(
        """
        import pytest

        # They assert on gc.get_freeze_count() and gc.get_stats(), which settling by freeze moves.
        EXEMPT = ("test_freeze", "test_get_stats", "test_get_count", "test_get_objects", "test_trashcan_threads")

        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name.startswith(EXEMPT) and item.config.pluginmanager.hasplugin("memopt"):
                    item.add_marker(pytest.mark.memopt(gc="off"))
        """
    )
    assert_same_outcomes(*files("test_gc"), least=30, options=options)


def test_under_xdist(assert_same_outcomes, files):
    """The same in two processes."""
    pytest.importorskip("xdist")
    assert_same_outcomes("-n", "2", *files("test_contextlib"), least=MODULES["test_contextlib"])


def test_off_means_off(pytester):
    """Installed but not asked for, the plugin leaves the collector alone."""
    pytester.makepyfile(
        """
        import gc, sys

        def test_gc_untouched():
            # Python 3.12 freezes some hundred immortal objects by itself; a frozen heap has ten thousands
            assert gc.get_freeze_count() <= (2000 if sys.version_info[:2] == (3, 12) else 0)
            assert gc.isenabled()
            assert "psutil" not in sys.modules
            assert "pympler" not in sys.modules
            assert "pytest_memopt.meters" not in sys.modules
        """
    )
    result = pytester.run(sys.executable, "-m", "pytest", "-q")
    result.assert_outcomes(passed=1)
