"""How much a container can hold, where its type sets a bound."""

from __future__ import annotations

import functools
import queue
from collections import deque
from types import FunctionType
from typing import Any, Final

from .attributes import read_attribute

CACHE_TYPE: Final[type] = type(functools.lru_cache(maxsize=1)(id))


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


def _cache_bound(cache: object) -> Any:
    parameters = read_attribute(cache, "cache_parameters")
    is_genuine = type(parameters) is FunctionType and parameters.__module__ == "functools"
    return parameters()["maxsize"] if is_genuine else None
