"""How much a container can hold, where its type sets a bound."""

from __future__ import annotations

import functools
import queue
import sys
import weakref
from collections import deque
from io import TextIOWrapper
from types import FunctionType
from typing import Any, Final

from ..meters.originals import gc
from .attributes import read_attribute

CACHE_TYPE: Final[type] = type(functools.lru_cache(maxsize=1)(id))

CURSORS_MOST: Final = 200
WRITTEN_MOST: Final = 8192


def bound_of(container: object) -> int | None:
    """The most elements that ``container`` can hold; ``None`` where nothing bounds it.

    Known are ``deque(maxlen=…)``, functions under ``functools.lru_cache(maxsize=…)`` and ``queue.Queue(maxsize=…)``. No
    code of the container is run.
    """
    cls = type(container)
    bound: Any = None
    if issubclass(cls, deque):
        bound = deque.__dict__["maxlen"].__get__(container)
    elif cls is CACHE_TYPE:
        bound = _cache_bound(container)
    elif issubclass(cls, queue.Queue):
        bound = read_attribute(container, "maxsize") or None
    return bound if type(bound) is int and bound >= 0 else None


def bound_by_owner(container: object) -> int | None:
    """The most elements that ``container`` can hold by who keeps it; ``None`` where nothing is known of that.

    A `sqlite3.Connection` lists its cursors by weak references, and drops the spent ones at every 200th that it makes
    (``Modules/_sqlite/connection.c``). A text file lists what was written into it, and hands it on when that is more than
    8 KiB (``Modules/_io/textio.c``). Looks at all objects that are not frozen, for a list of such things only.
    """
    if type(container) is not list or not container:
        return None
    newest = type(container[-1])
    if newest is weakref.ref:
        sqlite3 = sys.modules.get("_sqlite3")
        return CURSORS_MOST if sqlite3 is not None and _is_kept_by(container, sqlite3.Connection) else None
    return WRITTEN_MOST if (newest is str or newest is bytes) and _is_kept_by(container, TextIOWrapper) else None


def _is_kept_by(container: object, cls: type) -> bool:
    return any(issubclass(type(owner), cls) for owner in gc.get_referrers(container))


def _cache_bound(cache: object) -> Any:
    parameters = read_attribute(cache, "cache_parameters")
    is_genuine = type(parameters) is FunctionType and parameters.__module__ == "functools"
    return parameters()["maxsize"] if is_genuine else None
