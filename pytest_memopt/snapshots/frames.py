"""Local variables of frames, read without leaving a trace in the frame."""

from __future__ import annotations

import inspect
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType
from typing import Any, Final

from ..meters.originals import sys

_SUSPENDABLE: Final[tuple[tuple[type, str], ...]] = (
    (GeneratorType, "gi_frame"),
    (CoroutineType, "cr_frame"),
    (AsyncGeneratorType, "ag_frame"),
)
_OWN_PACKAGE: Final = __name__.partition(".")[0]
# The frame, the variable here, and the argument of getrefcount.
_REFERENCES_OF_OURS: Final = 3


def local_variables(frame: FrameType) -> list[tuple[str, object]]:
    """Names and values of the local variables of a function, those of its closures included.

    Before Python 3.13 a frame that is asked for its variables makes a dict of them, and keeps it, and them, for as long
    as it lives. That dict is emptied again, unless somebody else has a hand on it.
    """
    space: Any = frame.f_locals
    is_of_function = frame.f_code.co_flags & inspect.CO_OPTIMIZED
    if space is frame.f_globals or not (is_of_function or issubclass(type(space), dict)):
        return []
    listed = list(space.items() if is_of_function else dict.items(space))
    variables = [(name, value) for name, value in listed if type(name) is str]
    is_ours = (
        is_of_function
        and type(space) is dict
        and frame.f_trace is None
        and sys.getrefcount(space) <= _REFERENCES_OF_OURS
    )
    if is_ours:
        space.clear()
    return variables


def suspended_frame(one: object) -> FrameType | None:
    """The frame of a generator or coroutine; ``None`` if it is at its end, or is neither."""
    name = next((name for cls, name in _SUSPENDABLE if type(one) is cls), None)
    if name is None:
        return None
    frame: FrameType | None = type(one).__dict__[name].__get__(one)
    return frame


def frame_module(frame: FrameType) -> str:
    """The module whose code the frame runs; ``"?"`` where that has no name."""
    name = dict.get(frame.f_globals, "__name__")
    return name if type(name) is str else "?"


def is_own_frame(frame: FrameType) -> bool:
    """Whether the frame runs code of this package."""
    return frame_module(frame).partition(".")[0] == _OWN_PACKAGE


def frame_label(frame: FrameType) -> str:
    """The frame for people: ``<frame of app.jobs.run>``."""
    code = frame.f_code
    name = getattr(code, "co_qualname", code.co_name)  # since Python 3.11
    return f"<frame of {frame_module(frame)}.{name}>"
