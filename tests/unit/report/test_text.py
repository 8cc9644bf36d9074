"""Styled lines and their flow."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.report.text import Span, Style, flow, line_width, write_line

WORD = st.text("abc", min_size=1, max_size=12)


def texts(pieces: list[str], width: int, indent: str = "") -> list[str]:
    """The flow of plain pieces, as text."""
    lines = flow([Span(piece) for piece in pieces], " · ", width, indent)
    return ["".join(span.text for span in line) for line in lines]


def test_pieces_share_a_line_as_long_as_they_fit() -> None:
    """A line is broken between pieces, never inside one."""
    assert texts(["aaa", "bbb", "ccc"], 9) == ["aaa · bbb", "ccc"]


def test_later_lines_are_indented() -> None:
    """The indent counts towards the width, and the first line has none."""
    assert texts(["aaa", "bbb", "cc", "d"], 6, "  ") == ["aaa", "  bbb", "  cc", "  d"]


def test_a_piece_wider_than_the_line_stands_alone() -> None:
    """Text runs over rather than being cut."""
    assert texts(["a", "bbbbbb", "c"], 4) == ["a", "bbbbbb", "c"]


def test_nothing_flows_into_nothing() -> None:
    """Without pieces there is no line."""
    assert texts([], 10) == []


@given(pieces=st.lists(WORD), width=st.integers(min_value=1, max_value=40))
def test_flow_keeps_every_piece_in_order(pieces: list[str], width: int) -> None:
    """Nothing is lost, and only a lone piece may be wider than the line."""
    lines = flow([Span(piece) for piece in pieces], " ", width)
    assert [span.text for line in lines for span in line if span.text != " "] == pieces
    assert all(line_width(line) <= width or len(line) == 1 for line in lines)


def test_a_line_is_written_with_its_markup_and_without_blanks_at_its_end(screen: Callable[..., Any]) -> None:
    """Each piece is marked for what it means; an empty piece is not written at all."""
    out = screen()
    write_line(out, (Span("over", Style.BAD), Span(""), Span(" the limit  ")))
    assert out.text == "over the limit\n"
    assert out.marked == [
        ("over", frozenset({"red", "bold"})),
        (" the limit", frozenset()),
        ("\n", frozenset()),
    ]
