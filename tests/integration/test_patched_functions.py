"""Tests that replace functions which the plugin itself reads with, for a moment or for ever: nothing changes for anybody."""

from __future__ import annotations

from textwrap import dedent

import pytest

OWNERS = """
    import importlib, pytest

    NAMES = '''gc.collect gc.get_objects gc.freeze gc.unfreeze gc.get_freeze_count gc.get_threshold gc.is_tracked
        gc.get_referents gc.get_referrers gc.isenabled gc.disable os.open os.close os.write os.pread os.pwrite os.getpid
        os.listdir os.fsencode sys.getallocatedblocks sys.getsizeof sys._getframe threading.enumerate time.sleep
        time.perf_counter time.perf_counter_ns tracemalloc.is_tracing tracemalloc.start tracemalloc.get_traced_memory
        weakref.ref weakref.finalize builtins.open contextlib.suppress collections.Counter'''.split()
    FOUND = [(importlib.import_module(module), name) for module, _, name in (name.rpartition(".") for name in NAMES)]
    REAL = [getattr(module, name) for module, name in FOUND]

    def forbidden(*args, **named):
        raise RuntimeError("a test does without this")
"""
FOR_A_MOMENT = """
    import pytest
    from owners import FOUND, NAMES, forbidden

    @pytest.mark.parametrize("number", range(len(NAMES)), ids=NAMES)
    def test_patches(number, monkeypatch): monkeypatch.setattr(*FOUND[number], forbidden)
"""
FOR_LONGER = """
    from owners import FOUND, NAMES, REAL, forbidden
    KEPT = []

    def four_for(number):
        def leaves(): setattr(*FOUND[number], forbidden)
        def clean(): pass
        def leaks(): KEPT.append([1])
        def puts_back(): setattr(*FOUND[number], REAL[number])
        return leaves, clean, leaks, puts_back

    for number, name in enumerate(NAMES):
        for letter, test in zip("abcd", four_for(number)):
            globals()[f"test_{number:02}{letter}_{test.__name__}"] = test
    del test
"""
FILES = {name: dedent(text) for name, text in (("owners.py", OWNERS), ("test_moment.py", FOR_A_MOMENT))}
COUNT = OWNERS.partition("'''")[2].partition("'''")[0].count(".")


@pytest.mark.parametrize("options", [(), ("--memopt-limit", "*: growth=1MB"), ("--memopt-leaks",)], ids=" ".join)
def test_a_patch_that_a_test_undoes_is_not_noticed(serial_project, options):
    """What is read between two phases of a test is read by the interpreter's own functions, whatever stands for them."""
    run = serial_project.with_files(FILES).measure(*options)
    run.assert_no_crash()
    assert run.counts == {"passed": COUNT}
    assert {record["verdict"] for record in run.tests.values()} == {"ok"}


def test_a_patch_that_is_left_is_not_noticed(serial_project):
    """What a test replaces for good changes no later verdict: the clean test is clean, and the leaking one leaks."""
    run = serial_project.with_files({**FILES, "test_moment.py": dedent(FOR_LONGER)}).measure("--memopt-leaks")
    run.assert_no_crash()
    assert run.counts == {"passed": 3 * COUNT, "failed": COUNT}
    assert {nodeid for nodeid, record in run.tests.items() if record["verdict"] == "leak"} == {
        nodeid for nodeid in run.tests if nodeid.endswith("_leaks")
    }
