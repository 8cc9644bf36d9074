"""Characters for streams that may not have them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.report.typeface import Typeface, cell_width

ENCODINGS = ["utf-8", "ascii", "cp1252", "cp437", "latin-1", "utf-16", "no-such-encoding", "", None]


def test_a_rich_encoding_keeps_every_character() -> None:
    """Where the stream can show it, nothing is replaced."""
    assert Typeface.for_encoding("utf-8").spell("≈ 84 → 131 · ▁█ …") == "≈ 84 → 131 · ▁█ …"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", None, "no-such-encoding"])
def test_a_poor_encoding_gets_plain_ones(encoding: str | None) -> None:
    """Each fancy character has an ASCII equivalent, also those that the encoding happens to have."""
    assert Typeface.for_encoding(encoding).spell("≈ 84 → 131 · ▁▂▃▄▅▆▇█ …") == "~ 84 -> 131 | _.-:=+*# ..."


def test_foreign_characters_become_escapes() -> None:
    """A name that the stream can't encode is still told apart from others."""
    assert Typeface.for_encoding("ascii").spell("test_é") == r"test_\xe9"
    assert Typeface.for_encoding("cp1252").spell("test_é") == "test_é"


def test_lone_surrogates_become_escapes() -> None:
    """A file name that is not text can't break the summary, not even in UTF-8."""
    assert Typeface.for_encoding("utf-8").spell("test_\udc80") == r"test_\udc80"


def test_text_stays_on_one_line() -> None:
    """Line ends become blanks, and control characters can't reach the terminal."""
    assert Typeface.for_encoding("utf-8").spell("a\nb\x1b[31m") == r"a b\x1b[31m"


@given(text=st.text(st.characters()), encoding=st.sampled_from(ENCODINGS))
def test_what_is_spelt_can_be_encoded(text: str, encoding: str | None) -> None:
    """Whatever the text, the stream can take it, and it is one line."""
    face = Typeface.for_encoding(encoding)
    spelt = face.spell(text)
    assert spelt.encode(face.encoding).decode(face.encoding) == spelt
    assert len(spelt.splitlines()) <= 1


def test_wide_and_combining_characters_take_their_columns() -> None:
    """Width is counted in columns of the terminal, not in characters."""
    assert cell_width("abc") == 3
    assert cell_width("日本") == 4
    assert cell_width("e\u0301") == 1
