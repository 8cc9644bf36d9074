"""``--memopt-gc``: what is done to the collector while tests run, and that all of it is undone."""

from __future__ import annotations

import subprocess
import sys
from textwrap import dedent

import pytest

CONFTEST = dedent("""
    import gc
    import json
    import os
    import sys

    # Python 3.12 freezes what is immortal, some hundred objects, at each collection by itself; we freeze ten thousands
    ITS_OWN = 2000 if sys.version_info[:2] == (3, 12) else 0

    def state():
        frozen = max(gc.get_freeze_count() - ITS_OWN, 0)
        return [gc.isenabled(), gc.get_threshold(), frozen, gc.get_debug(), len(gc.callbacks)]

    BEFORE = state()

    def pytest_configure(config):
        config.add_cleanup(tell)  # the first to come is the last to go

    def tell():
        after = state()
        with open(f"gc-{os.getpid()}", "w") as out:
            out.write("same" if after == BEFORE else f"{BEFORE} became {after}")
""")
SUITE = dedent("""
    import gc
    import sys
    import pytest
    KEPT = []
    ITS_OWN = 2000 if sys.version_info[:2] == (3, 12) else 0  # as in conftest.py

    # by what the interpreter has under that name: who asks there is shown a heap that isn't frozen
    frozen_count = getattr(gc.get_freeze_count, "__wrapped__", gc.get_freeze_count)

    class Node:
        pass

    def test_state():
        assert gc.isenabled()
        assert (frozen_count() > ITS_OWN) is FROZEN

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
        assert (frozen_count() > ITS_OWN) is FROZEN
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


FINALIZERS = dedent("""
    import pytest

    class Noisy:
        def __init__(self):
            self.itself = self

        def __del__(self):
            raise ValueError("told by its finalizer")

    @pytest.fixture(scope="session")
    def kept():
        yield Noisy()

    def test_keeps(kept):
        pass
""")


@pytest.mark.parametrize("arguments", [("-p", "no:memopt"), ("--memopt",)], ids=["without", "with"])
def test_garbage_of_the_session_is_finalized(serial_project, arguments):
    """Garbage that the last fixture leaves is collected by pytest, whose warning about its finalizer is the same."""
    run = serial_project.with_files({"test_one.py": FINALIZERS}).run("-Werror", *arguments)
    assert "told by its finalizer" in "\n".join([*run.result.outlines, *run.result.errlines])
    assert run.result.ret == pytest.ExitCode.TESTS_FAILED


AT_EXIT = dedent("""
    import atexit
    import gc

    import pytest

    atexit.register(lambda: print("frozen at exit:", gc.get_freeze_count() > 2000))
    before = gc.get_freeze_count()
    pytest.main(ARGUMENTS)
    assert gc.get_freeze_count() - before < 2000, "pytest has ended, and left the heap frozen"
""")


@pytest.mark.parametrize(
    ("arguments", "is_frozen"),
    [
        (["--memopt"], True),
        ([], False),
        (["--memopt", "--memopt-gc=collect"], False),
        (["--memopt", "--memopt-gc=off"], False),
    ],
)
def test_heap_at_exit(serial_project, arguments, is_frozen):
    """A process that measured ends without looking at its heap once more; one that goes on after pytest has it thawed."""
    script = AT_EXIT.replace("ARGUMENTS", repr(["-q", "test_one.py", *arguments]))
    project = serial_project.with_files({"script.py": script, "test_one.py": "def test_one(): pass\n"})
    project.write()
    command = [sys.executable, "script.py"]
    done = subprocess.run(
        command, cwd=project.path, env=project.environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f"frozen at exit: {is_frozen}" in done.stdout
