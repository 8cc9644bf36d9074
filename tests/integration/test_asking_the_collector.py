"""Tests that ask the garbage collector about objects, or handle what is frozen, in a run that freezes the heap."""

from __future__ import annotations

import sys
from textwrap import dedent

import pytest

SUITE = dedent("""
    import gc
    import random
    import warnings

    import hypothesis
    import pytest

    class Session:
        pass

    SESSION = Session()
    GENERATOR = random.Random(1)

    def test_registers_with_hypothesis():
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            hypothesis.register_random(GENERATOR)

    def test_finds_what_was_there():
        assert [one for one in gc.get_objects() if type(one) is Session] == [SESSION]

    def test_finds_who_refers_to_it():
        assert any(one is globals() for one in gc.get_referrers(SESSION))

    class Circle:
        def __init__(self):
            self.itself = self

    CIRCLES = [Circle() for _ in range(3)]

    def test_finds_no_garbage_that_was_old():
        CIRCLES.clear()
        gc.collect()
        assert not any(type(one) is Circle for one in gc.get_objects())
        gc.collect()

    def test_finds_nothing_frozen():
        gc.collect()
        before = gc.get_freeze_count()
        gc.freeze()
        assert gc.get_freeze_count() > before + 1000
        gc.unfreeze()
        assert gc.get_freeze_count() == 0

    @pytest.mark.memory_limit(growth="1 MB")
    def test_with_a_limit():
        assert len(gc.get_objects()) > 1000

    @pytest.mark.memory_limit(objects=0)
    def test_whose_objects_are_limited():
        gc.get_objects()

    def test_keeps(kept=[]):
        kept.append(bytes(100_000))
        gc.unfreeze()

    def test_after():
        pass
""")
ALL = 9
# CPython 3.10 gives each function a frame with its first call, and two blocks with its 1 024th
CACHES_BYTES, EXACT_SHARE = (4096, 0.7) if sys.version_info < (3, 11) else (0, 1)


@pytest.mark.parametrize(
    "arguments", [(), ("--memopt-optimize=auto",), ("--memopt-leaks",)], ids=["measured", "tuned", "hunted"]
)
def test_they_find_what_they_would_find_without(project, arguments):
    """The heap is thawed for who asks, so that outcomes are the same."""
    run = project.with_files({"test_asks.py": SUITE}).measure(*arguments, "--deselect=test_asks.py::test_keeps")
    run.assert_no_crash()
    assert run.counts == {"passed": ALL - 1}


def test_without_measuring_too(project):
    """The collector that is only tuned thaws as well, and freezes anew in the next module."""
    files = {"test_asks.py": SUITE, "test_more.py": "import gc\ndef test_more(): assert gc.get_freeze_count() < 2000\n"}
    run = project.with_files(files).run("--memopt-optimize=auto")
    run.assert_no_crash()
    assert run.counts == {"passed": ALL + 1}


def test_bytes_are_told_and_objects_are_not(project):
    """New objects can't be told from old ones then: there is no number, rather than that of all, and a reason."""
    run = project.with_files({"test_asks.py": SUITE}).measure("--memopt-report")
    keeps = run.test("::test_keeps")
    assert (keeps["objects"], keeps["exact"], keeps["top_types"]) == (None, False, [])
    assert keeps["growth_bytes"] > 90_000
    assert "asked the garbage collector for all objects" in keeps["notes"][0]
    limited = run.test("::test_whose_objects_are_limited")
    assert limited["verdict"] == "unmeasured"
    assert "asked the garbage collector for all objects" in limited["why"]
    after = run.test("::test_after")
    assert (after["objects"], after["exact"], after["notes"]) == (0, True, [])
    assert abs(after["growth_bytes"]) <= CACHES_BYTES


def test_who_imported_the_function_early_too(project):
    """A conftest module, which is loaded before there is anything to measure, and all that asks it, find what is there."""
    files = {
        "conftest.py": dedent("""
            from gc import get_objects
            class Session: pass
            SESSION = Session()
            def sessions(): return [one for one in get_objects() if type(one) is Session]
        """),
        "test_asks.py": dedent("""
            import conftest
            def test_first(): pass
            def test_finds_what_was_there(): assert conftest.sessions() == [conftest.SESSION]
        """),
    }
    run = project.with_files(files).measure()
    run.assert_no_crash()
    assert run.counts == {"passed": 2}


KEPT_BY_PYTEST = dedent("""
    import gc
    import warnings

    import pytest

    def warn():
        warnings.warn("something")

    def test_warns():
        warn()

    def test_property(record_property):
        record_property("key", "value")

    @pytest.mark.memopt(gc="off")
    def test_left_alone():
        warn()

    def test_thaws():
        gc.unfreeze()
        warn()
""")


@pytest.mark.parametrize("mode", ["freeze", "collect", "off"])
def test_what_pytest_keeps_weighs_little_where_the_new_is_unknown(serial_project, mode):
    """A warning's weight is its own, and not that of all it leads to: a test would seem to have freed megabytes."""
    run = serial_project.with_files({"test_kept.py": KEPT_BY_PYTEST}).measure(f"--memopt-gc={mode}")
    assert run.counts["passed"] == 4
    # what was garbage before, frozen while it was alive, is collected in the test that thaws it
    assert all(abs(test["growth_bytes"]) < 100_000 for test in run.tests.values())


def test_an_empty_test_reads_zero_without_freezing(serial_project):
    """Where windows are settled by full collections, pytest's own share is learned as well."""
    suite = "".join(f"def test_{number}(): pass\n" for number in range(30))
    run = serial_project.with_files({"test_empty.py": suite}).measure("--memopt-gc=collect")
    assert max(abs(test["growth_bytes"]) for test in run.tests.values()) <= CACHES_BYTES
    assert sum(test["growth_bytes"] == test["blocks"] == 0 for test in run.tests.values()) >= EXACT_SHARE * 30


def test_where_nothing_is_collected_every_growth_is_an_estimate(serial_project):
    """Garbage that waits is counted, so that nothing is learned from such a window, and no figure is exact."""
    suite = "".join(f"def test_{number}(): pass\n" for number in range(30))
    run = serial_project.with_files({"test_empty.py": suite}).measure("--memopt-gc=off")
    assert {test["exact"] for test in run.tests.values()} == {False}
