"""Tables that fit the terminal."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.report.table import Row, table
from pytest_memopt.report.text import Span, Style, line_width
from pytest_memopt.report.typeface import Typeface

FANCY, PLAIN = Typeface.for_encoding("utf-8"), Typeface.for_encoding("ascii")
NOTED = Row(("+1.0 MiB", "2"), "tests/test_a.py::test_one", (Span("first note"), Span("second")))
QUIET = Row(("0 B", "+30 012"), "tests/test_b.py::test_other_one")


def drawn(rows: list[Row], width: int, face: Typeface = FANCY) -> list[str]:
    """The table as text."""
    lines = table(["growth", "objects", "test"], rows, width, face)
    return ["".join(span.text for span in line).rstrip() for line in lines]


def test_a_wide_terminal_has_the_notes_beside_the_names() -> None:
    """Figures stand to the right of their column, notes in one column behind the longest name."""
    assert drawn([NOTED, QUIET], 80) == [
        "  growth  objects  test",
        "+1.0 MiB        2  tests/test_a.py::test_one        first note · second",
        "     0 B  +30 012  tests/test_b.py::test_other_one",
    ]


def test_notes_that_need_more_lines_stay_in_their_column() -> None:
    """A note is broken between its pieces."""
    assert drawn([NOTED, QUIET], 64)[1:3] == [
        "+1.0 MiB        2  tests/test_a.py::test_one        first note",
        "                                                    second",
    ]


def test_a_narrow_terminal_has_the_notes_below() -> None:
    """Names keep their width, and notes are set in under them."""
    assert drawn([NOTED, QUIET], 52) == [
        "  growth  objects  test",
        "+1.0 MiB        2  tests/test_a.py::test_one",
        "                     first note · second",
        "     0 B  +30 012  tests/test_b.py::test_other_one",
    ]


def test_names_that_do_not_fit_stand_above_their_figures() -> None:
    """They are whole, so that they can be copied, and the notes have their place."""
    assert drawn([NOTED, QUIET], 48) == [
        "  growth  objects",
        "tests/test_a.py::test_one",
        "+1.0 MiB        2  first note · second",
        "tests/test_b.py::test_other_one",
        "     0 B  +30 012",
    ]


@pytest.mark.parametrize("name", ["a.py", "tests/unit/test_that_is_long.py::test_one"])
def test_notes_without_room_begin_at_the_margin(name: str) -> None:
    """A column of a few words a line is hard to read: from the margin on there is room."""
    reason = "lending, waiting included, takes longer"
    lines = drawn([Row(("0 B", "2"), name, (Span(reason),))], 44)
    assert lines[-1] == f"  {reason}"
    assert name in "\n".join(lines)


@pytest.mark.parametrize("width", [48, 80])
def test_a_long_note_is_broken_between_its_words(width: int) -> None:
    """It stays in its column, behind the figures or below the name, and none of it is lost."""
    reason = "exempt by its mark as the allocator is what is tested and nothing else is looked at here"
    _, *lines = drawn([Row(("0 B", "2"), QUIET.name, (Span(reason),))], width)
    assert max(map(len, lines)) <= width
    notes = "\n".join(lines).replace(QUIET.name, "").replace("0 B        2", "")
    assert " ".join(notes.split()) == reason
    assert len({len(line) - len(line.lstrip()) for line in lines[2:]}) == 1


def test_ascii_tables_are_aligned_too() -> None:
    """Equivalents that are wider than what they stand for are counted with their own width."""
    short = Row(("≈+1.0 MiB", "2"), "test_one.py::test_one", (Span("a → b"), Span("c")))
    assert drawn([short], 53, PLAIN) == [
        "   growth  objects  test",
        "~+1.0 MiB        2  test_one.py::test_one  a -> b | c",
    ]


def test_without_rows_there_is_no_table() -> None:
    """Headings alone would be noise."""
    assert drawn([], 80) == []


def test_the_colour_belongs_to_the_figures() -> None:
    """A row that stands out has coloured figures and a strong name."""
    _, line = table(["growth", "test"], [Row(("1 B",), "t", (), Style.BAD)], 80, FANCY)
    assert [span.style for span in line] == [Style.BAD, Style.STRONG]


FIGURE = st.text("0123456789.+ ", max_size=9)
NOTES = st.lists(st.builds(Span, st.text("abc ≈", max_size=20)), max_size=3).map(tuple)
ROW = st.builds(Row, st.tuples(FIGURE, FIGURE), st.text(), NOTES)


@given(
    rows=st.lists(ROW, max_size=5), width=st.integers(min_value=60, max_value=160), face=st.sampled_from([FANCY, PLAIN])
)
def test_only_a_name_runs_over(rows: list[Row], width: int, face: Typeface) -> None:
    """Whatever the tests are called, in whatever script, each name is whole, and no other line is wider than the terminal."""
    lines = table(["growth", "objects", "test"], rows, width, face)
    names = [face.spell(row.name) for row in rows]
    assert [line for line in lines if line_width(line) > width and not (len(line) == 1 and line[0].text in names)] == []
    texts = [span.text for line in lines for span in line]
    assert all(name in texts for name in names)
