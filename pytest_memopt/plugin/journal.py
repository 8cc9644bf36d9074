"""The journal: which test is running and with how much memory, in a file that outlives the process."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

import psutil

from ..meters.originals import os
from ..units import format_size

SUFFIX: Final = ".journal"
quoted: Final = json.encoder.encode_basestring_ascii  # `json.dumps` of a string, without its detours


class LastEntry(NamedTuple):
    """What a process wrote last.

    Attributes:
        worker: its name.
        nodeid: the test it had begun; ``""`` before the first.
        rss_bytes: its resident memory at that moment.
        pid: the process.
        interrupted: whether it was interrupted, and ended as it should then.
    """

    worker: str
    nodeid: str
    rss_bytes: int
    pid: int
    interrupted: bool = False

    @property
    def story(self) -> str:
        """In words."""
        if not self.nodeid:
            return "it had not begun a test"
        return f"it was running {self.nodeid}, which it began with {format_size(self.rss_bytes)} resident"


class Journal:
    """One process's page: a single entry, overwritten at the start of each test (2 microseconds).

    A test runner that is killed can't say goodbye; the page stays, and the next one who looks finds the last test.
    """

    def __init__(self, folder: Path, run: str, worker: str) -> None:
        self._worker = worker
        self._path = folder / f"{run}-{worker}{SUFFIX}"
        self._pid = os.getpid()
        self._file: int | None = None
        self._stays = False
        with suppress(OSError):
            make_folder(folder)
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        # from the start the page says whose it is, so that nobody takes it for an orphan's
        self.note("", 0)

    def note(self, nodeid: str, rss_bytes: int) -> None:
        """The test that begins now."""
        if self._file is None or os.getpid() != self._pid:
            return
        line = f'{{"pid": {self._pid}, "rss_bytes": {rss_bytes}, "worker": "{self._worker}", "nodeid": {quoted(nodeid)}}}\n'
        with suppress(OSError):
            # what is left of a longer line from before stands behind the line's end, and is not read
            _overwrite(self._file, line.encode())

    def leave_to_reader(self) -> None:
        """The process was interrupted: its page stays, marked, for another that tells of it and may come to that later."""
        if self._file is None or os.getpid() != self._pid or (entry := _read(self._path)) is None:
            return
        with suppress(OSError):
            _overwrite(self._file, f"{json.dumps(entry._replace(interrupted=True)._asdict())}\n".encode())
        self._stays = True

    def close(self) -> None:
        """The process ends as it should: the page is not needed, unless it was left to a reader."""
        if self._file is not None and os.getpid() == self._pid:
            with suppress(OSError):
                os.close(self._file)
                if not self._stays:
                    self._path.unlink()
        self._file = None


def make_folder(folder: Path) -> None:
    """Make the journal's folder; the one above, when it is made for this, is hidden from version control.

    Raises:
        OSError: where it can't be made.
    """
    is_new = not folder.parent.exists()
    folder.mkdir(parents=True, exist_ok=True)
    if is_new:
        (folder.parent / ".gitignore").write_text("*\n", encoding="utf-8")


def _overwrite(file: int, line: bytes) -> None:
    if hasattr(os, "pwrite"):
        os.pwrite(file, line, 0)
    else:
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, line)


def take_last(folder: Path, run: str, worker: str) -> LastEntry | None:
    """What ``worker`` of ``run``, which died, wrote last; its page is removed. ``None`` when it left nothing."""
    page = folder / f"{run}-{worker}{SUFFIX}"
    entry = _read(page)
    if entry is not None:
        _remove(page)
    return entry


def take_orphans(folder: Path, run: str) -> list[LastEntry]:
    """The entries of processes that are gone, whose pages are removed: runs before ``run`` that were killed.

    Those that had not begun a test, or were interrupted, are not told. A page that can't be read is somebody's who is just starting.
    """
    orphans = []
    for page in sorted(folder.glob(f"*{SUFFIX}")):
        entry = None if page.name.startswith(f"{run}-") else _read(page)
        if entry is None or _is_running(entry.pid):
            continue
        _remove(page)
        if entry.nodeid and not entry.interrupted:
            orphans.append(entry)
    return orphans


def _is_running(pid: int) -> bool:
    """Whether there is such a process, and not only what is left of it until its parent asks."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True


def _remove(page: Path) -> None:
    with suppress(OSError):
        page.unlink()


def _read(page: Path) -> LastEntry | None:
    try:
        fields = json.loads(page.read_text(encoding="utf-8").partition("\n")[0])
        return LastEntry(**fields)
    except (OSError, ValueError, TypeError):
        return None
