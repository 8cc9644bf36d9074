"""Which line of the program made an object: tracemalloc remembers it of each block, for as long as somebody asks."""

from __future__ import annotations

import ctypes
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from itertools import islice
from typing import Final

from .measurement import Site
from .originals import tracemalloc
from .traced import HeldBy, is_runner, sites_of

_FRAMES: Final = 16  # from the line that allocates, in a library perhaps, to one that is not the test runner's
_ASKED_MOST: Final = 64
_PYTHON_DOMAIN: Final = 0
_FLAGS: Final = type.__dict__["__flags__"]  # asked past a metaclass, which may answer anything
_HAS_MANAGED_DICT: Final = 1 << 4
_BEFORE_MANAGED_BYTES: Final = 4 * ctypes.sizeof(ctypes.c_void_p)


@contextmanager
def remembered_lines() -> Generator[None, None, None]:
    """A block in which new objects are known by the lines that made them.

    Where tracemalloc traces already, it goes on doing so afterwards, with as many frames as it was told to keep.
    """
    is_foreign = tracemalloc.is_tracing()
    if not is_foreign:
        tracemalloc.start(_FRAMES)
    try:
        yield
    finally:
        if not is_foreign:
            tracemalloc.stop()


def site_of(objects: Iterable[object]) -> Site | None:
    """The line that made most of ``objects``, of which the first 64 are asked; ``None`` where none is known."""
    lines: Counter[Site] = Counter()
    for one in islice(objects, _ASKED_MOST):
        if (site := _site_of_one(one)) is not None:
            lines[site] += 1
    return lines.most_common(1)[0][0] if lines else None


def lines_of_what_is_left() -> tuple[Site, ...]:
    """The lines that made what is left of all that came to be in this block, those that hold the most first."""
    traces = tracemalloc.take_snapshot().statistics("traceback")
    held = [
        HeldBy(
            tuple((frame.filename, frame.lineno, None) for frame in reversed(trace.traceback)), trace.size, trace.count
        )
        for trace in traces
        if not all(is_runner(frame.filename) for frame in trace.traceback)
    ]
    return sites_of(held)


def _site_of_one(one: object) -> Site | None:
    frames = _frames_of(one)
    if all(is_runner(path) for path, _ in frames):
        return None
    return sites_of([HeldBy(tuple((path, line, None) for path, line in frames), 0, 1)])[0]


def _frames_of(one: object) -> list[tuple[str, int]]:
    """File and line of the frames that led to an object, the innermost first; none where they aren't known."""
    traceback = tracemalloc.get_object_traceback(one)
    if traceback is not None:
        return [(frame.filename, frame.lineno) for frame in reversed(traceback)]
    if _FRAMES_AT is not None and _FLAGS.__get__(type(one)) & _HAS_MANAGED_DICT:
        return list(_FRAMES_AT(_PYTHON_DOMAIN, id(one) - _BEFORE_MANAGED_BYTES) or ())
    return []


def _ask_by_address() -> Callable[[int, int], Iterable[tuple[str, int]] | None] | None:
    """What asks for the frames by address; ``None`` where nobody needs it, or can."""
    if sys.version_info[:2] != (3, 11):
        return None
    try:
        ask = ctypes.pythonapi["_PyTraceMalloc_GetTraceback"]
    except AttributeError:
        return None
    ask.restype, ask.argtypes = ctypes.py_object, (ctypes.c_uint, ctypes.c_size_t)
    return ask


# CPython 3.11 forgets, when it is asked for an object, that some have two pointers more before them (mended in 3.12)
_FRAMES_AT: Final = _ask_by_address()
