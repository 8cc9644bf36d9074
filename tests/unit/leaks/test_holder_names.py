"""Who holds something, by the names that a test has for it."""

import pytest

from pytest_memopt.leaks import holder_names
from pytest_memopt.leaks.finding import OUTSIDE, Culprit, is_below
from pytest_memopt.leaks.holder_names import (
    as_written,
    held_by_users,
    holders_of,
    name_and_path,
    names_of_holders,
)
from pytest_memopt.snapshots.holders import Holder
from pytest_memopt.snapshots.roots import RootKind

REPRCOMPARE = "_pytest.assertion.util._reprcompare.<closure>.item"


@pytest.fixture
def held_by(monkeypatch):
    """Something, and whoever is said to hold it."""

    def hold(path, normal, root=RootKind.MODULE_GLOBAL):
        found = Holder(path, normal, "list", normal.partition("[")[0], root, None)
        monkeypatch.setattr(holder_names, "find_holders", lambda targets, ignore: {id(one): found for one in targets})
        return name_and_path(*holders_of([found], set()).values())

    return hold


@pytest.mark.parametrize(
    "before",
    [
        f"{REPRCOMPARE}._fixtureinfo.name2fixturedefs['state'][0]",
        "xdist.__loader__.session._fixturemanager._arg2node2fixturedefs['state'][<Module a.py>][0]",
    ],
)
def test_the_value_of_a_fixture_is_held_by_the_fixture(held_by, before):
    """What pytest holds as the value of a wider fixture is the user's, and is told by the fixture's name."""
    held = held_by(f"{before}.cached_result[0].items", "_pytest.x[*].cached_result[*].items")
    assert held == ("fixture state", "fixture state.items")


def test_what_hangs_in_the_value_of_a_fixture_is_told_without_keys(held_by):
    """Below a fixture keys and indices are told as elsewhere: they differ from run to run."""
    normal = "_pytest.x[*][*].cached_result[*][*].parts[*]"
    held = held_by("_pytest.x['state'][0].cached_result[0]['a b'].parts[17]", normal)
    assert held == ("fixture state", "fixture state[*].parts[*]")


def test_what_no_object_holds_has_no_path(held_by):
    """It is held outside Python, be it that nothing was found or that only C code knows it."""
    assert held_by("<set>", "<set>", RootKind.OUTSIDE) == name_and_path(None) == (OUTSIDE, None)


def test_names_are_in_the_order_of_what_was_asked_for(monkeypatch):
    """What nobody was found for is among them, and what the caller keeps them in is passed by."""
    first, second, asked = [], [], []
    holder = Holder("a.B[0]", "a.B[*]", "list", "a.B", RootKind.MODULE_GLOBAL, None)
    monkeypatch.setattr(
        holder_names, "find_holders", lambda targets, ignore: asked.append(ignore) or {id(second): holder}
    )
    assert names_of_holders({1}, [first, second], {2}) == [(OUTSIDE, None), ("a.B", "a.B[*]")]
    assert asked == [{1, 2}]


@pytest.mark.parametrize(
    ("path", "is_within"),
    [
        ("app.A", True),
        ("app.A.x", True),
        ("app.A[*]", True),
        ("app.A{…}", True),
        ("app.AB", False),
        ("app.A_b", False),
        ("b", False),
    ],
)
def test_a_path_is_below_what_it_leads_through(path, is_within):
    """A name that merely begins alike is another one."""
    assert is_below(path, "app.A") is is_within


def test_what_the_runner_keeps_is_not_the_users():
    """pytest, pluggy and this plugin are no users; a module that is called like one of them is."""
    names = (
        "_pytest.runner.KEPT",
        "pluggy._manager.X",
        "pytest_memopt.plugin.Y",
        "pluggy_users.Z",
        "app.KEPT",
        OUTSIDE,
    )
    culprits = [Culprit("int", 1, holder=name) for name in names]
    assert held_by_users(culprits) == culprits[3:]


@pytest.mark.parametrize(
    ("path", "owner", "told"),
    [
        ("_pytest.assertion.util._config.things[*]", "pytestconfig", "pytestconfig.things[*]"),
        (f"{REPRCOMPARE}.session.things[*]", "request.session", "request.session.things[*]"),
        (f"{REPRCOMPARE}.session.config.stash[*]", "request.session", "request.session.config.stash[*]"),
        (f"{REPRCOMPARE}.things[*]", "request.node", "request.node.things[*]"),
        ("_pytest.runner.KEPT[*]", "_pytest", "_pytest.runner.KEPT[*]"),
        (None, "_pytest", None),
    ],
)
def test_what_the_runner_holds_for_a_test_is_written_as_the_test_would(path, owner, told):
    """Config, session and item have names in a test; the rest is told as it is."""
    culprit = as_written(Culprit("int", 1, holder="_pytest", path=path))
    assert (culprit.holder, culprit.path) == (owner, told)
