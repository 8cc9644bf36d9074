"""Importing past pytest's assertion rewriting."""

import sys

import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook

from pytest_memopt.plugin import plain_imports


class Finder:
    """Somebody else's way to find modules."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        return None


@pytest.fixture
def rewriting(monkeypatch):
    """Pytest's finder stands among others."""
    hook = object.__new__(AssertionRewritingHook)
    others = [one for one in sys.meta_path if not isinstance(one, AssertionRewritingHook)]
    monkeypatch.setattr(sys, "meta_path", [Finder, hook, *others])
    return hook


def test_nothing_is_rewritten_inside(rewriting):
    """Inside, modules are found by all but pytest's finder; afterwards all stand where they stood."""
    before, table = list(sys.meta_path), sys.meta_path
    with plain_imports():
        assert sys.meta_path == [one for one in before if one is not rewriting]
        assert sys.meta_path is table
    assert sys.meta_path == before
    assert sys.meta_path is table


def test_a_failure_inside_leaves_things_as_they_were(rewriting):
    """An import that fails passes through, and pytest's finder is back."""
    before = list(sys.meta_path)
    with pytest.raises(ImportError), plain_imports():
        raise ImportError
    assert sys.meta_path == before


def test_finders_that_come_inside_stay(rewriting):
    """A module that is imported inside may bring a finder of its own (six, setuptools), which it goes on to need."""

    class Late(Finder):
        pass

    with plain_imports():
        sys.meta_path.insert(0, Late)
    assert Late in sys.meta_path
    assert rewriting in sys.meta_path
