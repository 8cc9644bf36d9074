"""What objects refer to, as the garbage collector sees it, without asking the one module that breaks by being asked."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from operator import is_
from types import ModuleType
from typing import Final

from .originals import gc, sys

_ASYNCIO: Final = "_asyncio"
# CPython 3.12.0-3.12.5: gh-122695
_SHOWS_FREED_MEMORY: Final = (3, 12) <= sys.version_info < (3, 12, 6)


def referents(*objects: object) -> Sequence[object]:
    """What ``objects`` refer to directly, in no particular order; ``gc.get_referents``, but for one module.

    ``_asyncio`` counts the freed iterators that it keeps ready among its referents. Whoever gets them in a list frees
    them again with the list: the next to ask, or to wait for a future, meets one of them twice, or runs in a circle
    until the memory is full. Only the namespace of that module is told.
    """
    return referents_past_asyncio(*objects) if _SHOWS_FREED_MEMORY else gc.get_referents(*objects)


def referents_past_asyncio(*objects: object) -> list[object]:
    """The same on every Python; the types are compared at the speed of C, as modules are few."""
    if not any(map(is_, map(type, objects), repeat(ModuleType))):
        return gc.get_referents(*objects)
    harmless = [one for one in objects if not _is_asyncio(one)]
    namespaces = [vars(one) for one in objects if _is_asyncio(one)]
    return [*gc.get_referents(*harmless), *namespaces]


def _is_asyncio(one: object) -> bool:
    return type(one) is ModuleType and vars(one).get("__name__") == _ASYNCIO
