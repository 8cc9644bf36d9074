"""Names of paths, which are not interned while rounds are compared, where the interpreter would keep them."""

import pathlib
import sys
from pathlib import Path

import pytest

from pytest_memopt.meters.path_names import INTERNED_ARE_KEPT, PathNames


@pytest.fixture
def names(monkeypatch):
    """The owner of the names on an interpreter that keeps what is interned; all is put back in the end."""
    monkeypatch.setattr(pathlib, "sys", sys, raising=False)
    names = PathNames(are_kept=True)
    yield names
    names.put_back()


def test_versions_that_keep_texts():
    """They are those of gh-113993."""
    assert ((3, 12, 0) <= sys.version_info < (3, 12, 6)) is INTERNED_ARE_KEPT


def test_names_are_left_alone_for_a_while(names):
    """While they are passed by, pathlib's ``intern`` gives back what it gets; all else of its ``sys`` is there."""
    names.pass_by()
    names.pass_by()
    name = f"a name that {id(names)} made"
    assert pathlib.sys.intern(name) is name
    assert pathlib.sys.version_info == sys.version_info
    assert Path("/a", name).parts == ("/", "a", name)
    names.put_back()
    assert pathlib.sys is sys
    names.put_back()
    assert pathlib.sys is sys


def test_what_somebody_else_changed_is_left(names):
    """Who replaced it meanwhile keeps what was put in its place."""
    names.pass_by()
    pathlib.sys = other = object()
    names.put_back()
    assert pathlib.sys is other


def test_where_texts_are_let_go_of_nothing_changes(monkeypatch):
    """Elsewhere, or where pathlib is not loaded or has no ``sys``, there is nothing to do."""
    monkeypatch.setattr(pathlib, "sys", sys, raising=False)
    PathNames(are_kept=False).pass_by()
    assert pathlib.sys is sys
    monkeypatch.delattr(pathlib, "sys")
    names = PathNames(are_kept=True)
    names.pass_by()
    assert not hasattr(pathlib, "sys")
    monkeypatch.delitem(sys.modules, "pathlib")
    names.pass_by()
    names.put_back()
