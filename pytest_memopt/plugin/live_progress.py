"""Memory while the tests run: a line below pytest's progress in a terminal, now and then a line in a log."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any, Final, Protocol

import pytest

from ..report.live_line import live_line, live_report
from ..report.suite_slope import slope_inside
from ..report.summary import SuiteTrend
from ..report.typeface import Typeface
from .run_ledger import RunLedger
from .screen import Screen, screen_of, tests_write_to_terminal

PAINT_EVERY_S = 0.25
TELL_EVERY_S = 30.0
SLOPE_EVERY_S = 10.0
SLOPE_POINTS: Final = 40
_VERY_QUIET: Final = -2
_PAST_CAPTURING: Final = frozenset({"capfd", "capfdbinary", "capsys", "capsysbinary", "capteesys"})
_REPORTERS_HOME: Final = "_pytest.terminal"


class Memory:
    """What is to be told of memory at this moment; looks no more often than its reader is able to."""

    def __init__(self, ledger: RunLedger) -> None:
        self._ledger = ledger
        self._trend = SuiteTrend()
        self._trend_at_s = 0.0

    def line(self, width: int, face: Typeface, now_s: float, spell: Callable[..., str]) -> str:
        """The figures of now in one line of less than ``width`` columns."""
        if now_s - self._trend_at_s >= SLOPE_EVERY_S:
            self._trend_at_s = now_s
            self._trend = slope_inside(self._ledger.workers(), SLOPE_POINTS)
        return spell(self._ledger.standing(), self._trend, width, face)


class Display(Protocol):
    """Where memory is shown."""

    def show(self, now_s: float) -> None:
        """A test begins or is over: show what is known, if it is time."""
        ...

    def give_way(self) -> None:
        """A test begins that may write to the terminal itself."""
        ...

    def end(self) -> None:
        """Leave the terminal as it would be without."""
        ...


class PaintedLine:
    """A line below pytest's, which is never part of what stays."""

    def __init__(self, memory: Memory, screen: Screen) -> None:
        self._memory = memory
        self._screen = screen
        self._face = Typeface.for_encoding(screen.encoding)
        self._text = ""
        self._text_at_s = float("-inf")
        screen.make_way()

    def show(self, now_s: float) -> None:
        """Paint the line if it is not there; look for new figures a few times a second."""
        screen = self._screen
        is_due = now_s - self._text_at_s >= PAINT_EVERY_S
        if screen.is_shown and not is_due:
            return
        screen.remember()
        if is_due:
            self._text_at_s = now_s
            self._text = self._memory.line(screen.width, self._face, now_s, live_line)
        if self._text:
            screen.show_below(self._text)

    def give_way(self) -> None:
        """Take the line away until the test is over."""
        self._screen.erase()

    def end(self) -> None:
        """Take the line away for good."""
        self._screen.stand_alone()


class ToldLine:
    """A line of its own now and then, where nothing can be erased."""

    def __init__(self, memory: Memory, reporter: Any, now_s: float) -> None:
        self._memory = memory
        self._reporter = reporter
        self._told_at_s = now_s
        self._writer = reporter._tw  # noqa: SLF001
        self._width: int = self._writer.fullwidth
        self._face = Typeface.for_encoding(getattr(self._writer._file, "encoding", None))  # noqa: SLF001

    def show(self, now_s: float) -> None:
        """Tell the figures twice a minute."""
        if now_s - self._told_at_s < TELL_EVERY_S:
            return
        self._told_at_s = now_s
        if text := self._memory.line(self._width, self._face, now_s, live_report):
            self._reporter.ensure_newline()
            if (
                self._writer.width_of_current_line
            ):  # the letters of xdist's workers, which pytest takes for none of its own
                self._writer.line()
            self._reporter.write_line(text)

    def give_way(self) -> None:
        """What was told stays."""

    def end(self) -> None:
        """What was told stays."""


class LiveProgress:
    """Registered in the process that talks to the user: it shows memory when pytest has written its own."""

    def __init__(self, config: pytest.Config, ledger: RunLedger, clock: Callable[[], float] = monotonic) -> None:
        self._config = config
        self._ledger = ledger
        self._clock = clock
        self._display: Display | None = None
        self._may_write = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        """The tests begin: by now it is decided who reports on them, and where to."""
        self._display = display_of(self._config, Memory(self._ledger), self._clock())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        """Look whether the test may go past the capturing: what it prints then would meet the line."""
        self._may_write = not _PAST_CAPTURING.isdisjoint(getattr(item, "fixturenames", ()))

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logstart(self) -> None:
        """A test begins: what is shown now stays while it runs."""
        if self._may_write and self._display is not None:
            self._display.give_way()
        else:
            self._show()

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self) -> None:
        """A test is over; with workers the next may begin much later."""
        self._show()

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """No test runs any more."""
        if self._display is not None:
            self._display.end()

    def _show(self) -> None:
        if self._display is not None:
            self._display.show(self._clock())


def display_of(config: pytest.Config, memory: Memory, now_s: float) -> Display | None:
    """Where memory is shown; ``None`` where nobody would see it, or where another plugin draws the progress."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if type(reporter).__module__ != _REPORTERS_HOME or config.get_verbosity() <= _VERY_QUIET:
        return None
    screen = screen_of(config)
    if screen is None or tests_write_to_terminal(config):
        return ToldLine(memory, reporter, now_s)
    return PaintedLine(memory, screen)
