"""The line below pytest's own, on a writer that only notes what it is given."""

from dataclasses import dataclass, field
from io import StringIO

import pytest

from pytest_memopt.plugin.screen import Screen


@dataclass
class NotingWriter:
    """What pytest's terminal writer offers."""

    width_of_current_line: int = 0
    fullwidth: int = 80
    sent: list[str] = field(default_factory=list)
    _file: StringIO = field(default_factory=StringIO)

    def write_raw(self, text, *, flush=False):
        assert flush
        self.sent.append(text)


@pytest.mark.parametrize(("column", "back"), [(0, ""), (13, "\x1b[13C"), (80, ""), (93, "\x1b[13C")])
def test_the_cursor_is_set_back(column, back):
    """A line is shown below, replaced in its place, and erased; then the cursor is where it was, also in a wrapped line."""
    writer = NotingWriter(column)
    screen = Screen(writer)
    screen.remember()
    screen.show_below("one")
    screen.show_below("two")
    screen.erase()
    assert writer.sent == ["\none", "\r\x1b[Ktwo", f"\r\x1b[K\x1b[A\r{back}"]


def test_nothing_is_erased_that_was_not_shown():
    """A hunt that was over quickly leaves the terminal alone, before the first line and after the last."""
    writer = NotingWriter(3)
    screen = Screen(writer)
    screen.erase()
    screen.show_below("one")
    screen.erase()
    screen.erase()
    assert len(writer.sent) == 2
    assert screen.encoding is None
