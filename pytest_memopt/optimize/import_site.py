"""Who imports: the line, behind the interpreter's own frames, that asked for a module."""

from __future__ import annotations

import importlib
from types import FrameType
from typing import Final

from ..meters.originals import sys
from .import_cost import ImportSite

MACHINERY: Final = "<frozen importlib._bootstrap>"
_MACHINERY_STARTS: Final = "<frozen importlib."
_NEVER: Final = frozenset((importlib.import_module.__code__.co_filename, (lambda: None).__code__.co_filename))
_UNKNOWN: Final = ImportSite("?", "?", 0)


def importing_frame() -> FrameType | None:
    """The frame whose line asked for what is being imported now; ``None`` where C code did, with none behind it.

    On Python 3.11 and newer asking creates the objects of all frames up to that one, which go when those frames end.
    """
    frame: FrameType | None = sys._getframe()  # noqa: SLF001 - as tracebacks and warnings do
    while frame is not None and _is_machinery(frame.f_code.co_filename):
        frame = frame.f_back
    return frame


def site_of(frame: FrameType | None) -> ImportSite:
    """The line that ``frame`` is at."""
    if frame is None:
        return _UNKNOWN
    return ImportSite(str(frame.f_globals.get("__name__", "?")), frame.f_code.co_filename, frame.f_lineno or 0)


def _is_machinery(path: str) -> bool:
    return path.startswith(_MACHINERY_STARTS) or path in _NEVER
