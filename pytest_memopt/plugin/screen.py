"""The terminal that pytest writes to, for a line that is erased again."""

from __future__ import annotations

import os
from typing import Any, Final

import pytest

_DOWN: Final = "\n"
_ERASE: Final = "\r\x1b[K"
_BACK: Final = "\x1b[A\r"


class Screen:
    """A terminal on which the cursor moves: pytest's line, and one below it that comes and goes.

    Attributes:
        width: columns, when it was made.
        encoding: of the stream; ``None`` where it has none.
    """

    def __init__(self, writer: Any) -> None:
        self._writer = writer
        self._column = 0
        self._is_shown = False
        self.width: int = writer.fullwidth
        self.encoding: str | None = getattr(writer._file, "encoding", None)  # noqa: SLF001

    def remember(self) -> None:
        """Note where pytest goes on, ahead of time: its writer remembers the width of each character it looks at."""
        self._column = int(self._writer.width_of_current_line) % max(self.width, 1)

    def show_below(self, text: str) -> None:
        """Show ``text`` below pytest's line, in the place of what was shown there before."""
        self._send(f"{_ERASE if self._is_shown else _DOWN}{text}")
        self._is_shown = True

    def erase(self) -> None:
        """Take what is shown away, and set the cursor where pytest goes on."""
        if self._is_shown:
            self._is_shown = False
            right = f"\x1b[{self._column}C" if self._column else ""
            self._send(f"{_ERASE}{_BACK}{right}")

    def _send(self, text: str) -> None:
        # as it is: the writer's own account of its line must not change, and would grow with each call
        self._writer.write_raw(text, flush=True)


def screen_of(config: pytest.Config) -> Screen | None:
    """The terminal that pytest writes to; ``None`` where it is a pipe or a file, can't erase, or is no one's (a worker)."""
    writer = getattr(config.pluginmanager.get_plugin("terminalreporter"), "_tw", None)
    is_terminal = getattr(getattr(writer, "_file", None), "isatty", None)
    if is_terminal is None or not is_terminal() or os.environ.get("TERM") == "dumb":
        return None
    return Screen(writer)


def tests_write_to_terminal(config: pytest.Config) -> bool:
    """Whether what tests print or log reaches the terminal while they run: without capturing, or with live logs."""
    logs_live = getattr(config.pluginmanager.get_plugin("logging-plugin"), "_log_cli_enabled", None)
    return config.getoption("capture", default="no") != "fd" or (logs_live is not None and bool(logs_live()))
