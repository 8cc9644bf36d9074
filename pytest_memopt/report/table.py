"""A table of figures, names and notes that fits the terminal it is printed on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from typing import Final, NamedTuple

from .text import Line, Span, Style, flow, spelt
from .typeface import Typeface, cell_width

_GAP: Final = "  "
_NOTE_MIN: Final = 20
_NOTE_COMFORT: Final = 40
_NOTE_BETWEEN: Final = " · "


class Row(NamedTuple):
    """One row.

    Attributes:
        figures: the cells to the left of the name, as many as the table has headings for.
        name: what the row is about; never cut.
        notes: what is to be said of it, piece by piece; may be empty.
        style: how the figures look.
    """

    figures: tuple[str, ...]
    name: str
    notes: tuple[Span, ...] = ()
    style: Style = Style.PLAIN


def table(headings: Sequence[str], rows: Sequence[Row], width: int, face: Typeface) -> list[Line]:
    """The rows under their headings: figures to the right, names to the left, notes behind or else below the names.

    A name is never cut, as it is copied to run that test again. Where one doesn't fit beside its figures all stand above
    theirs, at the margin, and the notes beside the figures; a name that is wider than the terminal runs over.

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
    room = width - sum(widths) - len(widths) * len(_GAP)
    figures = [Span(_figures(texts, widths), row.style) for texts, row in zip(cells, rows, strict=True)]
    names = [Span(face.spell(row.name), _name_style(row.style)) for row in rows]
    notes = [spelt(row.notes, face) for row in rows]
    is_beside = max(cell_width(name.text) for name in names) <= room
    heading = _figures(headings[:-1], widths) + (headings[-1] if is_beside else "")
    lay_out = _names_beside if is_beside else _names_above
    return [(Span(heading, Style.FAINT),), *lay_out(figures, names, notes, room, face)]


def _names_beside(
    figures: Sequence[Span], names: Sequence[Span], notes: Sequence[Line], room: int, face: Typeface
) -> Iterator[Line]:
    """The names behind the figures, and the notes in a column behind the names, or else below."""
    name_width = max(cell_width(name.text) for name in names)
    longest_note = max((cell_width(note.text) for pieces in notes for note in pieces), default=0)
    is_beside = name_width + len(_GAP) + longest_note <= room
    indent = len(_GAP) + (name_width if is_beside else 0)
    for figure, name, pieces in zip(figures, names, notes, strict=True):
        told = _indented(pieces, cell_width(figure.text) + indent, room - indent, face)
        filling = Span(" " * (indent - cell_width(name.text)))
        first = (filling, *told.pop(0)[1:]) if told and is_beside else ()
        yield (figure, name, *first)
        yield from told


def _names_above(
    figures: Sequence[Span], names: Sequence[Span], notes: Sequence[Line], room: int, face: Typeface
) -> Iterator[Line]:
    """Each name on a line of its own, and its notes behind its figures."""
    for figure, name, pieces in zip(figures, names, notes, strict=True):
        told = _indented(pieces, cell_width(figure.text), room, face)
        is_behind = told and cell_width(told[0][0].text) == cell_width(figure.text)
        yield (name,)
        yield (figure, *(told.pop(0)[1:] if is_behind else ()))
        yield from told


def _indented(notes: Line, start: int, room: int, face: Typeface) -> list[Line]:
    """The notes as a column of ``room`` columns from ``start`` on; from the margin on where that is too narrow to be read."""
    longest = max((cell_width(note.text) for note in notes), default=0)
    if room < min(longest, _NOTE_COMFORT):
        start, room = len(_GAP), start + room - len(_GAP)
    return [(Span(" " * start), *line) for line in _told(notes, room, face)]


def _told(notes: Line, width: int, face: Typeface) -> list[Line]:
    """The notes on lines of at most ``width`` columns, as far as their words allow."""
    pieces = [
        note._replace(text=part)
        for note in notes
        for part in wrap(note.text, max(width, _NOTE_MIN), break_long_words=False, break_on_hyphens=False)
    ]
    return flow(pieces, face.spell(_NOTE_BETWEEN), width)


def _figures(figures: Sequence[str], widths: Sequence[int]) -> str:
    """The cells of one row, each aligned to the right."""
    return "".join(" " * (width - cell_width(text)) + text + _GAP for text, width in zip(figures, widths, strict=True))


def _name_style(style: Style) -> Style:
    """The names of rows that stand out are strong, not coloured: the colour belongs to the figures."""
    return Style.PLAIN if style is Style.PLAIN else Style.STRONG
