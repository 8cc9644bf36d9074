"""Opening the history's file, and saying plainly what is wrong with it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from ..errors import HistoryError
from .schema import MIGRATIONS, check_format, migrate, migrated_copy

DEFAULT_FOLDER: Final = ".memopt"
BUSY_TIMEOUT_S: Final = 30.0
_WAY_OUT: Final = "choose another with --memopt-history, or go without by --memopt-no-history"


def connect(path: Path) -> sqlite3.Connection:
    """The history at ``path``, made if it isn't there, in the newest format, ready to be written.

    Raises:
        HistoryError: when that can't be done; the message names the file and what to do.
    """
    _prepare_folder(path)
    with plain_errors(path):
        connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S, isolation_level=None)
        with _closed_on_error(connection):
            migrate(connection, path)
            _use_write_ahead_log(connection)
            connection.execute("PRAGMA foreign_keys = ON")
        return connection


def connect_read_only(path: Path) -> sqlite3.Connection:
    """The history at ``path``, not to be written; an older format is brought up in memory.

    Raises:
        HistoryError: when it isn't there or can't be read; the message names the file and what to do.
    """
    if not path.is_file():
        raise HistoryError(f"there is no history at {path}; `pytest --memopt-report` writes one")
    with plain_errors(path):
        connection = _opened_read_only(path)
        with _closed_on_error(connection):
            if check_format(connection, path, len(MIGRATIONS)) == len(MIGRATIONS):
                return connection
            copy = migrated_copy(connection, path)
        connection.close()
        return copy


@contextmanager
def plain_errors(path: Path) -> Iterator[None]:
    """Turn what SQLite raises about the file at ``path`` into a `HistoryError` that says what to do."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise HistoryError(_operational(path, str(error))) from error
    except sqlite3.Error as error:
        raise HistoryError(_damaged(path, str(error))) from error


def _operational(path: Path, reason: str) -> str:
    if "locked" in reason:
        return f"the history {path} has been locked by another process for {BUSY_TIMEOUT_S:.0f} s"
    if "no such" in reason or "has no column" in reason:
        return _damaged(path, reason)
    return f"the history {path} can't be used ({reason}); {_WAY_OUT}"


def _damaged(path: Path, reason: str) -> str:
    return f"the history {path} is damaged or is no history ({reason}); move it away, or {_WAY_OUT}"


def _prepare_folder(path: Path) -> None:
    """Make the folder; the default one keeps itself out of version control."""
    folder = path.parent
    try:
        is_new = not folder.is_dir()
        folder.mkdir(parents=True, exist_ok=True)
        if is_new and folder.name == DEFAULT_FOLDER:
            (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise HistoryError(f"the history {path} can't be made ({error.strerror or error}); {_WAY_OUT}") from error


def _use_write_ahead_log(connection: sqlite3.Connection) -> None:
    """Let readers read while one writes; file systems without shared memory keep SQLite's own default."""
    # The switch needs the file for itself: beside another process it fails at once, and that one switches.
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode = WAL").fetchall()
        connection.execute("PRAGMA synchronous = NORMAL")


def _opened_read_only(path: Path) -> sqlite3.Connection:
    """A read-only connection; a folder that can't be written has no room for the log's index, so it goes without."""
    address = path.resolve().as_uri()
    connection = sqlite3.connect(f"{address}?mode=ro", timeout=BUSY_TIMEOUT_S, isolation_level=None, uri=True)
    try:
        connection.execute("SELECT 1 FROM sqlite_master").fetchall()
    except sqlite3.OperationalError:
        connection.close()
        if path.with_name(f"{path.name}-wal").exists():
            raise
        return sqlite3.connect(f"{address}?mode=ro&immutable=1", isolation_level=None, uri=True)
    except BaseException:
        connection.close()
        raise
    return connection


@contextmanager
def _closed_on_error(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        connection.close()
        raise
