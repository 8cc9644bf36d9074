"""The line that is shown while a hunt in another process is waited for."""

import io

import pytest

from pytest_memopt.cli.waiting_line import waiting_line


class Terminal(io.StringIO):
    """What somebody looks at."""

    encoding = "utf-8"

    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def width(monkeypatch):
    """A terminal of 80 columns that can move its cursor."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")


def test_each_telling_takes_the_place_of_the_one_before():
    """The target, the time and what is left of it stand in one line, which is erased in the end."""
    terminal = Terminal()
    with waiting_line("app:run", terminal) as tell:
        tell(1.0, 19.0)
        tell(2.0, 18.0)
    lines = terminal.getvalue().split("\r\x1b[K")
    assert lines == [
        "",
        "app:run  leak hunt, in a process of its own, 1.0 s, 19.0 s left",
        "app:run  leak hunt, in a process of its own, 2.0 s, 18.0 s left",
        "",
    ]


def test_the_line_goes_when_the_wait_is_broken_off():
    """Ctrl-C finds an empty line to go on in."""
    terminal = Terminal()

    def wait():
        with waiting_line("app:run", terminal) as tell:
            tell(1.0, 19.0)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        wait()
    assert terminal.getvalue().endswith("\r\x1b[K")


@pytest.mark.parametrize("out", [io.StringIO(), None])
def test_nothing_is_told_where_nobody_looks(out, monkeypatch):
    """A file, a pipe, or no stderr at all get nothing."""
    monkeypatch.setattr("sys.stderr", None)
    with waiting_line("app:run", out) as tell:
        assert tell is None
    assert out is None or out.getvalue() == ""


def test_a_terminal_that_cannot_erase_gets_nothing(monkeypatch):
    """What a dumb terminal shows stays there."""
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    with waiting_line("app:run", terminal) as tell:
        assert tell is None
    assert terminal.getvalue() == ""
