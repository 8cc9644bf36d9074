"""Where a line can be shown and erased again: on which streams, how wide, and by what."""

from __future__ import annotations

from typing import Final, TextIO

ERASE: Final = "\r\x1b[K"
"""Clears the line, and goes back to its beginning."""


def is_terminal(stream: TextIO | None) -> bool:
    """Whether somebody sees what is written there."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def terminal_width(stream: TextIO | None) -> int | None:
    """How wide the terminal is; ``None`` where it is none, or one that can't erase a line."""
    if not is_terminal(stream):
        return None
    from rich.console import Console

    console = Console(file=stream)
    return None if console.is_dumb_terminal or console.legacy_windows else console.width
