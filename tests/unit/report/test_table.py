"""Tables that fit the terminal."""

from __future__ import annotations

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


def test_ascii_tables_are_aligned_too() -> None:
    """Equivalents that are wider than what they stand for are counted with their own width."""
    long = Row(("≈+1.0 MiB", "2"), "tests/integration/test_storage.py::test_one", (Span("a → b"), Span("c")))
    assert drawn([long], 50, PLAIN) == [
        "   growth  objects  test",
        "~+1.0 MiB        2  tests/i...storage.py::test_one",
        "                      a -> b | c",
    ]


def test_without_rows_there_is_no_table() -> None:
    """Headings alone would be noise."""
    assert drawn([], 80) == []


def test_the_colour_belongs_to_the_figures() -> None:
    """A row that stands out has coloured figures and a strong name."""
    _, line = table(["growth", "test"], [Row(("1 B",), "t", (), Style.BAD)], 80, FANCY)
    assert [span.style for span in line] == [Style.BAD, Style.STRONG]


FIGURE = st.text("0123456789.+ ", max_size=9)
NOTES = st.lists(st.builds(Span, st.text("abc →≈", max_size=20)), max_size=3).map(tuple)
ROW = st.builds(Row, st.tuples(FIGURE, FIGURE), st.text(), NOTES)


@given(
    rows=st.lists(ROW, max_size=5), width=st.integers(min_value=60, max_value=160), face=st.sampled_from([FANCY, PLAIN])
)
def test_rows_never_run_over(rows: list[Row], width: int, face: Typeface) -> None:
    """Whatever the tests are called, in whatever script, no line is wider than the terminal."""
    assert all(line_width(line) <= width for line in table(["growth", "objects", "test"], rows, width, face))
