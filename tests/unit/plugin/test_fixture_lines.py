"""Which lines belong to which fixture of an item."""

import functools
from types import SimpleNamespace

from pytest_memopt.plugin import fixture_lines as module
from pytest_memopt.plugin.fixture_lines import fixture_lines


def database():
    """A fixture of this file."""
    return sum(
        (1, 2),
    )


@functools.wraps(database)
def decorated():
    """A fixture behind a decorator."""
    return database()


def item_with(**functions):
    """An item whose fixtures have these functions."""
    definitions = {name: [SimpleNamespace(func=function)] for name, function in functions.items()}
    return SimpleNamespace(_fixtureinfo=SimpleNamespace(name2fixturedefs=definitions))


def test_the_lines_of_a_function_are_the_fixtures():
    """From its first line to its last, in its file; a decorator doesn't hide it."""
    for function in (database, decorated):
        (stretch,) = fixture_lines(item_with(db=function))
        assert (stretch.fixture, stretch.path) == ("db", __file__)
        assert stretch.first_line == database.__code__.co_firstlineno
        assert stretch.last_line == stretch.first_line + 3


def test_what_has_no_lines_is_left_out():
    """A class, a partial function and a builtin are no fixture's lines; an item without fixtures has none."""
    assert fixture_lines(item_with(a=dict, b=functools.partial(database), c=len)) == ()
    assert fixture_lines(SimpleNamespace()) == ()


def test_the_runners_fixtures_are_left_out(monkeypatch):
    """What pytest brings along is nobody's to change."""
    monkeypatch.setattr(module, "is_runner", lambda path: path == __file__)
    assert fixture_lines(item_with(db=database)) == ()
