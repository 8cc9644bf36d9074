"""Clear the interpreter's own caches before a judged window, so that their filling isn't taken for a leak.

CPython's ``regrtest -R`` does so in ``test.libregrtest``. It may break what its own tests don't use; a user's suite we
may not break. So of its list these are left alone, each for a reason:

* ``ctypes._reset_cache``: makes new pointer types that don't match the ones which the program holds.
* ``urllib.request.urlcleanup``: deletes files that ``urlretrieve`` gave out, and uninstalls the program's opener.
* ``mimetypes``, ``copyreg``, ``warnings.filters``, ``sys.path_importer_cache``: hold what the program registered.
* ``__warningregistry__``: decides which warnings are shown again.
* ``doctest.master``: sums up the results of ``testmod``.
* flushing the streams: moves what pytest captures, and fails on closed ones.

No ``functools.lru_cache`` of the program's is touched: how it fills is what a hunt has to see.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from types import ModuleType
from typing import Final

from .originals import sys

_CLEARED_BY_A_CALL: Final = (
    ("re", "purge"),
    ("struct", "_clearcache"),
    ("filecmp", "clear_cache"),
    ("urllib.parse", "clear_cache"),
    ("fnmatch", "_compile_pattern.cache_clear"),
    ("tokenize", "_compile.cache_clear"),
    ("fractions", "_hash_algorithm.cache_clear"),
    ("inspect", "modulesbyfile.clear"),
    ("inspect", "_filesbymodname.clear"),
    ("inspect", "_shadowed_dict_from_mro_tuple.cache_clear"),
    ("inspect", "_shadowed_dict_from_weakref_mro_tuple.cache_clear"),
    ("importlib.metadata", "FastPath.__new__.cache_clear"),
)
_LINECACHE_ENTRY: Final = 4  # size, time of change, lines, full name; a shorter one is a promise to load


def clear_type_cache() -> None:
    """Clear the cache of methods by type, which keeps names and (up to 3.11) values alive; 4-7 µs, and nothing breaks.

    The interpreter then specialises its bytecode anew, so do this between rounds of a hunt, not around every test.
    """
    clear: Callable[[], object] | None = getattr(sys, "_clear_internal_caches", None)
    if clear is None:
        clear = getattr(sys, "_clear_type_cache", None)
    if clear is not None:
        clear()


def clear_interpreter_caches() -> None:
    """Clear the caches of the standard library's modules that are loaded, and the type cache last; imports nothing.

    A module that the program replaced or changed is passed over where its cache isn't found as expected.
    """
    for module_name, path in _CLEARED_BY_A_CALL:
        _call(module_name, path)
    for clear in (_clear_strptime, _clear_linecache, _clear_typing, _clear_abc_caches):
        # The program may have patched any of these modules; an error here must not become its own.
        with suppress(Exception):
            clear()
    clear_type_cache()


def _call(module_name: str, path: str) -> None:
    target: object = _loaded(module_name)
    with suppress(Exception):
        for part in path.split("."):
            target = getattr(target, part)
        if callable(target):
            target()


def _loaded(name: str) -> ModuleType | None:
    module = sys.modules.get(name)
    return module if issubclass(type(module), ModuleType) else None


def _clear_strptime() -> None:
    if (strptime := _loaded("_strptime")) is not None:
        with strptime._cache_lock:  # noqa: SLF001 - its own comment asks for this lock
            strptime._regex_cache.clear()  # noqa: SLF001 - there is no public way


def _clear_linecache() -> None:
    """Drop the files that can be read again; sources that exist nowhere else (attrs, doctest, IPython) stay."""
    if (linecache := _loaded("linecache")) is not None:
        for path, entry in list(linecache.cache.items()):
            if len(entry) == _LINECACHE_ENTRY and entry[1] is not None:
                linecache.cache.pop(path, None)


def _clear_typing() -> None:
    if (typing := _loaded("typing")) is not None:
        for clear in typing._cleanups:  # noqa: SLF001 - as regrtest does; there is no public way
            clear()


def _clear_abc_caches() -> None:
    for abstract in _abstract_classes():
        for kind in (*abstract.__subclasses__(), abstract):
            _clear_one_abc(kind)


def _clear_one_abc(kind: type) -> None:
    """``isinstance`` and ``register`` answer the same afterwards: the registry is kept, its cache filled anew."""
    clear = getattr(kind, "_abc_caches_clear", None)
    if clear is not None:
        clear()


def _abstract_classes() -> Iterator[type]:
    if (module := _loaded("_collections_abc")) is not None:
        yield from (
            kind for kind in vars(module).values() if isinstance(kind, type) and "__abstractmethods__" in vars(kind)
        )
