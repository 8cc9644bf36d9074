"""A line on the terminal that tells how a program does while it runs, and makes room for what the program writes."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any, Final, TextIO

from ...report.typeface import Typeface
from ..erasable_line import ERASE, is_terminal, terminal_width

_INTERVAL_S: Final = 0.25
THREAD_NAME: Final = "memopt-live"


class LiveLine:
    """Paints one line again and again in a thread; it is gone before the program writes, and when it is over.

    It isn't painted while a line of the program's is unfinished. What other processes, or C code, write to the same
    terminal it knows nothing of.
    """

    def __init__(self, out: TextIO, draw: Callable[[], str], width: int, interval_s: float = _INTERVAL_S) -> None:
        """Prepare to paint what ``draw`` gives on the terminal ``out``, ``width`` columns at most."""
        self._out = out
        self._draw = draw
        self._width = width
        self._interval_s = interval_s
        self._face = Typeface.for_encoding(out.encoding)
        self._pid = os.getpid()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        # the lock guards both, and what is written in between
        self._lock = threading.RLock()
        self._is_shown = False
        self._is_line_open = False

    def start(self) -> None:
        """Begin to paint."""
        self._thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Erase the line for good; nothing happens in a child that was forked."""
        if self._thread is None or self._pid != os.getpid():
            return
        self._stop.set()
        self._thread.join()
        self._thread = None
        self._erase()

    def paint(self) -> None:
        """Show the line as it is now, in the place of what was shown before."""
        text = self._face.spell(self._draw())[: self._width - 1]
        with self._lock:
            if not (self._is_line_open or self._stop.is_set()):
                self._send(f"{ERASE}{text}")
                self._is_shown = True

    def pass_on(self, stream: TextIO, text: str) -> int:
        """Write ``text`` to a stream of the program's, on a line of its own."""
        if self._stop.is_set() or self._pid != os.getpid():
            return stream.write(text)
        with self._lock:
            self._erase()
            if text:
                self._is_line_open = not text.endswith("\n")
            return stream.write(text)

    def _run(self) -> None:
        try:
            while not self._stop.wait(self._interval_s):
                self.paint()
        except (OSError, ValueError):  # the terminal is gone, or the program closed the stream
            self._is_shown = False

    def _erase(self) -> None:
        with self._lock:
            if self._is_shown:
                self._is_shown = False
                self._send(ERASE)

    def _send(self, text: str) -> None:
        self._out.write(text)
        self._out.flush()


class MakingRoom:
    """A stream of the program's, but for ``write``, which has the live line erased before."""

    def __init__(self, stream: TextIO, line: LiveLine) -> None:
        self._stream = stream
        self._line = line

    def write(self, text: str) -> int:
        """Write ``text``; how many characters that were."""
        return self._line.pass_on(self._stream, text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write one after the other."""
        for line in lines:
            self.write(line)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def live_line(draw: Callable[[], str]) -> Generator[None, None, None]:
    """Show what ``draw`` gives on stderr while it lasts, where that is a terminal that can erase; else nothing happens.

    A program may have kept the streams that it finds meanwhile: they go on to work, as those below them.
    """
    width = terminal_width(sys.stderr)
    if width is None:
        yield
        return
    line = LiveLine(sys.stderr, draw, width)
    out, err = sys.stdout, sys.stderr
    sys.stderr = MakingRoom(err, line)
    if is_terminal(out):
        sys.stdout = MakingRoom(out, line)
    line.start()
    try:
        yield
    finally:
        line.stop()
        sys.stdout, sys.stderr = out, err
