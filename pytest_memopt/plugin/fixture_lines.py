"""Which lines belong to which fixture of an item, so that what one leaks is told with its name."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest

from ..leaks.clues import Stretch
from ..meters.traced import is_runner


def fixture_lines(item: pytest.Item) -> tuple[Stretch, ...]:
    """The lines of the functions behind all fixtures that ``item`` may use, the runner's own left out."""
    info = getattr(item, "_fixtureinfo", None)
    known = info.name2fixturedefs if info is not None else {}
    return tuple(
        stretch
        for name, definitions in known.items()
        for definition in definitions
        for stretch in _stretch_of(name, definition.func)
    )


def _stretch_of(name: str, function: object) -> Iterator[Stretch]:
    try:
        code = inspect.unwrap(function).__code__  # type: ignore[arg-type]
    except (AttributeError, ValueError):  # a class, a partial, a builtin: what is called has no lines of its own
        return
    lines = [line for _, _, line in code.co_lines() if line is not None]
    if lines and not is_runner(code.co_filename):
        yield Stretch(name, code.co_filename, code.co_firstlineno, max(lines))
