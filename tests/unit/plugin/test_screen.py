"""The line below pytest's own, on a writer that only notes what it is given."""

import os

import pytest

from pytest_memopt.plugin import screen as module
from pytest_memopt.plugin.screen import Screen, screen_of
from tests.unit.plugin.terminals import ERASE, Configuration, NotingWriter, painted, reporter_on


def screen_at(column):
    """A screen on which pytest stands in this column, and what it was given."""
    writer = NotingWriter(column)
    screen = Screen(writer)
    screen.remember()
    return screen, writer, writer._file.sent


@pytest.mark.parametrize("column", [0, 13, 79, 93])
def test_the_cursor_stays(column):
    """A line is shown below, replaced in its place, and erased, from wherever pytest stands."""
    screen, _, sent = screen_at(column)
    screen.show_below("one")
    screen.show_below("two")
    assert screen.is_shown
    screen.erase()
    assert not screen.is_shown
    assert sent == [painted("one"), painted("two"), ERASE]


@pytest.mark.parametrize("column", [80, 160])
def test_nothing_is_shown_below_a_full_line(column):
    """Behind its last column a terminal waits, in a state that moving the cursor would end."""
    screen, _, sent = screen_at(column)
    screen.show_below("one")
    assert (screen.is_shown, sent) == (False, [])


def test_nothing_is_erased_that_was_not_shown():
    """A hunt that was over quickly leaves the terminal alone, before the first line and after the last."""
    screen, _, sent = screen_at(3)
    screen.erase()
    screen.show_below("one")
    screen.erase()
    screen.erase()
    assert len(sent) == 2
    assert screen.encoding == "utf-8"


@pytest.mark.parametrize("text", ["\n", "one\ntwo", "\r.", "x" * 67, "\x1b[32m" + "x" * 67 + "\x1b[0m", "世" * 34])
def test_pytest_finds_the_place_empty(text):
    """What begins another line, or wraps into it, is written when nothing is shown there any more."""
    screen, writer, sent = screen_at(13)
    screen.make_way()
    screen.show_below("one")
    writer.write(text)
    assert sent == [painted("one"), ERASE, text]
    assert not screen.is_shown
    writer.write(text)
    assert sent[3:] == [text]


@pytest.mark.parametrize("text", [".", "\x1b[32m" + "x" * 66 + "\x1b[0m", "世" * 33, "\x1b]9;4;1;100\x1b\\" * 9])
def test_what_stays_on_the_line_erases_nothing(text):
    """A letter for one more test leaves the line below as it is; colours and the like take no room."""
    screen, writer, sent = screen_at(13)
    screen.make_way()
    screen.make_way()
    screen.show_below("one")
    writer.write(text)
    assert sent == [painted("one"), text]
    assert screen.is_shown


def test_the_stream_is_given_back():
    """In the end pytest writes as before, to the very stream it had; whoever asks the stream meanwhile is answered."""
    screen, writer, sent = screen_at(0)
    stream = writer._file
    screen.make_way()
    assert writer._file.encoding == "utf-8"
    screen.show_below("one")
    screen.stand_alone()
    screen.stand_alone()
    assert writer._file is stream
    assert sent == [painted("one"), ERASE]


@pytest.mark.parametrize(("believed", "real", "width"), [(80, 24, 24), (80, 100, 80), (80, 0, 80), (80, None, 80)])
def test_a_narrow_terminal_is_as_narrow_as_it_is(monkeypatch, believed, real, width):
    """Pytest takes a terminal of less than 40 columns for one of 80, in which a line would wrap."""

    def size(_):
        if real is None:
            raise OSError
        return os.terminal_size((real, 50))

    monkeypatch.setattr(module.os, "get_terminal_size", size)
    assert Screen(NotingWriter(fullwidth=believed)).width == width


def test_one_terminal_is_one_screen(monkeypatch):
    """A hunt's line and that of memory are told apart by nobody: both know whether something is shown."""
    monkeypatch.setenv("TERM", "xterm")
    config = Configuration({"terminalreporter": reporter_on(NotingWriter())})
    screen = screen_of(config)
    assert screen is not None
    assert screen_of(config) is screen


def test_what_is_no_terminal_has_no_screen(monkeypatch):
    """A pipe, a terminal that can't erase, and a worker, which has no reporter."""
    monkeypatch.setenv("TERM", "xterm")
    piped = NotingWriter()
    monkeypatch.setattr(piped._file, "isatty", lambda: False)
    assert screen_of(Configuration({"terminalreporter": reporter_on(piped)})) is None
    assert screen_of(Configuration({})) is None
    monkeypatch.setenv("TERM", "dumb")
    assert screen_of(Configuration({"terminalreporter": reporter_on(NotingWriter())})) is None
