"""A file whose lock the kernel takes back when its process ends, and in which the holder leaves a note."""

from __future__ import annotations

import os
from io import FileIO
from pathlib import Path
from typing import Final, NamedTuple

from filelock import lock_descriptor, unlock_descriptor

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

_NOTE_AT: Final = 1  # Windows lets nobody else read the first byte, which is what is locked there
_OWNER_ONLY: Final = 0o600
_OPENINGS: Final = 5
_UNKNOWN_PID: Final = 0
_REMOVES_OPEN_FILES: Final = os.name != "nt"


class Holder(NamedTuple):
    """Who holds a lock.

    Attributes:
        pid: its process; 0 where that isn't known.
        label: what it holds the lock for, in its own words; may be empty.
    """

    pid: int
    label: str = ""

    def __str__(self) -> str:
        process = f"process {self.pid}" if self.pid else "an unknown process"
        return f"{process} ({self.label})" if self.label else process


class LockFile:
    """One lock of a machine, kept by a file that stays open between two locks.

    A file that another process has removed meanwhile guards nothing, so that it is then made anew. The lock belongs to
    this object: another one for the same path, here or in another process, is refused while it is held. It is for one
    thread at a time.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: FileIO | None = None

    def open(self) -> None:
        """Open the file, made where it isn't there, so that locking it later opens none.

        Raises:
            OSError: when it can't be made or opened.
        """
        self._opened()

    def try_lock(self) -> bool:
        """Lock the file, made where it isn't there, unless somebody else has locked it.

        Raises:
            OSError: when it can't be made, opened or locked.
        """
        for _ in range(_OPENINGS):
            try:
                file = self._opened()
                if not lock_descriptor(file.fileno(), blocking=False):
                    return False
                if os.fstat(file.fileno()).st_nlink:
                    return True
            except OSError:
                self.close()
                raise
            self.close()
        return False

    def unlock(self) -> None:
        """Let others lock it; the file stays open.

        Raises:
            OSError: when the kernel refuses.
        """
        if self._file is not None:
            unlock_descriptor(self._file.fileno())

    def remove(self) -> None:
        """Remove the file, which must be locked here, and close it.

        Raises:
            OSError: when it can't be removed, as on Windows where somebody else has it open; it is closed even so.
        """
        if not _REMOVES_OPEN_FILES:  # there it fails where meanwhile somebody else has opened it, and no harm is done
            self.close()
        try:
            self.path.unlink()
        finally:
            self.close()

    def close(self) -> None:
        """Close the file, which ends the lock, unless a forked process has the file open as well."""
        file, self._file = self._file, None
        if file is not None:
            file.close()

    def leave_note(self, label: str) -> None:
        """Write down who has locked the file: this process, for ``label``.

        Raises:
            OSError: when it can't be written, as on a full disk.
        """
        file = self._opened()
        file.seek(_NOTE_AT)
        file.write(f"{os.getpid()} {' '.join(label.split())}\n".encode(errors="backslashreplace"))

    def read_note(self) -> Holder:
        """Who has locked it last, as far as can be told.

        Raises:
            OSError: when it can't be opened or read.
        """
        file = self._opened()
        file.seek(_NOTE_AT)
        pid, _, label = file.readall().decode(errors="replace").partition("\n")[0].partition(" ")
        return Holder(int(pid) if pid.isdecimal() else _UNKNOWN_PID, label)

    def _opened(self) -> FileIO:
        if self._file is None:
            self._file = FileIO(self.path, "r+", opener=_open_or_make)
        return self._file


def is_locked(path: Path) -> bool:
    """Whether somebody has locked the file at ``path``; no, where there is none. Looking makes no file.

    Raises:
        OSError: when it can't be opened or locked.
    """
    try:
        file = FileIO(path, "r+")
    except FileNotFoundError:
        return False
    with file:
        return not lock_descriptor(file.fileno(), blocking=False)


def _open_or_make(path: str, flags: int) -> int:
    # a link in the place of the file would have us write where somebody else wants it
    return os.open(path, flags | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), _OWNER_ONLY)
