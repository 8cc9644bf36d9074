"""Where the project defines its fixtures."""

import functools
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_memopt.plugin.fixture_places import FixturePlaces


def defined_in(filename, line=12):
    """A fixture whose function begins at this line of a file."""
    namespace = {}
    exec(compile("\n" * (line - 1) + "def build(): pass", filename, "exec"), namespace)
    return SimpleNamespace(func=namespace["build"])


@pytest.mark.parametrize(
    ("filename", "where"),
    [
        ("/project/conftest.py", "conftest.py:12"),
        ("/project/tests/api/conftest.py", "tests/api/conftest.py:12"),
        ("/project/.venv/lib/python3.11/site-packages/other/plugin.py", None),
        ("/usr/lib/python3/dist-packages/_pytest/tmpdir.py", None),
        ("/elsewhere/conftest.py", None),
        ("<string>", None),
    ],
)
def test_only_what_the_project_has_is_its_own(filename, where):
    """A file below the project's root, and not installed there, is one that its user can change."""
    places = FixturePlaces(Path("/project"))
    for _ in range(2):
        assert places.of(defined_in(filename)) == where


def test_what_wraps_a_fixture_does_not_hide_it():
    """Plugins for async tests wrap what the user wrote."""
    fixture = defined_in("/project/conftest.py")
    wrapped = functools.wraps(fixture.func)(lambda: None)
    assert FixturePlaces(Path("/project")).of(SimpleNamespace(func=wrapped)) == "conftest.py:12"


@pytest.mark.parametrize("function", [dict, functools.partial(print), len])
def test_what_has_no_lines_is_nowhere(function):
    """Classes, partials and builtins can be fixtures, too."""
    assert FixturePlaces(Path("/")).of(SimpleNamespace(func=function)) is None


@pytest.mark.parametrize("asked_for", ["pooled_resource", "resource_manager"])
def test_a_fixture_that_borrows_has_no_place(asked_for):
    """What is pooled already needs no advice to pool it."""
    fixture = defined_in("/project/conftest.py")
    fixture.argnames = ("tmp_path", asked_for)
    assert FixturePlaces(Path("/project")).of(fixture) is None
