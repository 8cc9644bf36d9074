"""More than three hundred clean but noisy tests under ``growth="1 KB", objects=0``: not one may fail for its memory.

The ordinary run goes over each file in a process of its own, and under ``-n 2`` over those whose reports and threads
are another matter there. Before a release each file goes both ways, and all of them through one process:
``MEMOPT_REPEAT=20 pytest tests/integration/test_false_alarms.py``.
"""

from __future__ import annotations

import os
import shutil
from textwrap import dedent

import pytest

REPEAT = int(os.environ.get("MEMOPT_REPEAT", "1"))
LEAST = {
    "clean_caches": 31,
    "clean_classes": 41,
    "clean_concurrency": 35,
    "clean_errors": 27,
    "clean_formats": 39,
    "clean_hypothesis": 8,
    "clean_imports": 38,
    "clean_items": 56,
    "clean_output": 42,
    "clean_values": 45,
}
"""The files, and how many tests each has at least."""

ALL = tuple(LEAST)
OTHERWISE_IN_WORKERS = ("clean_concurrency", "clean_errors", "clean_items", "clean_output")
FINE = {"ok", "warm-up"}


def _ways():
    """What is run together, and how."""
    yield from (pytest.param((name,), (), id=f"{name}-serial") for name in ALL)
    yield pytest.param(OTHERWISE_IN_WORKERS if REPEAT == 1 else ALL, ("-n", "2"), id="together-n2")
    if REPEAT > 1:
        yield pytest.param(ALL, (), id="together-serial")


@pytest.fixture
def laid_out(serial_project, corpus):
    """A function that copies data files into the project, under names that pytest collects."""

    def lay_out(*names):
        project = serial_project
        if "clean_hypothesis" in names:
            project = project.with_plugins("hypothesispytest")
        if "clean_items" in names:
            # Doctests take no marks, so their limit comes from the command line.
            limit = "*test_clean_items.py::test_clean_items*: growth=1KB objects=0"
            project = project.with_args("--doctest-modules", f"--memopt-limit={limit}")
        for name in names:
            shutil.copy(corpus / f"{name}.py", project.path / f"test_{name}.py")
        return project

    return lay_out


def _accused(run):
    """One line for each test that was blamed, or not judged."""
    records = run.tests.values()
    return [
        f"{record['nodeid']}: {record['verdict']} {record.get('why') or ''} growth {record['growth_bytes']} B, "
        f"{record['objects']} objects, {record['breaches']}"
        for record in records
        if record["verdict"] not in FINE and record["outcome"] != "skipped"
    ]


def test_the_whole_corpus_is_run(corpus):
    """No file of clean tests is forgotten, and together they are more than three hundred."""
    assert sorted(path.stem for path in corpus.glob("clean_*.py")) == sorted(ALL)
    assert sum(LEAST.values()) > 300


@pytest.mark.parametrize(("names", "args"), list(_ways()))
@pytest.mark.parametrize("repetition", range(REPEAT))
def test_noisy_tests_are_not_accused(laid_out, names, args, repetition):
    """Each of the clean tests passes under a limit of a kilobyte and no object, and none goes unmeasured."""
    if args:
        pytest.importorskip("xdist")
    run = laid_out(*names).measure(*args, timeout_s=900)
    assert _accused(run) == []
    assert len(run.tests) >= sum(LEAST[name] for name in names)
    assert set(run.counts) <= {"passed", "skipped", "xfailed"}, run.counts
    assert run.result.ret == pytest.ExitCode.OK


@pytest.mark.parametrize("repetition", range(REPEAT))
def test_caches_of_the_interpreter_are_not_accused(laid_out, xdist_args, repetition):
    """What only the interpreter's caches remember is not the test's growth, though each run adds to them."""
    run = laid_out("keyed_anew").measure(*xdist_args, timeout_s=600)
    assert _accused(run) == []
    assert set(run.counts) == {"passed"}, run.counts


def test_the_corpus_is_really_limited(laid_out, corpus):
    """Every test of the corpus is under the limits, doctests included: no silence for want of a limit."""
    limited = '\npytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)\n'
    assert [name for name in ALL if limited not in (corpus / f"{name}.py").read_text(encoding="utf-8")] == []
    run = laid_out("clean_items").measure("--memopt-confirm=0", "-k", "clean_items and (twice or TestNested or sub)")
    limits = {record["nodeid"]: record["limits"] for record in run.tests.values() if record["outcome"] != "skipped"}
    assert [nodeid for nodeid, found in limits.items() if len(found) != 2] == []
    assert sum("::test_clean_items" in nodeid for nodeid in limits) >= 1
    assert len(limits) >= 5


def test_a_real_leak_in_the_same_surroundings_is_accused(laid_out, xdist_args):
    """The corpus passes because it is clean, not because nobody looks: the same marks catch a kilobyte and an object."""
    leaks = dedent("""
        import pytest
        pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)
        KEPT = []

        class Session:
            pass

        def test_bytes_leak():
            KEPT.append(bytes(2000))

        def test_object_leaks():
            KEPT.append(Session())
    """)
    project = laid_out("clean_errors").with_files({"test_zz_leaks.py": leaks})
    run = project.measure(*xdist_args, "test_zz_leaks.py", "test_clean_errors.py", "-k", "leak or chain or raise")
    assert run.test("::test_bytes_leak")["verdict"] == "breach"
    assert run.test("::test_object_leaks")["verdict"] == "breach"
    assert run.counts["failed"] == 2
    assert len(_accused(run)) == 2
    assert len(run.tests) > 2
