"""The history's file: runs and their tests, written once, read as series; and what was learned on the way."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from types import TracebackType
from typing import Any, Final, final

from ..errors import UsageError
from . import queries
from .connection import connect, connect_read_only, plain_errors
from .records import Environment, Knowledge, Metric, RunRow, SeriesPoint, TestRow
from .rows import (
    knowledge_from_row,
    knowledge_values,
    run_from_row,
    run_values,
    storable,
    test_from_row,
    test_values,
)

_ALL: Final = -1
_LOOK_BACK: Final = 10
_ANY_ENVIRONMENT: Final = {"machine": None, "platform": None, "python": None}


@final
class HistoryStore:
    """Runs and tests in one SQLite file; several processes may use it at once.

    A context manager; open it with `open`. Everything it does may raise `HistoryError`, whose message names the file
    and what to do. "Newest" is by the time a run started, so that merged histories are in order too.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    def open(cls, path: Path, *, read_only: bool = False) -> HistoryStore:
        """The history at ``path``; one that is to be written is made if it isn't there, and its folder too.

        Raises:
            HistoryError: when it can't be made, read or written, is no history, or has a newer format than ours.
        """
        return cls(connect_read_only(path) if read_only else connect(path), path)

    def close(self) -> None:
        """Let go of the file; twice does no harm."""
        self._connection.close()

    def __enter__(self) -> HistoryStore:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def add_run(self, run: RunRow, tests: Iterable[TestRow]) -> int:
        """Store a run with its tests, all or nothing, and return its number; of a test given twice the last stays."""
        with self._transaction():
            return self._insert_run(run, tests)

    def runs(self, environment: Environment | None = None, limit: int | None = None) -> list[RunRow]:
        """The newest ``limit`` runs (all by default) of one environment or of all, newest last."""
        place = environment._asdict() if environment else _ANY_ENVIRONMENT
        rows = self._read(queries.RUNS, {**place, "id": None, "limit": _ALL if limit is None else limit})
        return [run_from_row(row) for row in reversed(rows)]

    def run(self, run_id: int) -> RunRow | None:
        """The run with this number, or ``None``."""
        rows = self._read(queries.RUNS, {**_ANY_ENVIRONMENT, "id": run_id, "limit": 1})
        return run_from_row(rows[0]) if rows else None

    def tests(self, run_id: int) -> list[TestRow]:
        """The tests of one run, in the order they were added; none if there is no such run."""
        return [test_from_row(row) for row in self._read(queries.TESTS, (run_id,))]

    def nodeids(self, run_ids: Collection[int]) -> list[str]:
        """The ids of all tests in some runs, sorted."""
        return [row["nodeid"] for row in self._read(queries.NODEIDS, (json.dumps(list(run_ids)),))]

    def series(
        self, nodeids: Collection[str], metric: str, environment: Environment, limit: int = 30
    ) -> dict[str, list[SeriesPoint]]:
        """Each test's values of one metric over its newest ``limit`` runs in one environment, oldest first.

        Runs in which the test was skipped or broke in set-up don't count. Tests without a value are left out, and it
        isn't looked for in more than the newest ``10 * limit`` runs.

        Raises:
            UsageError: when ``metric`` is none of `Metric`.
        """
        if metric not in {known.value for known in Metric}:
            raise UsageError(f"{metric!r} is not a metric; there are {', '.join(known.value for known in Metric)}")
        wanted = list(dict.fromkeys(nodeids))
        keys = json.dumps([storable(nodeid) for nodeid in wanted])
        names = {name: wanted[place] for name, place in self._read(queries.NAMES, (keys,))}
        newest_first: dict[int, list[SeriesPoint]] = {name: [] for name in names}
        open_names = set(names)
        for run_id, commit in self._read(queries.RECENT, {**environment._asdict(), "runs": limit * _LOOK_BACK}):
            if not open_names:
                break
            query = queries.VALUES.format(metric=Metric(metric).value)
            for name, value in self._read(query, (run_id, json.dumps(list(open_names)))):
                newest_first[name].append(SeriesPoint(run_id=run_id, commit=commit, value=value))
                if len(newest_first[name]) == limit:
                    open_names.remove(name)
        return {names[name]: points[::-1] for name, points in newest_first.items() if points}

    def recall(self, environment: Environment, kind: str) -> dict[str, Any]:
        """What `remember` kept of one kind in one environment, by name; empty where nothing was."""
        return {one.name: one.value for one in self.knowledge(environment, kind)}

    def remember(self, environment: Environment, kind: str, values: Mapping[str, Any]) -> None:
        """Keep each value under its name, in place of what was; names that aren't given stay as they are.

        Args:
            environment: where it holds.
            kind: whose knowledge it is, as ``optimize`` or ``pool``: one word for each part that keeps some.
            values: what JSON can hold, by name.

        Raises:
            UsageError: where JSON can't hold a value; then nothing was kept.
        """
        now = datetime.now(timezone.utc).isoformat(timespec="seconds")
        rows = [knowledge_values(Knowledge(environment, kind, name, value, now)) for name, value in values.items()]
        with self._transaction():
            self._insert_knowledge(rows, is_merge=False)

    def knowledge(self, environment: Environment | None = None, kind: str | None = None) -> list[Knowledge]:
        """All that `remember` kept in one environment or in all, of one kind or of all, in order of these and the name."""
        place = environment._asdict() if environment else _ANY_ENVIRONMENT
        rows = self._read(queries.KNOWLEDGE, {**place, "kind": kind})
        with plain_errors(self._path):
            return [knowledge_from_row(row) for row in rows]

    def prune(self, keep: int) -> int:
        """Delete all but the newest ``keep`` runs of each environment; how many runs that were. Knowledge stays."""
        with plain_errors(self._path):
            with self._transaction():
                pruned = self._connection.execute(queries.PRUNE_RUNS, (keep,)).rowcount
                self._connection.execute(queries.PRUNE_NAMES)
            # Not by execute(), which takes one step of a statement without columns: that would free a single page.
            self._connection.executescript("PRAGMA incremental_vacuum")
        return pruned

    def merge(self, other: Path) -> int:
        """Add the runs of another history that this one doesn't have, under new numbers; how many runs that were.

        Of knowledge, what changed last stays.

        Raises:
            HistoryError: when the other one isn't there or can't be read; then nothing was added.
        """
        merged = 0
        with HistoryStore.open(other, read_only=True) as source, self._transaction():
            known = {row[0] for row in self._connection.execute("SELECT uid FROM runs")}
            for run in source.runs():
                if run.uid not in known and run.id is not None:
                    self._insert_run(run, source.tests(run.id))
                    merged += 1
            self._insert_knowledge([knowledge_values(one) for one in source.knowledge()], is_merge=True)
        return merged

    def _insert_run(self, run: RunRow, tests: Iterable[TestRow]) -> int:
        by_name = {storable(test.nodeid): test for test in tests}
        values = {**run_values(run), "test_count": len(by_name)}
        self._connection.execute(queries.ADD_ENVIRONMENT, values)
        self._connection.execute(queries.ADD_RUN, values)
        run_id = int(self._connection.execute("SELECT last_insert_rowid()").fetchone()[0])
        rows = [(name, run_id, place, *test_values(test)) for place, (name, test) in enumerate(by_name.items())]
        self._connection.executemany(queries.ADD_NAME, [row[:1] for row in rows])
        self._connection.executemany(queries.ADD_TEST, rows)
        return run_id

    def _insert_knowledge(self, rows: list[dict[str, Any]], *, is_merge: bool) -> None:
        self._connection.executemany(queries.ADD_ENVIRONMENT, rows)
        self._connection.executemany(queries.ADD_KNOWLEDGE, [{**row, "is_merge": is_merge} for row in rows])

    def _read(self, query: str, values: Mapping[str, Any] | tuple[Any, ...]) -> list[sqlite3.Row]:
        with plain_errors(self._path):
            cursor = self._connection.cursor()
            cursor.row_factory = sqlite3.Row
            return cursor.execute(query, values).fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """All or nothing; taken for writing at once, so that two writers wait for each other instead of failing."""
        with plain_errors(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            with self._connection:
                yield
