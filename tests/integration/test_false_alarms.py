"""Two hundred clean but noisy tests under ``growth="1 KB", objects=0``: not one may fail for its memory.

The ordinary run goes over the corpus once each way. Before a release: ``MEMOPT_REPEAT=20 pytest tests/integration/test_false_alarms.py``.
"""

from __future__ import annotations

import os
import shutil

import pytest

REPEAT = int(os.environ.get("MEMOPT_REPEAT", "1"))
AT_LEAST = 200
FINE = {"ok", "warm-up"}


@pytest.fixture
def laid_out(serial_project, corpus):
    """A function that copies data files into the project, under names that pytest collects."""

    def lay_out(pattern):
        # Doctests take no marks, so their limit comes from the command line.
        project = serial_project.with_plugins("anyio", "hypothesispytest").with_args(
            "--doctest-modules",
            "--memopt-limit=*test_clean_items.py::test_clean_items*: growth=1KB objects=0",
        )
        for source in sorted(corpus.glob(pattern)):
            shutil.copy(source, project.path / f"test_{source.name}")
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


KNOWN_GAP = pytest.mark.xfail(
    strict=False, reason="of 360 clean tests one or two are still accused now and then (classes of ctypes, log stacks)"
)


@KNOWN_GAP
@pytest.mark.parametrize("repetition", range(REPEAT))
def test_noisy_tests_are_not_accused(laid_out, xdist_args, repetition):
    """Each of the clean tests passes under a limit of a kilobyte and no object, and none goes unmeasured."""
    run = laid_out("clean_*.py").measure(*xdist_args, timeout_s=600)
    assert _accused(run) == []
    assert len(run.tests) >= AT_LEAST
    assert set(run.counts) <= {"passed", "skipped", "xfailed"}, run.counts
    assert run.result.ret == pytest.ExitCode.OK


@KNOWN_GAP
@pytest.mark.parametrize("repetition", range(REPEAT))
def test_caches_of_the_interpreter_are_not_accused(laid_out, xdist_args, repetition):
    """What only the interpreter's caches remember is not the test's growth, though each run adds to them."""
    run = laid_out("keyed_anew.py").measure(*xdist_args, timeout_s=600)
    assert _accused(run) == []
    assert set(run.counts) == {"passed"}, run.counts


def test_the_corpus_is_really_limited(laid_out, xdist_args):
    """Every test of the corpus is under the limits, doctests included: no silence for want of a limit."""
    run = laid_out("clean_items.py").measure(*xdist_args)
    limits = {record["nodeid"]: record["limits"] for record in run.tests.values() if record["outcome"] != "skipped"}
    assert [nodeid for nodeid, found in limits.items() if len(found) != 2] == []
    assert sum("::test_clean_items" in nodeid for nodeid in limits) == 3


def test_a_real_leak_in_the_same_surroundings_is_accused(laid_out, xdist_args):
    """The corpus passes because it is clean, not because nobody looks: the same marks catch a kilobyte and an object."""
    project = laid_out("clean_errors.py").with_files(
        {
            "test_zz_leaks.py": """
                import pytest
                pytestmark = pytest.mark.memory_limit(growth="1 KB", objects=0)
                KEPT = []

                class Session:
                    pass

                def test_bytes_leak():
                    KEPT.append(bytes(2000))

                def test_object_leaks():
                    KEPT.append(Session())
            """.replace("\n                ", "\n")
        }
    )
    run = project.measure(*xdist_args, "test_zz_leaks.py", "test_clean_errors.py")
    assert run.test("::test_bytes_leak")["verdict"] == "breach"
    assert run.test("::test_object_leaks")["verdict"] == "breach"
    assert run.counts["failed"] == 2
    assert len(_accused(run)) == 2
