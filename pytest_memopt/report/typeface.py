"""What a stream can show: fancy characters where its encoding has them, ASCII in their place where not."""

from __future__ import annotations

import unicodedata
from typing import Final, NamedTuple

from .sparkline import BLOCKS

_ELLIPSIS: Final = "…"
_PLAIN: Final = {
    "≈": "~",
    "→": "->",
    "·": "|",
    "≤": "<=",
    "×": "x",
    "µ": "u",
    _ELLIPSIS: "...",
    **dict(zip(BLOCKS, "_.-:=+*#", strict=True)),
}
_TO_PLAIN: Final = str.maketrans(_PLAIN)


class Typeface(NamedTuple):
    """How text is spelt on one stream.

    Attributes:
        encoding: the stream's.
        fancy: whether that encoding has all the characters that our reports are drawn with.
    """

    encoding: str
    fancy: bool

    @classmethod
    def for_encoding(cls, encoding: str | None) -> Typeface:
        """The typeface of a stream with this encoding; an unknown one, or ``None``, is taken for ASCII."""
        try:
            "".join(_PLAIN).encode(encoding or "ascii")
        except UnicodeEncodeError:
            return cls(encoding or "ascii", fancy=False)
        except LookupError:
            return cls("ascii", fancy=False)
        return cls(encoding or "ascii", fancy=True)

    @property
    def ellipsis(self) -> str:
        """The mark of what was left out."""
        return _ELLIPSIS if self.fancy else _PLAIN[_ELLIPSIS]

    def spell(self, text: str) -> str:
        """``text`` in characters that the stream can encode, on one line; what it has not as escapes."""
        if text.isascii() and text.isprintable():
            return text
        known = text if self.fancy else text.translate(_TO_PLAIN)
        visible = "".join(char if char.isprintable() or char == " " else _escaped(char) for char in known)
        return visible.encode(self.encoding, "backslashreplace").decode(self.encoding)


def cell_width(text: str) -> int:
    """How many columns of a terminal ``text`` takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _escaped(char: str) -> str:
    """A control character as people write it; each kind of space and line end as one space."""
    return " " if char.isspace() else char.encode("unicode_escape").decode("ascii")
