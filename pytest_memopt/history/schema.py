"""The history's tables, their format number, and the steps from each format to the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from ..errors import HistoryError

APPLICATION_ID: Final = 0x4D454D4F
"""``MEMO`` in the file's header: tells our file from other databases."""

# Format 1 (0.1.0): runs by environment; test ids stored once; the rows of a run lie together, so that adding
# one writes few pages however long the history is.
_FORMAT_1: Final = (
    """CREATE TABLE environments (
        id INTEGER PRIMARY KEY, machine TEXT NOT NULL, platform TEXT NOT NULL, python TEXT NOT NULL,
        UNIQUE (machine, platform, python))""",
    """CREATE TABLE runs (
        id INTEGER PRIMARY KEY AUTOINCREMENT, uid TEXT NOT NULL UNIQUE,
        environment_id INTEGER NOT NULL REFERENCES environments (id),
        started TEXT NOT NULL, duration_s REAL NOT NULL, plugin_version TEXT NOT NULL,
        "commit" TEXT, branch TEXT, dirty INTEGER, workers INTEGER NOT NULL,
        test_count INTEGER NOT NULL,
        rss_start_bytes INTEGER, rss_end_bytes INTEGER, rss_peak_bytes INTEGER, growth_mb_per_minute REAL)""",
    "CREATE INDEX runs_by_time ON runs (environment_id, started, id)",
    "CREATE TABLE names (id INTEGER PRIMARY KEY, nodeid TEXT NOT NULL UNIQUE)",
    """CREATE TABLE tests (
        name_id INTEGER NOT NULL REFERENCES names (id),
        run_id INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
        position INTEGER NOT NULL, outcome TEXT NOT NULL, verdict TEXT NOT NULL, duration_s REAL NOT NULL,
        growth_bytes INTEGER, peak_rss_bytes INTEGER, peak_bytes INTEGER, blocks INTEGER, objects INTEGER,
        PRIMARY KEY (run_id, name_id)) WITHOUT ROWID""",
)

# Format 2 (0.1.0): what was learned on a machine and in this project, by kind and name, as JSON.
_FORMAT_2: Final = (
    """CREATE TABLE knowledge (
        environment_id INTEGER NOT NULL REFERENCES environments (id),
        kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, changed TEXT NOT NULL,
        PRIMARY KEY (environment_id, kind, name)) WITHOUT ROWID""",
)

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (_FORMAT_1, _FORMAT_2)
"""The statements that lead from format N to N + 1, at index N."""


def check_format(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    """The format number of an open history, 0 for an empty file.

    Raises:
        HistoryError: when the file is someone else's database, or of a newer format than ``newest``.
        sqlite3.DatabaseError: when it can't be read.
    """
    # In this order: another process may be making the history, whose tables come in one step with owner and number.
    with closing(connection.execute("SELECT 1 FROM sqlite_master LIMIT 1")) as cursor:
        is_in_use = cursor.fetchone() is not None
    owner = _pragma(connection, "application_id")
    number = _pragma(connection, "user_version")
    if is_in_use and owner != APPLICATION_ID:
        raise HistoryError(
            f"{path} is a database, but not a history of pytest-memopt; choose another with --memopt-history"
        )
    if number > newest:
        raise HistoryError(
            f"{path} has format {number}, this pytest-memopt knows up to {newest}: "
            "update pytest-memopt, or choose another file with --memopt-history"
        )
    return number


def migrate(connection: sqlite3.Connection, path: Path, migrations: Sequence[Sequence[str]] = MIGRATIONS) -> None:
    """Bring an open history to the newest format, in one transaction; two processes may try at once.

    Raises:
        HistoryError: see `check_format`.
        sqlite3.DatabaseError: when it can't be read or written.
    """
    if check_format(connection, path, len(migrations)) == len(migrations):
        return
    # Only an empty file takes this up, and only before its first page is written.
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        # Another process may have done it since.
        number = check_format(connection, path, len(migrations))
        for statements in migrations[number:]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {len(migrations)}")


def migrated_copy(
    connection: sqlite3.Connection, path: Path, migrations: Sequence[Sequence[str]] = MIGRATIONS
) -> sqlite3.Connection:
    """A copy in memory of an open history, in the newest format: how an old file is read without writing to it."""
    copy = sqlite3.connect(":memory:", isolation_level=None)
    try:
        connection.backup(copy)
        migrate(copy, path, migrations)
    except BaseException:
        copy.close()
        raise
    return copy


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    with closing(connection.execute(f"PRAGMA {name}")) as cursor:
        return int(cursor.fetchone()[0])
