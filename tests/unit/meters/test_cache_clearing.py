"""Clearing caches: what is emptied, and what of the program's must survive it."""

import collections.abc
import ctypes
import fnmatch
import functools
import inspect
import linecache
import re
import sys
import time
import typing
import urllib.parse
import warnings
from types import ModuleType

import pytest

from pytest_memopt.meters import cache_clearing, originals
from pytest_memopt.meters.cache_clearing import clear_interpreter_caches, clear_type_cache


class Numbers(collections.abc.Mapping):
    """A mapping by inheritance."""

    def __getitem__(self, key):
        return key

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0


def test_caches_of_the_standard_library_are_emptied():
    """Regular expressions, formats of dates, patterns of file names and modules by file are forgotten."""
    re.compile("a.c" * 3)
    time.strptime("2026", "%Y")
    fnmatch.fnmatch("a", "*.py")
    inspect.getmodule(test_caches_of_the_standard_library_are_emptied)
    clear_interpreter_caches()
    assert not re._cache
    assert not sys.modules["_strptime"]._regex_cache
    assert fnmatch._compile_pattern.cache_info().currsize == 0
    assert not inspect.modulesbyfile


def test_typing_forgets_its_generics():
    """Subscripted generics are built anew, and are equal to the old ones."""
    before = typing.Dict[str, typing.List[int]]  # noqa: UP006 - the cached kind
    clear_interpreter_caches()
    assert typing.Dict[str, typing.List[int]] == before  # noqa: UP006


def test_caches_of_the_program_stay():
    """An lru_cache of the program's is not ours to empty: how it fills is what a hunt has to see."""

    @functools.lru_cache
    def double(value):
        return value * 2

    double(3)
    clear_interpreter_caches()
    assert double.cache_info().currsize == 1


def test_source_that_exists_nowhere_else_stays(tmp_path):
    """Linecache keeps what attrs, doctest or a lazy loader put there, and reads files again."""
    path = tmp_path / "m.py"
    path.write_text("one = 1\n")
    generated = {"<generated m>": (8, None, ["two = 2\n"], "<generated m>"), "<lazy m>": (lambda: "x",)}
    linecache.cache.update(generated)
    linecache.getline(str(path), 1)
    try:
        clear_interpreter_caches()
        assert generated.keys() <= linecache.cache.keys()
        assert str(path) not in linecache.cache
        assert linecache.getline("<generated m>", 1) == "two = 2\n"
    finally:
        for name in generated:
            linecache.cache.pop(name, None)


def test_pointer_types_still_match():
    """Pointer types of ctypes are kept: a new one would not match those that the program holds."""
    before = ctypes.POINTER(ctypes.c_double)
    clear_interpreter_caches()
    assert ctypes.POINTER(ctypes.c_double) is before


def test_abstract_classes_answer_as_before():
    """Subclasses by inheritance and by registration stay what they are."""

    class Registered:
        pass

    collections.abc.Sequence.register(Registered)
    clear_interpreter_caches()
    assert isinstance(Numbers(), collections.abc.Mapping)
    assert issubclass(Registered, collections.abc.Sequence)
    assert not isinstance(3, collections.abc.Mapping)


def test_registered_warnings_stay_seen():
    """Which warnings were shown already is not changed, nor are the filters."""
    registry, filters = {"seen": True}, list(warnings.filters)
    module = sys.modules[__name__]
    module.__warningregistry__ = registry
    clear_interpreter_caches()
    assert (module.__warningregistry__, list(warnings.filters)) == (registry, filters)


def test_nothing_is_imported():
    """Only modules that are loaded are looked at."""
    before = set(sys.modules)
    clear_interpreter_caches()
    assert set(sys.modules) == before


@pytest.mark.parametrize("name", ["_strptime", "linecache", "typing", "_collections_abc", "re", "urllib.parse"])
def test_absent_module_is_passed_over(name, monkeypatch):
    """A module that isn't loaded, or whose place something else took, stops nothing."""
    monkeypatch.delitem(sys.modules, name, raising=False)
    clear_interpreter_caches()
    monkeypatch.setitem(sys.modules, name, object())
    re.compile("another")
    clear_interpreter_caches()
    assert (not re._cache) is (name != "re")


def test_module_that_fails_is_passed_over(monkeypatch):
    """A module that the program patched may fail: the others are cleared, the program sees nothing of it."""

    class Failing(ModuleType):
        def __getattr__(self, name):
            raise RuntimeError(name)

    for name in ("struct", "linecache"):
        monkeypatch.setitem(sys.modules, name, Failing(name))
    monkeypatch.setattr(urllib.parse, "clear_cache", 3)
    re.compile("one more")
    clear_interpreter_caches()
    assert not re._cache


@pytest.mark.parametrize("name", ["_clear_internal_caches", "_clear_type_cache"])
def test_type_cache_is_cleared_by_what_the_interpreter_has(name, monkeypatch):
    """3.13 has a wider function than those before."""
    calls = []
    for each in ("_clear_internal_caches", "_clear_type_cache"):
        monkeypatch.delattr(originals.sys, each, raising=False)
    monkeypatch.setattr(originals.sys, name, lambda: calls.append(name), raising=False)
    clear_type_cache()
    assert calls == [name]


def test_interpreter_without_either_is_fine(monkeypatch):
    """An interpreter that has neither has nothing to clear, and the rest is cleared all the same."""
    for each in ("_clear_internal_caches", "_clear_type_cache"):
        monkeypatch.delattr(originals.sys, each, raising=False)
    re.compile("and another")
    clear_interpreter_caches()
    assert not re._cache


def test_class_without_a_cache_is_passed_over():
    """Not every subclass of an abstract class is one of ABCMeta's."""
    assert cache_clearing._clear_one_abc(int) is None
