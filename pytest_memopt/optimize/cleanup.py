"""The strategy `cleanup`: caches are emptied that fill again by themselves, and what lies idle is let go."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Final, NamedTuple

from ..errors import OptimizationError, UsageError
from ..meters.cache_clearing import clear_interpreter_caches
from ..meters.naming import type_name
from ..meters.originals import sys
from ..units import format_count, format_size
from .function_caches import FunctionCache, clear_function_caches
from .outcome import Change
from .strategy import MemoryState

SOURCE_MIN_BYTES: Final = 1024**2


class RegisteredCache(NamedTuple):
    """A cache of the program's.

    Attributes:
        name: how outcomes call it.
        clear: empties it.
        size: tells how many entries it has; ``None`` where nothing can.
        restore: fills it again after the cleanup was reverted; ``None`` where it fills by use.
    """

    name: str
    clear: Callable[[], object]
    size: Callable[[], int] | None = None
    restore: Callable[[], object] | None = None


class Cleanup:
    """Empties the interpreter's own caches, the program's that were registered or asked for, and lets idle things go.

    A cleared cache gives the same answers as before, only slower at first. Caches of the program's that nobody named are
    left alone, as are those of the interpreter that hold what can't be had again.

    Attributes:
        name: ``cleanup``.
    """

    name: Final = "cleanup"

    def __init__(self, function_caches: Iterable[str] = (), release_idle: Callable[[], int] | None = None) -> None:
        """Choose what it may clear.

        Args:
            function_caches: globs on the names of functions with a cache of ``functools``, as in ``"app.prices.*"``.
            release_idle: closes what lies idle, and tells how many there were; `release_idle_members` does so for the
                pools of this process. What is closed can't be put back.
        """
        self._patterns = tuple(function_caches)
        self._release_idle = release_idle
        self._registered: dict[str, RegisteredCache] = {}
        self._cleared: list[RegisteredCache] = []

    def register(self, cache: RegisteredCache) -> None:
        """Clear ``cache`` from now on; one that was registered by that name before is forgotten.

        Raises:
            UsageError: where it has no name, or something in it that is to be called can't be.
        """
        if not cache.name:
            raise UsageError("a cache is registered by a name, and this one is empty; give what it holds: 'prices'")
        given: dict[str, object] = {"clear": cache.clear, "size": cache.size or len, "restore": cache.restore or len}
        for role, function in given.items():
            if not callable(function):
                raise UsageError(
                    f"cache {cache.name!r}: {role} is {function!r}, which can't be called; give a function"
                )
        self._registered[cache.name] = cache

    def is_called_for(self, state: MemoryState) -> str | None:
        """Where something was registered or asked for, sources of files fill memory, or much memory is in use."""
        if self._registered or self._patterns or self._release_idle is not None:
            return "caches were registered or asked for, or idle members of pools"
        source_bytes = _kept_source_bytes()
        if source_bytes >= SOURCE_MIN_BYTES:
            return f"linecache keeps {format_size(source_bytes)} of sources"
        used_bytes, most_bytes = state.reading.in_use_bytes, state.thresholds.in_use_bytes
        if used_bytes is not None and used_bytes > most_bytes:
            return f"{format_size(used_bytes)} are in use, over {format_size(most_bytes)}"
        return None

    def apply(self) -> Change:
        """Clear all, also where one of them can't be cleared.

        Raises:
            OptimizationError: naming what could not be cleared, and why.
        """
        clear_interpreter_caches()
        done = ["the interpreter's own caches were cleared"]
        done += map(_cleared_text, clear_function_caches(self._patterns) if self._patterns else ())
        problems: list[str] = []
        for cache in self._registered.values():
            _call(partial(self._clear, cache), f"the cache {cache.name!r} could not be cleared", done, problems)
        if self._release_idle is not None:
            _call(partial(_release, self._release_idle), "idle members of pools could not be closed", done, problems)
        if problems:
            raise OptimizationError("; ".join(problems))
        return Change(tuple(done))

    def revert(self) -> None:
        """Fill the caches again that can be told to; the others fill by use.

        Raises:
            OptimizationError: naming what could not be filled, and why.
        """
        cleared, self._cleared = self._cleared, []
        done: list[str] = []
        problems: list[str] = []
        for cache in cleared:
            _call(partial(_restore, cache), f"the cache {cache.name!r} could not be filled again", done, problems)
        if problems:
            raise OptimizationError("; ".join(problems))

    def _clear(self, cache: RegisteredCache) -> str:
        size_count = None if cache.size is None else cache.size()
        if size_count == 0:
            return f"the cache {cache.name!r} was empty"
        self._cleared.append(cache)
        cache.clear()
        entries = "" if size_count is None else f": {format_count(size_count)} entries"
        return f"the cache {cache.name!r} was cleared{entries}"


def _call(function: Callable[[], str], problem: str, done: list[str], problems: list[str]) -> None:
    """Call what is the program's, and note what it did, or why it didn't."""
    try:
        done.append(function())
    except Exception as error:  # noqa: BLE001 - it may raise anything
        problems.append(f"{problem}: {type_name(type(error))}: {error}")


def _release(release: Callable[[], int]) -> str:
    return f"{format_count(release())} idle members of pools were closed, which the next borrowers have built anew"


def _restore(cache: RegisteredCache) -> str:
    if cache.restore is not None:
        cache.restore()
    return f"the cache {cache.name!r} fills again"


def _cleared_text(cache: FunctionCache) -> str:
    hits = "never asked" if cache.hit_ratio is None else f"hit rate {cache.hit_ratio:.0%}"
    return f"the cache of {cache.name} was cleared: {format_count(cache.entries_count)} entries, {hits}"


def _kept_source_bytes() -> int:
    """Bytes of the lines that ``linecache`` keeps, if it was loaded."""
    module = sys.modules.get("linecache")
    entries = list(getattr(module, "cache", {}).values())
    return sum(sum(map(sys.getsizeof, entry[2])) for entry in entries if len(entry) > 2)  # noqa: PLR2004 - a lazy one is shorter
