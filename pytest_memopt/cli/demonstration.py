"""A resource that takes about 20 ms to build, to show what pooling saves: a database with its schema and rows."""

from __future__ import annotations

import sqlite3
from time import perf_counter
from typing import Final

from ..pool.recipe import ResourceType, make_type

USES_COUNT: Final = 100
"""How many uses the demonstration is about: so many are measured on each side."""
_BUILD_S: Final = 0.02
_ROWS_AT_ONCE: Final = 100


def demonstration_type() -> ResourceType:
    """The type: databases in memory, reset by rolling back."""
    return make_type("demonstration", _create_database, reset=_roll_back)


def use_database(database: sqlite3.Connection) -> None:
    """What a test might do: add a row, and look at it."""
    database.execute("insert into users (name, mail) values ('new', 'new@example.org')")
    database.execute("select mail from users where name = 'new'").fetchone()


def _create_database() -> sqlite3.Connection:
    """Create the schema, and add rows until 20 ms of work are done; nothing sleeps."""
    began_s = perf_counter()
    database = sqlite3.connect(":memory:")
    database.execute("create table users (id integer primary key, name text, mail text)")
    database.execute("create index users_by_name on users (name)")
    number = 0
    while perf_counter() - began_s < _BUILD_S:
        rows = [(f"user {one}", f"user.{one}@example.org") for one in range(number, number + _ROWS_AT_ONCE)]
        database.executemany("insert into users (name, mail) values (?, ?)", rows)
        number += _ROWS_AT_ONCE
    database.commit()
    return database


def _roll_back(database: sqlite3.Connection) -> None:
    database.rollback()
