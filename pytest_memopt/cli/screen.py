"""Where the command's results go: tables and sentences that fit the terminal or pipe they are printed on."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from io import StringIO
from typing import TYPE_CHECKING, Any, Final, TextIO

from ..report.typeface import Typeface, cell_width

if TYPE_CHECKING:
    from rich.console import Console

_GAP: Final = 2
_SEAM: Final = re.compile(r"(?<=/)|(?<=::)|(?=\[)")
FORMAT: Final = 1
"""Number of the JSON documents' format."""


class Look(str, Enum):
    """How a line stands out where there is colour; the values are rich's styles."""

    PLAIN = ""
    STRONG = "bold"
    FAINT = "dim"
    BAD = "bold red"
    GOOD = "green"


class Kind(Enum):
    """What a column holds: figures stand right, words left; only a test's name may go on in the next line."""

    FIGURE = "figure"
    WORD = "word"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        heading: its title.
        kind: what it holds; only the last column may hold names.
    """

    heading: str
    kind: Kind = Kind.FIGURE


class Screen:
    """Writes to one stream."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._face = Typeface.for_encoding(out.encoding)

    def beside(self) -> Screen:
        """The screen for what is said beside a program whose stdout is its own: stderr."""
        return Screen(sys.stderr or StringIO())

    def line(self, text: str = "", look: Look = Look.PLAIN) -> None:
        """One line of text, wrapped at words."""
        self._console().print(self._face.spell(text), style=look.value or None)

    def table(self, columns: Sequence[Column], rows: Iterable[tuple[Look, Sequence[str]]]) -> None:
        """Rows under their headings, each with its look; names that are too long go on in the next line."""
        from rich.table import Table

        console = self._console()
        spelt = [(look, [self._face.spell(cell) for cell in cells]) for look, cells in rows]
        table = Table(box=None, pad_edge=False, padding=(0, _GAP, 0, 0), header_style="dim")
        taken = 0
        for place, column in enumerate(columns):
            if column.kind is Kind.NAME:
                table.add_column(column.heading, overflow="fold")
                continue
            table.add_column(column.heading, justify="right" if column.kind is Kind.FIGURE else "left", no_wrap=True)
            taken += max(cell_width(text) for text in (column.heading, *(cells[place] for _, cells in spelt))) + _GAP
        for look, cells in spelt:
            if columns[-1].kind is Kind.NAME:
                cells[-1] = _broken(cells[-1], console.width - taken)
            table.add_row(*cells, style=look.value or None)
        console.print(table)

    def listing(self, entries: Iterable[tuple[Look, str, str]]) -> None:
        """Texts behind their labels, a little to the right; what is too long goes on below its begin."""
        from rich.table import Table

        table = Table.grid(padding=(0, _GAP, 0, 0), pad_edge=False)
        table.add_column(no_wrap=True)
        table.add_column(no_wrap=True)
        table.add_column(overflow="fold")
        for look, label, text in entries:
            table.add_row("", self._face.spell(label), self._face.spell(text), style=look.value or None)
        self._console().print(table)

    def json(self, document: Mapping[str, Any]) -> None:
        """A JSON document with its format number, indented for people."""
        self._out.write(json.dumps({"format": FORMAT, **document}, indent=2) + "\n")

    def json_line(self, document: Mapping[str, Any]) -> None:
        """A JSON document on a line of its own."""
        self._out.write(json.dumps(document) + "\n")

    def _console(self) -> Console:
        from rich.console import Console

        return Console(file=self._out, markup=False, emoji=False, highlight=False)


def _broken(nodeid: str, width: int) -> str:
    """A long name of a test on several lines, broken where it has seams: folders, ``::``, parameters."""
    lines = [""]
    for piece in _SEAM.split(nodeid):
        if lines[-1] and cell_width(lines[-1] + piece) > width:
            lines.append("")
        lines[-1] += piece
    return "\n".join(lines)
