"""Trees of imports: what can be asked of them, and their ways as plain data and as text."""

from __future__ import annotations

import json
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.optimize.import_cost import ImportCost, ImportEdge, ImportOutcome, ImportSite, ImportTree
from pytest_memopt.optimize.import_table import import_table
from pytest_memopt.optimize.import_wire import from_wire, to_wire

SIZES = st.integers(-(10**6), 10**9)
SECONDS = st.floats(0, 100)
NAMES = st.text("abc.", min_size=1, max_size=5)
COSTS = st.builds(
    ImportCost,
    NAMES,
    SIZES,
    SIZES,
    SECONDS,
    SECONDS,
    st.builds(ImportSite, NAMES, st.text(), st.integers(0, 999)),
    st.integers(0, 5),
    st.sampled_from(ImportOutcome),
)
TREES = st.builds(
    ImportTree,
    st.lists(COSTS, max_size=8).map(tuple),
    st.frozensets(st.builds(ImportEdge, st.none() | NAMES, NAMES), max_size=8),
    st.booleans(),
    st.text(max_size=9),
)


@given(TREES)
def test_a_tree_survives_its_way_through_json(tree):
    """What is read back equals what was written."""
    assert from_wire(json.loads(json.dumps(to_wire(tree)))) == tree


@given(TREES)
def test_rankings_hold_every_import_once(tree):
    """Both orders are descending, and leave none out."""
    assert sorted(tree.by_cost()) == sorted(tree.by_own_cost()) == sorted(tree.costs)
    totals = [cost.total_bytes for cost in tree.by_cost()]
    owns = [cost.own_bytes for cost in tree.by_own_cost()]
    assert (totals, owns) == (sorted(totals, reverse=True), sorted(owns, reverse=True))
    assert tree.total_bytes == sum(owns)


@given(TREES, st.integers(0, 5))
def test_every_tree_has_a_table(tree, rows):
    """The title, and as many lines as there are imports to show, with the headings and what is left."""
    lines = import_table(tree, rows).count("\n") + 1
    shown = min(rows, len(tree.costs))
    assert lines >= (2 + shown + (shown < len(tree.costs)) if shown else 1)


def test_the_table_says_what_by_whom(grow):
    """Bytes and seconds, own and in total, and the line that imported it, relative to the project."""
    tree = grow({"pandas": (1 << 20, 0.25, {"numpy": (6 << 20, 0.5, {})}), "os": (2048, 0.0, {})})
    failed = tree.costs[2]._replace(outcome=ImportOutcome.FAILED)
    tree = tree._replace(costs=(*tree.costs[:2], failed))
    assert import_table(tree, folder=PurePosixPath("/work")) == (
        "3 imports: 7.0 MiB, 0.75 s\n"
        "  total      own  total s  own s  module\n"
        "7.0 MiB  1.0 MiB    0.750  0.250  pandas  by tests/test_x.py:1\n"
        "6.0 MiB  6.0 MiB    0.500  0.500  numpy  by tests/test_x.py:2\n"
        "2.0 KiB  2.0 KiB    0.000  0.000  os  failed, by tests/test_x.py:3"
    )


def test_the_table_says_what_is_left_out_and_what_is_an_estimate(grow):
    """Imports beyond the rows are counted, and estimated bytes bear a sign and a reason."""
    tree = grow({"a": (1024, 0.1, {}), "b": (512, 0.1, {})}, why="no C heap")
    assert import_table(tree, 1) == (
        "2 imports: ≈1.5 KiB, 0.20 s (≈: no C heap)\n"
        "   total       own  total s  own s  module\n"
        "≈1.0 KiB  ≈1.0 KiB    0.100  0.100  a  by /work/tests/test_x.py:1\n"
        "… and 1 more"
    )
    assert import_table(ImportTree(())) == "0 imports: 0 B, 0.00 s"


def test_what_a_module_found_loaded_is_that_of_all_on_its_way(grow):
    """Modules that it, or one inside of it, asked for, and that were not loaded for it."""
    tree = grow(
        {"a": (1, 0.0, {"b": (1, 0.0, {})}), "c": (1, 0.0, {})},
        asked=[("a", "sys"), ("b", "c"), ("c", "re"), ("b", "a"), (None, "os")],
    )
    assert tree.reused_by("a") == ("c", "sys")
    assert tree.reused_by("c") == ("re",)
    assert tree.reused == ("os", "re", "sys")
    with pytest.raises(KeyError, match="'os' was not measured: it was loaded already"):
        tree.reused_by("os")
