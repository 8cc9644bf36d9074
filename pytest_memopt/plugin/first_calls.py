"""What runs for the first time with an item, laid out before its window opens; only CPython 3.10 wants that."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Final

import pytest

from ..meters.spare_frames import SpareFrames, functions_in
from . import compat

_OURS: Final = (
    "pytest_memopt.plugin.",
    "pytest_memopt.meters.",
    "pytest_memopt.leaks.",
    "pytest_memopt.pool.",
    "pluggy.",
)
_PYTESTS: Final = """
    capture compat doctest faulthandler fixtures logging mark.structures monkeypatch nodes outcomes pathlib python raises
    recwarn reports runner setuponly setupplan skipping stash subtests threadexception tmpdir unittest unraisableexception
    warning_types warnings
"""
_LIBRARY: Final = ("contextlib", "functools", "unittest.case")
_RUNNERS: Final = frozenset(f"_pytest.{name}" for name in _PYTESTS.split()).union(_LIBRARY)
"""Whose functions run in windows, for the first time in some test's."""


class FirstCalls:
    """Has the frames made that functions keep once they ran: pytest's and ours before the first item, its own before each.

    Pytest's and ours take 10 ms and 0.9 MB, once, part of which they would take anyhow.
    """

    def __init__(self, frames: SpareFrames | None = None) -> None:
        self._frames = SpareFrames() if frames is None else frames
        self._known_modules = set[str]()

    def lay_out(self, item: pytest.Item) -> None:
        """Make the frames of ``item`` and its fixtures and, where they are new, those of its module and of the runner."""
        if not self._known_modules:
            self._lay_out_modules(name for name in list(sys.modules) if name in _RUNNERS or name.startswith(_OURS))
        if (module := getattr(item, "module", None)) is not None:
            self._lay_out_modules([module.__name__])
        self._frames.lay_out(compat.functions_of(item))

    def _lay_out_modules(self, names: Iterable[str]) -> None:
        for name in names:
            if name not in self._known_modules and (module := sys.modules.get(name)) is not None:
                self._known_modules.add(name)
                self._frames.lay_out(functions_in(module))
