"""Spare frames: CPython 3.10 keeps one for each function that ran. They are made in time, so that no test pays for them.

When a function returns for the first time its frame, 400 to 500 bytes, stays with its code for the next call. Made and
dropped beforehand it stays just as well, in its true size. From 3.11 on there is no such thing, and this isn't imported.
"""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType, MethodType
from typing import Any, Final

from .originals import sys

_NO_NAMES: Final[dict[str, object]] = {"__builtins__": {}}
# by identity: a class need not be hashable, and may run code when it is compared
_CALLABLES: Final = frozenset(map(id, (FunctionType, MethodType, functools.partial)))


class SpareFrames:
    """Makes the spare frames of functions, which don't run; 1-4 µs each, less where there is one already."""

    def __init__(self, make_frame: Callable[[CodeType], object] | None = None) -> None:
        """Bind the interpreter's function once, unless ``make_frame`` is to do the work."""
        self._make_frame = frame_maker() if make_frame is None else make_frame

    def lay_out(self, roots: Iterable[object]) -> None:
        """Make the frames of ``roots``, of the functions that they wrap, and of all that is written inside these.

        What is not a function, a method, a property or a partial call is passed over.
        """
        pending, seen = list(roots), set[int]()
        while pending:
            one = pending.pop()
            if id(one) in seen:
                continue
            seen.add(id(one))
            if type(one) is CodeType:
                self._make_frame(one)  # and drop it at once
                pending.extend(part for part in one.co_consts if type(part) is CodeType)
            else:
                pending.extend(_parts(one))


def frame_maker() -> Callable[[CodeType], object]:
    """What makes a frame of a code as a call would, by the C API."""
    # prototypes of our own: what ``ctypes.pythonapi`` hands out is shared with all of the program
    thread_state = ctypes.PYFUNCTYPE(ctypes.c_void_p)(("PyThreadState_Get", ctypes.pythonapi))
    new_frame = ctypes.PYFUNCTYPE(
        ctypes.py_object, ctypes.c_void_p, ctypes.py_object, ctypes.py_object, ctypes.c_void_p
    )(("PyFrame_New", ctypes.pythonapi))
    return lambda code: new_frame(thread_state(), code, _NO_NAMES, None)


def functions_in(module: Any) -> list[object]:
    """The functions that ``module`` defines, with the methods of its classes; not those that it imports."""
    name = getattr(module, "__name__", None)
    found: list[object] = []
    for value in list(vars(module).values()):
        if issubclass(type(value), type):  # isinstance() would ask the value for its __class__
            found.extend(value.__dict__.values() if value.__dict__.get("__module__") == name else ())
        elif type(value) is FunctionType and value.__module__ == name:
            found.append(value)
    return found


def lay_out_loaded(prefixes: tuple[str, ...]) -> None:
    """Make the frames of all that is defined in loaded modules whose names begin with one of ``prefixes``."""
    frames = SpareFrames()
    for name, module in list(sys.modules.items()):
        if name.startswith(prefixes):
            frames.lay_out(functions_in(module))


def _parts(one: Any) -> tuple[object, ...]:
    """What may run when ``one`` does; by its type, for an object may answer anything when it is asked."""
    kind = type(one)
    if kind is FunctionType:
        held = [content for cell in one.__closure__ or () for content in _contents(cell)]
        return (one.__code__, one.__dict__.get("__wrapped__"), *held)
    if kind is MethodType or kind is staticmethod or kind is classmethod:
        return (one.__func__,)
    if kind is functools.partial:
        return (one.func,)
    return (one.fget, one.fset, one.fdel) if kind is property else ()


def _contents(cell: Any) -> tuple[object, ...]:
    """What the variable of a closure holds, where that can be called: nothing else is followed."""
    try:
        value = cell.cell_contents
    except ValueError:
        return ()
    return (value,) if id(type(value)) in _CALLABLES else ()
