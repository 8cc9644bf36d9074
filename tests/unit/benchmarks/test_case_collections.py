"""Collections of leak cases: what a listing says, and what is refused."""

import json

import pytest

from benchmarks.case_collections import OWN, RUNNING, read_collection


def collection(folder, *entries):
    """Write a collection of ``entries`` into ``folder``."""
    (folder / "cases.json").write_text(json.dumps(entries), "utf-8")
    (folder / "some.py").write_text("def workload(): pass\n", "utf-8")
    return folder


def test_a_leak_of_a_release_is_a_leaky_case_and_a_clean_one(tmp_path):
    """The release that mended a leak is judged as clean, on the interpreter that it names."""
    entry = {"id": "x", "kind": "leak", "workload": "some.py", "python": "3.12", "python_fixed": "3.13"}
    leaky, mended = read_collection(collection(tmp_path, entry | {"requires_leaky": ["x==1"], "requires_fixed": []}))
    assert (leaky.name, leaky.leaks, leaky.python, leaky.requires) == ("x (leaky)", True, "3.12", ("x==1",))
    assert (mended.name, mended.leaks, mended.python, mended.requires) == ("x (mended)", False, "3.13", ())
    assert leaky.released
    assert mended.released


def test_a_written_case_runs_here_and_needs_nothing_unless_it_says_so(tmp_path):
    """Interpreter and packages default to the running one and to none."""
    (case,) = read_collection(collection(tmp_path, {"id": "x", "kind": "clean", "workload": "some.py"}))
    assert (case.leaks, case.released, case.python, case.requires) == (False, False, RUNNING, ())


def test_what_nothing_in_python_holds_has_no_holder_to_be_named(tmp_path):
    """Names count only where something in Python holds what leaks."""
    entry = {"id": "x", "kind": "leak", "workload": "some.py", "names": ["CACHE"], "culprit_type": "Order"}
    unheld, held = read_collection(collection(tmp_path, entry, entry | {"id": "y", "held_by_python": True}))
    assert (unheld.holders, unheld.culprit_type) == ((), "")
    assert (held.holders, held.culprit_type) == (("CACHE",), "Order")


def test_cases_that_require_the_same_share_a_folder_of_packages(tmp_path):
    """The order of requirements is none of the folder's business, the interpreter is."""
    entry = {"id": "x", "kind": "clean", "workload": "some.py"}
    one, other, third = read_collection(
        collection(
            tmp_path,
            entry | {"requires": ["a==1", "b>=2"]},
            entry | {"requires": ["b>=2", "a==1"]},
            entry | {"requires": ["a==1", "b>=2"], "python": "3.9"},
        )
    )
    assert one.packages == other.packages != third.packages


def test_a_folder_without_a_listing_is_refused(tmp_path):
    """The message names the folder and what it lacks."""
    with pytest.raises(ValueError, match=r"is no collection of leak cases: cases\.json is missing"):
        read_collection(tmp_path)


def test_a_case_without_its_workload_is_refused(tmp_path):
    """The message names every case whose module isn't there."""
    with pytest.raises(ValueError, match="lists cases without a workload: x"):
        read_collection(collection(tmp_path, {"id": "x", "kind": "clean", "workload": "other.py"}))


def test_the_own_collection_has_as_many_leaks_as_clean_cases():
    """All that is listed is there, under names of its own, and every workload is listed."""
    cases = read_collection(OWN)
    assert sum(case.leaks for case in cases) == 12
    assert len({case.name for case in cases}) == len(cases) == 24
    assert {case.workload for case in cases} == set((OWN / "workloads").glob("*.py"))
