"""The line that is painted while a program runs."""

import io
import sys

import pytest

from pytest_memopt.cli.programs import live_line as module
from pytest_memopt.cli.programs.live_line import LiveLine, MakingRoom, live_line

ERASE = "\r\x1b[K"


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture
def line():
    """A line of 11 columns that is never painted by itself."""
    return LiveLine(Terminal(), lambda: "0123456789abc", 11, interval_s=3600)


def test_the_line_is_painted_over_itself(line):
    """Each time it begins at the left, and it never fills the last column."""
    line.paint()
    line.paint()
    assert line._out.getvalue() == f"{ERASE}0123456789" * 2


def test_the_line_makes_room_for_what_the_program_writes(line):
    """It is erased before, and comes back when the program's line is finished."""
    out = Terminal()
    line.paint()
    assert line.pass_on(out, "part") == 4
    line.paint()
    assert line._out.getvalue() == f"{ERASE}0123456789{ERASE}"
    line.pass_on(out, " whole\n")
    line.pass_on(out, "")
    line.paint()
    assert line._out.getvalue().endswith(f"{ERASE}{ERASE}0123456789")
    assert out.getvalue() == "part whole\n"


def test_it_is_gone_when_it_is_over(line):
    """Stopping erases it; what comes later is just written, and nothing is painted."""
    line.start()
    line.paint()
    line.stop()
    assert line._out.getvalue().endswith(ERASE)
    painted = line._out.getvalue()
    line.paint()
    line.stop()
    out = Terminal()
    line.pass_on(out, "x")
    assert (out.getvalue(), line._out.getvalue()) == ("x", painted)


def test_it_paints_by_itself_until_the_terminal_is_gone():
    """The thread draws at each interval; an error of the terminal ends it, not the program."""
    drawn = []

    def draw():
        drawn.append(1)
        if len(drawn) == 3:
            raise OSError(5, "Input/output error")
        return "x"

    line = LiveLine(Terminal(), draw, 80, interval_s=0.0001)
    line.start()
    line._thread.join()
    line.stop()
    assert drawn == [1, 1, 1]
    assert line._out.getvalue() == f"{ERASE}x" * 2


def test_a_forked_child_leaves_it_alone(line, monkeypatch):
    """Its lock may be held there for ever, and the line is the parent's."""
    line.start()
    line.paint()
    monkeypatch.setattr(module.os, "getpid", lambda: -1)
    out = Terminal()
    with line._lock:
        assert line.pass_on(out, "child") == 5
    line.stop()
    assert line._thread is not None
    monkeypatch.undo()
    line.stop()
    assert line._thread is None


def test_the_streams_hand_on_all_else(line):
    """Only writing is different: the rest is the stream's own."""
    out = Terminal()
    stream = MakingRoom(out, line)
    stream.writelines(["a\n", "b\n"])
    assert stream.getvalue() == "a\nb\n"
    assert stream.isatty()
    assert stream.encoding == "utf-8"


@pytest.mark.parametrize("out", [Terminal(), io.StringIO()])
def test_both_streams_make_room_where_both_are_terminals(out, monkeypatch):
    """A stdout that goes elsewhere is left as it is; afterwards both are as before."""
    err = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "80")
    with live_line(lambda: "x"):
        assert isinstance(sys.stderr, MakingRoom)
        assert isinstance(sys.stdout, MakingRoom) == out.isatty()
        kept = sys.stderr
    assert (sys.stdout, sys.stderr) == (out, err)
    kept.write("later")
    assert err.getvalue().endswith("later")


@pytest.mark.parametrize("case", ["pipe", "dumb", "none", "closed"])
def test_without_a_terminal_nothing_happens(case, monkeypatch):
    """On a pipe, a terminal that can't erase, or no stream at all, there is no line and nothing is touched."""
    stream = {"pipe": io.StringIO(), "dumb": Terminal(), "none": None, "closed": io.StringIO()}[case]
    if case == "closed":
        stream.close()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setenv("TERM", "dumb" if case == "dumb" else "xterm")
    with live_line(lambda: pytest.fail("nobody sees it")):
        assert sys.stderr is stream
