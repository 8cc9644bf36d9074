"""A line on the terminal while a hunt in another process is waited for."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from ..report.hunt_line import hunt_apart_line
from ..report.typeface import Typeface
from .erasable_line import ERASE, terminal_width

if TYPE_CHECKING:
    from ..leaks.fresh_process import OnWait


@contextmanager
def waiting_line(target: str, out: TextIO | None = None) -> Generator[OnWait | None, None, None]:
    """What is to be told of the waiting, for as long as that lasts; ``None`` where nobody would see it.

    Args:
        target: what is hunted in.
        out: the terminal; stderr when ``None``.
    """
    terminal = sys.stderr if out is None else out
    width = terminal_width(terminal)
    if width is None:
        yield None
        return
    face = Typeface.for_encoding(terminal.encoding)

    def show(text: str) -> None:
        terminal.write(ERASE + text)
        terminal.flush()

    def tell(elapsed_s: float, left_s: float) -> None:
        show(hunt_apart_line(target, elapsed_s, left_s, None, width, face))

    try:
        yield tell
    finally:
        show("")
