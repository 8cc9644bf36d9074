"""Records to rows of the history's tables, and back."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final
from uuid import uuid4

from ..errors import UsageError
from .records import Environment, Knowledge, RunRow, TestRow

_TEST_VALUES: Final[Callable[[TestRow], tuple[Any, ...]]] = attrgetter(
    "outcome", "verdict", "duration_s", "growth_bytes", "peak_rss_bytes", "peak_bytes", "blocks", "objects"
)


def storable(nodeid: str) -> str:
    """``nodeid`` as SQLite can hold it: bytes of a file's name that are no UTF-8 become escapes."""
    return nodeid.encode("utf-8", "backslashreplace").decode()


def run_values(run: RunRow) -> dict[str, Any]:
    """What the queries need of one run and its environment; a run without a ``uid`` gets one."""
    return {**run._asdict(), **run.environment._asdict(), "uid": run.uid or uuid4().hex, "environment": None}


def run_from_row(row: sqlite3.Row) -> RunRow:
    """The run of a row that has its columns, its environment's."""
    facts = {name: row[name] for name in RunRow._fields if name != "environment"}
    environment = Environment(machine=row["machine"], platform=row["platform"], python=row["python"])
    dirty = facts.pop("dirty")
    return RunRow(environment=environment, dirty=None if dirty is None else bool(dirty), **facts)


def test_values(test: TestRow) -> tuple[Any, ...]:
    """The columns of one test from its outcome on, in the order in which the query that adds it takes them."""
    return _TEST_VALUES(test)


def test_from_row(row: sqlite3.Row) -> TestRow:
    """The test of a row that has its columns and ``nodeid``."""
    return TestRow(**{name: row[name] for name in TestRow._fields})


def knowledge_values(one: Knowledge) -> dict[str, Any]:
    """What the query that adds knowledge needs of one.

    Raises:
        UsageError: where JSON can't hold its value.
    """
    try:
        value = json.dumps(one.value, allow_nan=False, sort_keys=True)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{one.kind} {one.name!r}: {one.value!r} can't be kept as JSON ({error})") from None
    facts = {"kind": one.kind, "name": storable(one.name), "value": value, "changed": one.changed}
    return {**facts, **one.environment._asdict()}


def knowledge_from_row(row: sqlite3.Row) -> Knowledge:
    """The knowledge of a row that has its columns, its environment's.

    Raises:
        sqlite3.DatabaseError: where its value is no JSON.
    """
    environment = Environment(machine=row["machine"], platform=row["platform"], python=row["python"])
    try:
        value = json.loads(row["value"])
    except ValueError as error:
        raise sqlite3.DatabaseError(f"{row['kind']} {row['name']!r} is no JSON: {error}") from None
    return Knowledge(environment, row["kind"], row["name"], value, row["changed"])
