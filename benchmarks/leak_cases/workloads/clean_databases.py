"""A database in memory, filled, asked and closed."""

import contextlib
import sqlite3


def workload() -> None:
    """A whole life of a database."""
    with contextlib.closing(sqlite3.connect(":memory:")) as database:
        database.execute("create table item(number, name)")
        database.executemany("insert into item values(?, ?)", [(number, f"n{number}") for number in range(40)])
        database.execute("select count(*), max(name) from item").fetchone()
