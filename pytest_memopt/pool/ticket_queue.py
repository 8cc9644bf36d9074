"""A queue of tickets that all processes of a machine draw from: first come, first served."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Final

from .lock_file import LockFile, is_locked

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

_NUMBER: Final = "{:012d}"


class Ticket:
    """A place in a queue: a file, locked for as long as its process waits.

    The one who doesn't wait any more, for whatever reason, has a ticket that isn't locked, and stands in nobody's way.
    """

    def __init__(self, file: LockFile, before: list[Path]) -> None:
        self._file = file
        self._before = before

    def count_before(self) -> int:
        """How many wait before this one, at most: one that was killed counts until its turn would have come.

        It is 0 only when it is this one's turn, and never rises.

        Raises:
            OSError: when the tickets can't be read.
        """
        self._before = [path for path in self._before if path.exists()]
        while self._before and not is_locked(self._before[-1]):
            _remove(self._before.pop())
        return len(self._before)

    def give_up(self) -> None:
        """Leave the queue, whether served or not; those behind move up."""
        with contextlib.suppress(OSError):  # what stays isn't locked: whoever comes by takes it for abandoned
            self._file.remove()

    def let_go(self) -> None:
        """In a forked process: leave the ticket to the process that drew it."""
        self._file.close()


class TicketQueue:
    """The tickets in a folder, which is made for the first one.

    Whoever draws, or asks whether anybody waits, must keep all others from drawing meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def is_empty(self) -> bool:
        """Whether nobody waits; what the dead have left is removed.

        Raises:
            OSError: when the folder can't be read.
        """
        return not any(self._is_waiting(path) for path in self._paths())

    def draw(self) -> Ticket:
        """A ticket behind all others.

        Raises:
            OSError: when it can't be written.
        """
        self._folder.mkdir(exist_ok=True)
        before = self._paths()
        number = int(before[-1].name) + 1 if before else 1
        file = LockFile(self._folder / _NUMBER.format(number))
        if not file.try_lock():
            raise BlockingIOError(f"somebody else has locked {file.path}")
        return Ticket(file, before)

    def _paths(self) -> list[Path]:
        try:
            names = os.listdir(self._folder)
        except FileNotFoundError:
            return []
        return [self._folder / name for name in sorted(names)]

    @staticmethod
    def _is_waiting(path: Path) -> bool:
        if is_locked(path):
            return True
        _remove(path)
        return False


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):  # somebody else was quicker, or looks at it just now on Windows
        path.unlink()
