"""A table of figures, names and notes that fits the terminal it is printed on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from .nodeids import shorten
from .text import Line, Span, Style, flow, line_width, spelt
from .typeface import Typeface, cell_width

_GAP: Final = "  "
_NAME_MIN: Final = 40
_NOTE_BETWEEN: Final = " · "


class Row(NamedTuple):
    """One row.

    Attributes:
        figures: the cells to the left of the name, as many as the table has headings for.
        name: what the row is about; the only cell that may be shortened.
        notes: what is to be said of it, piece by piece; may be empty.
        style: how the figures look.
    """

    figures: tuple[str, ...]
    name: str
    notes: tuple[Span, ...] = ()
    style: Style = Style.PLAIN


def table(headings: Sequence[str], rows: Sequence[Row], width: int, face: Typeface) -> list[Line]:
    """The rows under their headings: figures to the right, names to the left, notes behind or else below the names.

    Args:
        headings: one for each figure, then the name's.
        rows: what to show; none gives no lines at all.
        width: columns of the terminal.
        face: how text is spelt there.
    """
    if not rows:
        return []
    cells = [[face.spell(figure) for figure in row.figures] for row in rows]
    columns = list(zip(*cells, strict=True))
    widths = [
        max(cell_width(text) for text in (heading, *column))
        for heading, column in zip(headings[:-1], columns, strict=True)
    ]
    start = sum(widths) + len(widths) * len(_GAP)
    name_width, beside = _name_width(rows, width - start, face)
    lines: list[Line] = [(Span(_figures(headings[:-1], widths) + headings[-1], Style.FAINT),)]
    notes_start = start + len(_GAP) + (name_width if beside else 0)
    for row, figures in zip(rows, cells, strict=True):
        name = shorten(face.spell(row.name), name_width, face.ellipsis)
        head: Line = (Span(_figures(figures, widths), row.style), Span(name, _name_style(row.style)))
        notes = flow(spelt(row.notes, face), face.spell(_NOTE_BETWEEN), width - notes_start)
        if beside and notes:
            head = (*head, Span(" " * (notes_start - start - cell_width(name))), *notes.pop(0))
        lines += [head, *((Span(" " * notes_start), *note) for note in notes)]
    return lines


def _name_width(rows: Sequence[Row], room: int, face: Typeface) -> tuple[int, bool]:
    """How wide the names may be, and whether the notes have a column of their own beside them."""
    longest_name = max(cell_width(face.spell(row.name)) for row in rows)
    longest_note = max((line_width(spelt((note,), face)) for row in rows for note in row.notes), default=0)
    left = room - longest_note - len(_GAP)
    if left >= min(longest_name, _NAME_MIN):
        return min(longest_name, left), True
    return max(min(longest_name, room), 1), False


def _figures(figures: Sequence[str], widths: Sequence[int]) -> str:
    """The cells of one row, each aligned to the right."""
    return "".join(" " * (width - cell_width(text)) + text + _GAP for text, width in zip(figures, widths, strict=True))


def _name_style(style: Style) -> Style:
    """The names of rows that stand out are strong, not coloured: the colour belongs to the figures."""
    return Style.PLAIN if style is Style.PLAIN else Style.STRONG
