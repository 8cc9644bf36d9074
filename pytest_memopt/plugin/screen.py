"""The terminal that pytest writes to, for a line below pytest's own that is erased again."""

from __future__ import annotations

import os
import re
from typing import Any, Final

import pytest

# a row below, also at the terminal's end; the column stays, as it would not with a line feed
_ROOM: Final = "\x1bD\x1b[A"
_SAVE: Final = "\x1b7"
_BELOW: Final = "\x1b[B\r\x1b[K"
_RESTORE: Final = "\x1b8"
_ERASE: Final = "\x1b[J"
_INVISIBLE: Final = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


class Screen:
    """A terminal with a line below pytest's that comes and goes.

    The cursor never stays there: whatever is written, by pytest or past it, goes on where pytest stopped.

    Attributes:
        width: columns, when it was last looked at.
        encoding: of the stream; ``None`` where it has none.
        is_shown: whether there is something below.
    """

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self._stream: Any = None
        self._room = 1
        self.width = _width_of(writer)
        self.encoding: str | None = getattr(writer._file, "encoding", None)  # noqa: SLF001
        self.is_shown = False

    def remember(self) -> None:
        """Note where pytest goes on, ahead of time: its writer remembers the width of each character it looks at."""
        self.width = _width_of(self._writer)
        column = int(self._writer.width_of_current_line)
        # behind the last column a terminal waits for the next character before it wraps, which no sequence would keep
        self._room = (-column % self.width if column else self.width) if self.width > 0 else 0

    def show_below(self, text: str) -> None:
        """Show ``text``, narrower than the terminal, below pytest's line, in the place of what was shown there before."""
        if self._room:
            self._send(f"{_ROOM}{_SAVE}{_BELOW}{text}{_RESTORE}")
            self.is_shown = True

    def erase(self) -> None:
        """Take what is shown away."""
        if self.is_shown:
            self.is_shown = False
            self._send(_ERASE)

    def make_way(self) -> None:
        """From now on erase what is shown, before pytest writes where it stands."""
        if self._stream is None:
            self._stream = self._writer._file  # noqa: SLF001 - all that pytest writes, whoever asks it to, goes there
            self._writer._file = _Watched(self._stream, self._clear_for)  # noqa: SLF001

    def stand_alone(self) -> None:
        """Erase what is shown, and leave pytest's stream as it was."""
        self.erase()
        if self._stream is not None:
            self._writer._file, self._stream = self._stream, None  # noqa: SLF001

    def _clear_for(self, text: str) -> None:
        if not self.is_shown:
            return
        visible = _INVISIBLE.sub("", text) if "\x1b" in text else text
        self._room -= len(visible) * (1 if visible.isascii() else 2)
        if self._room <= 0 or "\n" in text or "\r" in text:
            self.is_shown = False
            self._stream.write(_ERASE)

    def _send(self, text: str) -> None:
        # as it is: the writer's own account of its line must not change, and would grow with each call
        stream = self._stream or self._writer._file  # noqa: SLF001
        stream.write(text)
        stream.flush()


class _Watched:
    """A stream that tells what is about to be written."""

    def __init__(self, stream: Any, tell: Any) -> None:
        self._stream = stream
        self._tell = tell

    def write(self, text: str) -> Any:
        self._tell(text)
        return self._stream.write(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _width_of(writer: Any) -> int:
    """Columns of the terminal; pytest takes one of less than 40 for one of 80."""
    try:
        columns = os.get_terminal_size(writer._file.fileno()).columns  # noqa: SLF001
    except (AttributeError, OSError, ValueError):  # no terminal after all
        columns = 0
    believed: int = writer.fullwidth
    return min(columns or believed, believed)


SCREEN: pytest.StashKey[Screen] = pytest.StashKey()


def screen_of(config: pytest.Config) -> Screen | None:
    """The terminal that pytest writes to; ``None`` where it is a pipe or a file, can't erase, or is no one's (a worker)."""
    if SCREEN in config.stash:
        return config.stash[SCREEN]
    writer = getattr(config.pluginmanager.get_plugin("terminalreporter"), "_tw", None)
    is_terminal = getattr(getattr(writer, "_file", None), "isatty", None)
    if is_terminal is None or not is_terminal() or os.environ.get("TERM") == "dumb":
        return None
    return config.stash.setdefault(SCREEN, Screen(writer))


def tests_write_to_terminal(config: pytest.Config) -> bool:
    """Whether what tests print or log reaches the terminal while they run: without capturing, or with live logs."""
    logs_live = getattr(config.pluginmanager.get_plugin("logging-plugin"), "_log_cli_enabled", None)
    return config.getoption("capture", default="no") != "fd" or (logs_live is not None and bool(logs_live()))
