"""Which line of the program made an object: tracemalloc remembers it of each block, for as long as somebody asks."""

from __future__ import annotations

import ctypes
import sys
from collections import Counter
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from itertools import islice
from math import inf
from typing import Final, TypeAlias

from .alarm import alarm
from .installed import INSTALLED, library_folders
from .measurement import Site
from .originals import gc, tracemalloc
from .traced import function_at, is_runner

# file and line of the frames that led somewhere, the innermost first
Frames: TypeAlias = "tuple[tuple[str, int], ...]"

FRAMES: Final = 16  # from the line that allocates, in a library perhaps, to one that is not the test runner's
_ASKED_MOST: Final = 64
LEAST_SHARE: Final = 0.5  # of what a round leaves: a line that explains less is not the one
_PYTHON_DOMAIN: Final = 0
_FLAGS: Final = type.__dict__["__flags__"]  # asked past a metaclass, which may answer anything
_HAS_MANAGED_DICT: Final = 1 << 4
_BEFORE_MANAGED_BYTES: Final = 4 * ctypes.sizeof(ctypes.c_void_p)


@contextmanager
def remembered_lines(frames: int = FRAMES, most_s: float = inf) -> Generator[None, None, None]:
    """A block in which new objects are known by the lines that made them.

    Where tracemalloc traces already, it goes on doing so afterwards, with as many frames as it was told to keep.

    Args:
        frames: how many lines are kept of each object, the innermost ones; each of them costs.
        most_s: seconds after which all are forgotten, and the block goes on without, at its full speed.
    """
    if tracemalloc.is_tracing():
        yield
        return
    gc.collect()  # it empties the interpreter's lists of free objects: what is taken from there has no line
    tracemalloc.start(frames)
    try:
        with alarm(most_s, tracemalloc.stop):
            yield
    finally:
        tracemalloc.stop()


def lines_are_remembered() -> bool:
    """Whether this is within such a block, and nothing was forgotten."""
    return tracemalloc.is_tracing()


def frames_of_each(objects: Iterable[object]) -> dict[int, Frames]:
    """The lines that led to each of ``objects``, of which the first 64 are asked, by identity; none where none are known."""
    return {id(one): _frames_of(one) for one in islice(objects, _ASKED_MOST)}


def most_common(frames: Iterable[Frames]) -> Frames:
    """Of the lines that led to some objects those that led to most; none where none are known but the runner's."""
    known = Counter(one for one in frames if not _is_runners(one))
    return known.most_common(1)[0][0] if known else ()


def frames_of_what_is_left(bytes_per_round: float, rounds: int) -> Frames:
    """The lines that led to what is left of the block so far, where they explain what each of its ``rounds`` leaves.

    None are known any more where the workload itself stopped tracemalloc.
    """
    if not tracemalloc.is_tracing():
        return ()
    best: Frames = ()
    least_off = (1 - LEAST_SHARE) * bytes_per_round
    for trace in tracemalloc.take_snapshot().statistics("traceback"):
        frames = tuple((frame.filename, frame.lineno) for frame in reversed(trace.traceback))
        off = abs(trace.size / rounds - bytes_per_round)
        if trace.count >= rounds and off <= least_off and not _is_runners(frames):
            best, least_off = frames, off
    return best


def site_at(frames: Frames) -> Site | None:
    """The line that people are told of these: the innermost outside the test runner and Python's own library."""
    own = [(path, line) for path, line in frames if not is_runner(path)]
    told = next(((path, line) for path, line in own if not _is_library(path)), own[0] if own else None)
    return Site(*told, function_at(*told), 0, 0) if told is not None else None


def _is_runners(frames: Frames) -> bool:
    """Whether no line of these is anybody's: the runner's, and what Python's library does for it, are nobody's."""
    return all(is_runner(path) or _is_library(path) for path, _ in frames)


def _is_library(path: str) -> bool:
    return path.startswith(("<", *library_folders())) and not any(part in path for part in INSTALLED)


def _frames_of(one: object) -> Frames:
    """File and line of the frames that led to an object, the innermost first; none where they aren't known."""
    traceback = tracemalloc.get_object_traceback(one)
    if traceback is not None:
        return tuple((frame.filename, frame.lineno) for frame in reversed(traceback))
    if _FRAMES_AT is not None and _FLAGS.__get__(type(one)) & _HAS_MANAGED_DICT:
        return tuple(_FRAMES_AT(_PYTHON_DOMAIN, id(one) - _BEFORE_MANAGED_BYTES) or ())
    return ()


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
