"""Where the project defines its fixtures: those of pytest, of plugins and of libraries are not its own to change."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any, Final

_INSTALLED: Final = frozenset({"site-packages", "dist-packages"})
_POOLED: Final = frozenset({"pooled_resource", "resource_manager"})


class FixturePlaces:
    """Tells where in the project a fixture is defined; remembers which files are the project's."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._shown: dict[str, str | None] = {}

    def of(self, fixture: Any) -> str | None:
        """File and line, as ``tests/conftest.py:12``; ``None`` for one from outside the project, or that borrows from a pool already."""
        if _POOLED.intersection(getattr(fixture, "argnames", ())):
            return None
        try:
            code = inspect.unwrap(fixture.func).__code__
            filename, line = code.co_filename, code.co_firstlineno
        except (AttributeError, ValueError):  # a class, a partial, a builtin
            return None
        if filename not in self._shown:
            self._shown[filename] = self._within(Path(filename))
        shown = self._shown[filename]
        return None if shown is None else f"{shown}:{line}"

    def _within(self, path: Path) -> str | None:
        if not path.is_relative_to(self._root):
            return None
        inside = path.relative_to(self._root)
        return None if _INSTALLED.intersection(inside.parts) else inside.as_posix()
