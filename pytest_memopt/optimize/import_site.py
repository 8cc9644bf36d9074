"""Who imports: the line, behind the interpreter's own frames, that asked for a module."""

from __future__ import annotations

import importlib
from types import FrameType
from typing import Final

from ..meters.originals import sys
from .import_cost import ImportSite

MACHINERY: Final = "<frozen importlib._bootstrap>"
_MACHINERY_STARTS: Final = "<frozen importlib."
_IMPORT_MODULE: Final = importlib.import_module.__code__.co_filename
_UNKNOWN: Final = ImportSite("?", "?", 0)


def importing_line(frames_between: int) -> ImportSite:
    """The line that asked for what is being imported now.

    Args:
        frames_between: how many of the caller's own frames lie between this function and the import machinery.
    """
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - as tracebacks and warnings do
    for _ in range(frames_between + 1):  # one by one: C code may import with no frame of Python's behind it
        frame = frame and frame.f_back
    while frame is not None:
        path = frame.f_code.co_filename
        if not path.startswith(_MACHINERY_STARTS) and path != _IMPORT_MODULE:
            return ImportSite(str(frame.f_globals.get("__name__", "?")), path, frame.f_lineno or 0)
        frame = frame.f_back
    return _UNKNOWN
