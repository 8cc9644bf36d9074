"""The caches of `functools` that are alive: found by their type, listed by name with size and hit rate, cleared where asked."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple

from ..meters.naming import type_name
from ..meters.originals import gc, sys

_WRAPPER: Final[type] = type(functools.lru_cache(len))
_UNKNOWN: Final = "?"


class FunctionCache(NamedTuple):
    """A cache of ``functools.lru_cache`` or ``functools.cache``.

    Attributes:
        name: module and qualified name of the function.
        entries_count: results that it keeps.
        entries_most: how many it may keep; ``None`` without a limit.
        hits_count, misses_count: calls that it answered, and calls that it passed on.
    """

    name: str
    entries_count: int
    entries_most: int | None
    hits_count: int
    misses_count: int

    @property
    def hit_ratio(self) -> float | None:
        """The share of calls that it answered, from 0 to 1; ``None`` where there was no call."""
        calls_count = self.hits_count + self.misses_count
        return self.hits_count / calls_count if calls_count else None


def find_function_caches() -> tuple[FunctionCache, ...]:
    """The caches that are alive and keep something, those with the most entries first; O(heap)."""
    found = [_described(cache) for cache in _living_caches()]
    return tuple(sorted((one for one in found if one.entries_count), key=lambda one: (-one.entries_count, one.name)))


def clear_function_caches(patterns: Iterable[str]) -> tuple[FunctionCache, ...]:
    """Empty the caches whose name matches one of the globs, and list what they were.

    Each function computes anew what it is asked next; its counts of hits and misses begin at 0.
    """
    wanted = tuple(patterns)
    cleared = []
    for cache in _living_caches():
        was = _described(cache)
        if was.entries_count and any(fnmatchcase(was.name, pattern) for pattern in wanted):
            cache.cache_clear()
            cleared.append(was)
    return tuple(sorted(cleared, key=lambda one: (-one.entries_count, one.name)))


def _living_caches() -> list[Any]:
    """By identity: what the collector lists and, where objects are frozen, which it doesn't, what modules and classes hold."""
    found = {id(one): one for one in gc.get_objects() if type(one) is _WRAPPER}
    if gc.get_freeze_count():
        found.update((id(one), one) for one in _held_by_modules())
    return list(found.values())


def _held_by_modules() -> Iterator[object]:
    for module in list(sys.modules.values()):
        if issubclass(type(module), ModuleType):
            for value in list(vars(module).values()):
                yield from _caches_in(value)


def _caches_in(value: object) -> Iterator[object]:
    """``value`` itself or, of a class, its functions; no code of either is run."""
    if type(value) is _WRAPPER:
        yield value
    elif issubclass(type(value), type):
        # a static type that nobody has made ready has no dictionary yet
        for part in list((type.__dict__["__dict__"].__get__(value) or {}).values()):
            # staticmethod and classmethod keep theirs in an attribute of their own
            # by identity, for ``in`` would run what a metaclass says of equality
            is_wrapped = type(part) is staticmethod or type(part) is classmethod
            inner = part.__func__ if is_wrapped else part
            if type(inner) is _WRAPPER:
                yield inner


def _described(cache: Any) -> FunctionCache:
    info = cache.cache_info()
    return FunctionCache(_name_of(cache), info.currsize, info.maxsize, info.hits, info.misses)


def _name_of(cache: Any) -> str:
    """As the function is called: its wrapper may have been renamed, or hold no more than a callable of some type."""
    function = getattr(cache, "__wrapped__", None)
    if type(function) is FunctionType:
        return f"{function.__module__}.{function.__qualname__}"
    return _UNKNOWN if function is None else type_name(type(function))
