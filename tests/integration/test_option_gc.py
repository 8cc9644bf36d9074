"""``--memopt-gc``: what is done to the collector while tests run, and that all of it is undone."""

from __future__ import annotations

from textwrap import dedent

import pytest

CONFTEST = dedent("""
    import gc
    import json
    import os

    BEFORE = [gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), gc.get_debug(), len(gc.callbacks)]

    def pytest_sessionfinish(session):
        session.config.add_cleanup(tell)

    def tell():
        after = [gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), gc.get_debug(), len(gc.callbacks)]
        with open(f"gc-{os.getpid()}", "w") as out:
            out.write("same" if after == BEFORE else f"{BEFORE} became {after}")
""")
SUITE = dedent("""
    import gc
    import sys
    import pytest
    KEPT = []
    # Python 3.12 freezes what is immortal, some hundred objects, at each collection by itself; we freeze ten thousands
    ITS_OWN = 2000 if sys.version_info[:2] == (3, 12) else 0

    class Node:
        pass

    def test_state():
        assert gc.isenabled()
        assert (gc.get_freeze_count() > ITS_OWN) is FROZEN

    def test_keeps():
        KEPT.append(bytes(1_000_000))

    def test_makes_cycles():
        for _ in range(1000):
            node = Node()
            node.itself = node

    @pytest.mark.memopt(gc="off")
    def test_is_left_alone():
        assert gc.isenabled()
        assert gc.get_freeze_count() <= ITS_OWN
        gc.freeze()
        gc.unfreeze()

    def test_after():
        assert (gc.get_freeze_count() > ITS_OWN) is FROZEN
""")


@pytest.mark.parametrize(("mode", "xdist_args"), [("freeze", ()), ("freeze", ("-n2",)), ("collect", ()), ("off", ())])
def test_modes(serial_project, mode, xdist_args):
    """Each mode measures, does only what it says, leaves a ``memopt(gc="off")`` test alone, and is undone at the end."""
    if xdist_args:
        pytest.importorskip("xdist")
    args = (*xdist_args, "--dist=loadfile") if xdist_args else ()
    project = serial_project
    suite = {"conftest.py": CONFTEST, "test_gc.py": f"FROZEN = {mode == 'freeze'}\n{SUITE}"}
    run = project.with_files(suite).measure("--memopt-report", f"--memopt-gc={mode}", *args)
    run.assert_no_crash()
    assert run.counts == {"passed": 5}
    assert run.document["run"]["gc_mode"] == mode
    assert run.test("::test_keeps")["growth_bytes"] == pytest.approx(1_000_033, rel=0.01)
    if mode == "freeze":
        assert abs(run.test("::test_makes_cycles")["growth_bytes"]) < 1000
    told = [path.read_text() for path in project.path.glob("gc-*")]
    assert told
    assert set(told) == {"same"}


def test_layers(serial_project):
    """The ini file says it as well, and the command line beats it."""
    suite = {"test_gc.py": "def test_one(): pass\n", "pytest.ini": "[pytest]\nmemopt_gc = collect\n"}
    project = serial_project.watched().with_files(suite)
    assert project.measure().document["run"]["gc_mode"] == "collect"
    assert project.measure("--memopt-gc=off").document["run"]["gc_mode"] == "off"
