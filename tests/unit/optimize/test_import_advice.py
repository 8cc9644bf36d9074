"""Which imports to defer: only what would really be saved counts."""

from __future__ import annotations

from pathlib import PurePosixPath

from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.optimize.import_advice import advise
from pytest_memopt.optimize.import_cost import ImportCost, ImportEdge, ImportSite, ImportTree

MIB = 1 << 20


def test_an_import_that_few_tests_use_is_worth_a_sentence(grow):
    """It names the cost in bytes and seconds, who imported it, how many use it, and what to do."""
    tree = grow({"pandas": (40 * MIB, 0.5, {"numpy": (21 * MIB, 0.3, {})})})
    (advice,) = advise(tree, {"pandas": 3}, 40)
    assert (advice.saved_bytes, advice.saved_s) == (61 * MIB, 0.8)
    assert advice.sentence(PurePosixPath("/work")) == (
        "`import pandas` costs 61.0 MiB and 0.8 s, first by tests/test_x.py:1, used by 3 of 40 test modules:"
        " import it there, or lazily"
    )


def test_what_others_need_too_is_not_saved(grow):
    """A module that something else would load anyway stays, and the sentence tells what part is for this one alone."""
    tree = grow(
        {"pandas": (40 * MIB, 0.5, {"numpy": (21 * MIB, 0.3, {})}), "scipy": (9 * MIB, 0.1, {})},
        asked=[("scipy", "numpy")],
    )
    pandas, scipy = advise(tree, {"scipy": 0, "pandas": 3, "numpy": 1}, 40)
    assert (pandas.cost.module, pandas.saved_bytes, scipy.saved_bytes) == ("pandas", 40 * MIB, 9 * MIB)
    assert "costs 61.0 MiB and 0.8 s, 40.0 MiB and 0.5 s of it for nothing else, first by" in pandas.sentence()
    assert scipy.sentence().endswith("used by 0 of 40 test modules: import it where it is needed, or lazily")


def test_an_import_of_the_user_s_own_module_can_be_deferred(grow):
    """What one's own package imports is saved only where that package may be changed."""
    tree = grow({"app": (1, 0.0, {"app.report": (1, 0.0, {"pandas": (50 * MIB, 1.0, {})})})})
    assert advise(tree, {"pandas": 3}, 40) == ()
    (advice,) = advise(tree, {"pandas": 3}, 40, own=["app"])
    assert advice.saved_bytes == 50 * MIB


def test_a_submodule_brings_its_package(grow):
    """A package that is needed for the sake of its submodule isn't saved with another one."""
    tree = grow(
        {"a": (5 * MIB, 0.0, {"b": (5 * MIB, 0.0, {})}), "lib": (1, 0.0, {"b.part": (1, 0.0, {})})},
    )
    assert advise(tree, {"a": 1}, 9)[0].saved_bytes == 5 * MIB


def test_submodules_go_with_their_package(grow):
    """An import of a submodule is an import of the package: both are deferred together."""
    tree = grow({"a": (5 * MIB, 0.0, {}), "a.part": (3 * MIB, 0.0, {})})
    assert advise(tree, {"a": 1}, 9)[0].saved_bytes == 8 * MIB


def test_no_advice_without_a_gain(grow):
    """Not for what all test modules use, was not measured, or costs too little; seconds alone may do."""
    tree = grow({"big": (5 * MIB, 1.0, {}), "small": (100, 0.0, {}), "slow": (100, 0.5, {})}, why="no C heap")
    users = {"big": 9, "small": 1, "slow": 1, "absent": 1}
    (advice,) = advise(tree, users, 9)
    assert advice.sentence().startswith("`import slow` costs ≈100 B and 0.5 s")


NUMBERS = st.integers(0, 7)


@given(st.lists(st.tuples(NUMBERS, NUMBERS), max_size=30), st.lists(NUMBERS, max_size=4))
def test_what_is_saved_is_what_nothing_else_reaches(pairs, outside):
    """On any graph the saving is at least nothing, at most all, and all of what a lone import reaches."""
    edges = frozenset(
        [ImportEdge(f"m{a}", f"m{b}") for a, b in pairs] + [ImportEdge(None, f"m{number}") for number in outside]
    )
    costs = tuple(ImportCost(f"m{n}", 1 << n, 0, 0.0, 0.0, ImportSite("", "", 0), 0) for n in range(8))
    tree = ImportTree(costs, edges)
    found = advise(tree, {f"m{number}": 0 for number in range(8)}, 1, least_bytes=1)
    assert {advice.cost.module for advice in found} <= {f"m{number}" for number in outside}
    assert list(found) == sorted(found, key=lambda advice: -advice.saved_bytes)
    for advice in found:
        number = int(advice.cost.module[1:])
        assert advice.saved_bytes & (1 << number)
        if len(set(outside)) == 1:
            reached, waiting = set(), [number]
            while waiting:
                here = waiting.pop()
                reached.add(here)
                waiting += {b for a, b in pairs if a == here} - reached
            assert advice.saved_bytes == sum(1 << each for each in reached)
