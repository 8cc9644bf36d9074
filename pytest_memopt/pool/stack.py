"""Where a borrower stands: noted in about a microsecond, put into words only when somebody asks."""

from __future__ import annotations

import linecache
import os
import sys
from pathlib import Path
from types import CodeType, FrameType
from typing import Final

DEPTH_MOST: Final = 24
_OWN: Final = str(Path(__file__).parent.parent)
_STANDARD: Final = Path(os.__file__).parent
_RUNNERS: Final = (
    f"{_STANDARD / 'asyncio'}{os.sep}",
    f"{_STANDARD / 'unittest'}{os.sep}",
    str(_STANDARD / "threading.py"),
    str(_STANDARD / "contextlib.py"),
)

Place = tuple[CodeType, int]
"""A function's code and the line in it; frames would keep their variables alive."""


def note_stack() -> tuple[Place, ...]:
    """The lines of the callers outside of the pool, the innermost first."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way costs a hundred times as much
    while frame is not None and frame.f_code.co_filename.startswith(_OWN):
        frame = frame.f_back
    places: list[Place] = []
    while frame is not None and len(places) < DEPTH_MOST:
        places.append((frame.f_code, frame.f_lineno))
        frame = frame.f_back
    return tuple(places)


def spell_stack(places: tuple[Place, ...], most: int = 6) -> tuple[str, ...]:
    """The innermost lines, as ``file.py:12 in name: source``, the innermost last; those of tools are left out."""
    told = []
    for code, line in places:
        if _is_machinery(code.co_filename):
            continue
        source = linecache.getline(code.co_filename, line).strip()
        told.append(f"{_short(code.co_filename)}:{line} in {code.co_name}{f': {source}' if source else ''}")
        if len(told) == most:
            break
    return tuple(reversed(told))


def _is_machinery(file_name: str) -> bool:
    parts = Path(file_name).parts
    return file_name.startswith(("<", _OWN, *_RUNNERS)) or any(
        name in parts for name in ("_pytest", "pluggy", "xdist", "execnet", "pytest_asyncio", "anyio")
    )


def _short(file_name: str) -> str:
    path = Path(file_name)
    try:
        return str(path.relative_to(Path.cwd()))
    except (ValueError, OSError):
        return file_name
