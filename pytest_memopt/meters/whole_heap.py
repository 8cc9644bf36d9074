"""The whole heap for those who ask the collector about it: what was frozen is thawed before they get their answer."""

from __future__ import annotations

import gc
from collections.abc import Callable
from functools import partial, update_wrapper
from inspect import unwrap
from types import BuiltinFunctionType, ModuleType
from typing import Any, Final

from . import originals
from .module_space import module_space

QUESTIONS: Final = ("freeze", "get_freeze_count", "get_objects", "get_referrers", "unfreeze")


class WholeHeap:
    """Stands before the functions of ``gc`` that show, or change, what is frozen.

    After ``gc.freeze`` old objects are in no list of ``gc.get_objects`` and among nobody's ``gc.get_referrers``. Who
    looks there for an object of theirs (``hypothesis.register_random`` does) would not find it in a run that freezes.
    Modules that imported a function by its name before `open` have it replaced there; by another name they ask past this.
    """

    def __init__(self, thaw: Callable[[], object], is_frozen: Callable[[], bool]) -> None:
        """Nothing is replaced yet.

        Args:
            thaw: thaws what was frozen; called before an answer.
            is_frozen: whether anything was.
        """
        self._thaw = thaw
        self._is_frozen = is_frozen
        self._replaced: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {}

    def open(self) -> None:
        """Replace the functions, but for those that a test has put something else for; twice does no harm."""
        for name in QUESTIONS:
            found = getattr(gc, name)
            if name not in self._replaced and unwrap(found) is getattr(originals.gc, name):
                door = self._door(name, found)
                self._replaced[name] = found, door
                setattr(gc, name, door)
                _replace_in_modules(name, found, door)

    def close(self) -> None:
        """Put back what was there, where nobody replaced it meanwhile."""
        for name, (before, door) in self._replaced.items():
            if getattr(gc, name) is door:
                setattr(gc, name, before)
            _replace_in_modules(name, door, before)
        self._replaced.clear()

    def _door(self, name: str, inner: Callable[..., Any]) -> Callable[..., Any]:
        thaw, is_frozen = self._thaw, self._is_frozen

        def ask(*args: Any, **named: Any) -> Any:
            __tracebackhide__ = True
            if is_frozen():
                if _is_of_all(name, args, named):
                    _collect_old(thaw)
                else:
                    thaw()
            answer = inner(*args, **named)
            # of one door before another
            return [one for one in answer if one is not args] if name == "get_referrers" else answer

        # called by way of C, and without a tuple of arguments: up to CPython 3.13 a coroutine is among the referrers of
        # its local variables while it calls a function of Python, and not while it calls one of C
        return update_wrapper(partial(ask), inner) if name == "get_referrers" else _Door(ask, inner)


class _Door:
    """Stands for a function of ``gc`` in all that a program may do with that: keep it in a class, copy it, pickle it."""

    def __init__(self, ask: Callable[..., Any], inner: Callable[..., Any]) -> None:
        update_wrapper(self, inner)
        self._ask = ask  # after that, which copies the attributes of a door behind this one

    # for isinstance(), and what inspect does with it
    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return BuiltinFunctionType

    def __call__(self, *args: Any, **named: Any) -> Any:
        __tracebackhide__ = True
        return self._ask(*args, **named)

    def __reduce__(self) -> str:
        return str(self.__name__)  # type: ignore[attr-defined]


def _replace_in_modules(name: str, old: object, new: object) -> None:
    """Have ``new`` where a module has ``old`` under this name: one look into each, as all their names would be many."""
    for module in list(originals.sys.modules.values()):
        if issubclass(type(module), ModuleType):
            names = module_space(module)
            if names.get(name) is old:
                names[name] = new


def _collect_old(thaw: Callable[[], object]) -> None:
    """Thaw, and collect what was garbage among the frozen: a ``gc.collect`` of who asks has passed it by.

    Newer garbage stays, as they may ask for their own.
    """
    newer = originals.gc.get_objects()
    thaw()
    originals.gc.collect()
    del newer


def _is_of_all(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> bool:
    """Whether objects of all generations are asked for; collecting moves the newer ones from theirs to the oldest."""
    return name == "get_referrers" or (
        name == "get_objects" and not any(one is not None for one in (*args, *named.values()))
    )
