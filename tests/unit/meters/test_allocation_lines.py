"""Which line of the program made an object."""

import json
import sys
import sysconfig
import tracemalloc

import pytest

from pytest_memopt.meters import allocation_lines as module
from pytest_memopt.meters.allocation_lines import (
    frames_of_each,
    frames_of_what_is_left,
    lines_are_remembered,
    most_common,
    remembered_lines,
    site_at,
)


class Plain:
    """An object with attributes."""

    def __init__(self):
        self.value = 1


class Slotted:
    """An object without a dictionary."""

    __slots__ = ("value",)


class Words(dict):
    """A dictionary with attributes."""


def site_of(objects):
    """The line that is told of these objects."""
    return site_at(most_common(frames_of_each(objects).values()))


def make(kind):
    """One of a kind, made here."""
    return kind()


@pytest.mark.parametrize("kind", [Plain, Slotted, Words, dict, list, bytearray, object, Exception])
def test_each_kind_of_object_has_its_line(kind):
    """The line is the one that made it, whatever lies before the object in memory."""
    with remembered_lines():
        site = site_of([make(kind)])
    assert site is not None
    assert (site.path, site.function) == (__file__, "make")


def test_the_line_of_most_is_told():
    """Of several lines it is the one that made most of the first 64; what came before is not asked for."""
    before = [object() for _ in range(3)]
    with remembered_lines():
        many = [make(Plain) for _ in range(60)]
        assert site_of([*before, *many, [], []]).function == "make"
        assert site_of(before) is None
        assert site_of([]) is None
        assert site_of([*[object()] * 2, *before * 30, *many]).function != "make"


def test_our_own_lines_are_nobodys(monkeypatch):
    """What only the runner made has no line that a user could change."""
    with remembered_lines():
        one = make(Plain)
        monkeypatch.setattr(module, "is_runner", lambda path: True)
        assert site_of([one]) is None


def test_tracing_goes_on_where_it_was_on():
    """A program that traces for itself still does afterwards; another doesn't."""
    assert not tracemalloc.is_tracing()
    tracemalloc.start(2)
    try:
        with remembered_lines():
            assert tracemalloc.get_traceback_limit() == 2
        assert tracemalloc.is_tracing()
    finally:
        tracemalloc.stop()
    with remembered_lines():
        assert tracemalloc.is_tracing()
    assert not tracemalloc.is_tracing()


def test_where_nobody_can_ask_by_address_less_is_known(monkeypatch):
    """An interpreter that doesn't export the function leaves some objects without a line, and breaks nothing."""
    monkeypatch.setattr(module.sys, "version_info", (3, 11, 0))
    monkeypatch.setattr(module.ctypes, "pythonapi", _Nothing())
    assert module._ask_by_address() is None
    monkeypatch.setattr(module.sys, "version_info", (3, 12, 0))
    assert module._ask_by_address() is None
    assert sys.version_info[:2] == (3, 12)


class _Nothing:
    """A library that exports nothing."""

    def __getitem__(self, name):
        raise AttributeError(name)


@pytest.mark.parametrize(
    ("frames", "told"),
    [
        ([(json.__file__, 3), ("<string>", 2), ("/app/a.py", 1), ("/app/b.py", 2)], "/app/a.py"),
        ([("/env/site-packages/lib.py", 3), ("/app/a.py", 1)], "/env/site-packages/lib.py"),
        ([(f"{sysconfig.get_path('stdlib')}/site-packages/lib.py", 3), ("/app/a.py", 1)], "lib.py"),
        ([(json.__file__, 3)], json.__file__),
        ([], None),
    ],
)
def test_the_line_that_people_can_change_is_told(frames, told):
    """It is the innermost outside Python's library and made-up code; where there is none, the innermost."""
    site = site_at(tuple(frames))
    assert (site is None) if not frames else site is not None
    if told is not None:
        assert site.path.endswith(told)


def test_what_the_interpreter_alone_made_is_nobodys(monkeypatch):
    """Frozen modules, as of an ``isinstance`` of our own, explain nothing."""
    monkeypatch.setattr(module, "_frames_of", lambda one: (("<frozen abc>", 123),))
    assert most_common(frames_of_each([1]).values()) == ()


def test_what_is_left_must_explain_each_round():
    """As many blocks as rounds, and about as much as each leaves."""
    with remembered_lines():
        kept = [bytearray(5000) for _ in range(3)]
        assert site_at(frames_of_what_is_left(5000, 3)) is not None
        assert frames_of_what_is_left(5000, 7) == ()  # a bytearray is two blocks
        assert frames_of_what_is_left(90_000, 3) == ()
    assert len(kept) == 3


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such clock")
def test_lines_are_forgotten_when_that_took_too_long():
    """In the midst of the block, which goes on without."""
    with remembered_lines(most_s=0):
        one = make(Plain)
        while lines_are_remembered():
            pass
        assert site_of([one]) is None
    assert not tracemalloc.is_tracing()
