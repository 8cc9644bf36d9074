"""Styled lines of text: values that say how they look, and the one place that writes them to a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Final, NamedTuple, Protocol

from .typeface import Typeface, cell_width


class TextOut(Protocol):
    """A terminal as pytest's own writer offers it: text with markup, which it leaves out where there is no colour.

    Attributes:
        encoding: the stream's; ``None`` where it has none.
    """

    @property
    def encoding(self) -> str | None:
        """The stream's encoding."""
        ...

    def write(self, text: str, **markup: bool) -> None:
        """Write ``text`` as it is; markup is ``red=True``, ``bold=True`` and so on."""
        ...

    def line(self, text: str = "", **markup: bool) -> None:
        """Write ``text`` and end the line."""
        ...


class Style(Enum):
    """What a piece of text means, hence how it looks."""

    PLAIN = "plain"
    STRONG = "strong"
    FAINT = "faint"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


MARKUP: Final[Mapping[Style, Mapping[str, bool]]] = {
    Style.PLAIN: {},
    Style.STRONG: {"bold": True},
    Style.FAINT: {"light": True},
    Style.GOOD: {"green": True},
    Style.WARN: {"yellow": True},
    Style.BAD: {"red": True, "bold": True},
}


class Span(NamedTuple):
    """A piece of a line.

    Attributes:
        text: what it says, in any characters: it is spelt for the stream when it is laid out.
        style: what it means.
    """

    text: str
    style: Style = Style.PLAIN


Line = tuple[Span, ...]


def spelt(spans: Iterable[Span], face: Typeface) -> Line:
    """The same spans in characters that the stream has."""
    return tuple(span._replace(text=face.spell(span.text)) for span in spans)


def line_width(line: Line) -> int:
    """How many columns of a terminal the line takes."""
    return sum(cell_width(span.text) for span in line)


def flow(pieces: Sequence[Span], between: str, width: int, indent: str = "") -> list[Line]:
    """The pieces in reading order on as few lines as hold them, ``between`` them on a line, ``indent`` on later lines.

    A piece that is wider than a line stands alone and runs over: text is never cut.
    """
    lines: list[Line] = []
    current: Line = ()
    for piece in pieces:
        longer = (*current, Span(between), piece) if current else (*_indentation(indent, lines), piece)
        if current and line_width(longer) > width:
            lines.append(current)
            longer = (*_indentation(indent, lines), piece)
        current = longer
    return [*lines, current] if current else lines


def write_line(out: TextOut, line: Line) -> None:
    """Write one line to the terminal, without the blanks at its end."""
    last = len(line) - 1
    for index, span in enumerate(line):
        text = span.text.rstrip(" ") if index == last else span.text
        if text:
            out.write(text, **MARKUP[span.style])
    out.line()


def _indentation(indent: str, lines: Sequence[Line]) -> Line:
    """What a line begins with: nothing on the first."""
    return (Span(indent),) if indent and lines else ()
