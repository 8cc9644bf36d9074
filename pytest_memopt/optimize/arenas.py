"""What keeps the arenas of small blocks open: the block sizes whose pools are used in part, by the interpreter's own report."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Final, NamedTuple

from ..meters.malloc_report import MallocReport, SizeClass, arenas_in, size_classes
from ..units import format_count, format_size

_TOP: Final = 3
MUCH_BYTES: Final = 1024**2
_EMPTY: Final = re.compile(rb"^(\d+) unused pools \* (\d+) bytes", re.MULTILINE)


class ArenaUse(NamedTuple):
    """How well the arenas are used.

    Attributes:
        arenas_count: arenas that are open.
        held_bytes: what they take together.
        empty_pools_bytes: pools in them that no block size has at present.
        classes: the block sizes, that with the most free bytes in its pools first.
    """

    arenas_count: int
    held_bytes: int
    empty_pools_bytes: int
    classes: tuple[SizeClass, ...]

    @property
    def free_bytes(self) -> int:
        """Bytes in open arenas that nobody uses."""
        return self.empty_pools_bytes + sum(size.free_bytes for size in self.classes)

    def sentence(self) -> str:
        """Which block sizes keep the arenas open, for people."""
        sizes = ", ".join(
            f"{size.size_bytes} bytes ({format_count(size.in_use_count)} in use, {format_count(size.free_count)} free "
            f"in {format_count(size.pools_count)} pools)"
            for size in self.classes[:_TOP]
            if size.free_count
        )
        kept = f"; most is kept by blocks of {sizes}" if sizes and self.free_bytes >= MUCH_BYTES else ""
        return (
            f"{format_count(self.arenas_count)} arenas of small blocks ({format_size(self.held_bytes)}, "
            f"{format_size(self.free_bytes)} of it free) stay open, as each has a block in use{kept}"
        )


class ArenaReader:
    """Reads how well the arenas of this process are used."""

    def __init__(self) -> None:
        self._report: MallocReport | None = None
        with suppress(AttributeError, OSError, ValueError):
            self._report = MallocReport()

    def read(self) -> ArenaUse | None:
        """How well they are used now; ``None`` where the interpreter doesn't tell."""
        try:
            return None if self._report is None else arena_use_in(self._report.text())
        except ValueError:
            return None


def arena_use_in(text: bytes) -> ArenaUse:
    """The arenas by the text of ``_PyObject_DebugMallocStats``.

    Raises:
        ValueError: for a text that isn't laid out as expected.
    """
    arenas, empty = arenas_in(text), _EMPTY.search(text)
    if empty is None:
        raise ValueError("no line on unused pools")
    empty_count, pool_bytes = map(int, empty.groups())
    classes = sorted(size_classes(text), key=lambda size: -size.free_bytes)
    return ArenaUse(arenas.count, arenas.held_bytes, empty_count * pool_bytes, tuple(classes))
