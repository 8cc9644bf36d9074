"""What is known of strategies, in the history."""

import sqlite3
from contextlib import closing

import pytest

from pytest_memopt.errors import HistoryError
from pytest_memopt.history.store import HistoryStore
from pytest_memopt.optimize.experience import Experience, Memory
from pytest_memopt.plugin.experience_history import KIND, HistoryMemory


@pytest.fixture
def path(tmp_path):
    """Where the history goes."""
    return tmp_path / "history.db"


def test_it_is_a_memory_that_lasts(path):
    """What one process stores another loads, and no history is made by looking."""
    memory: Memory = HistoryMemory(path)
    assert memory.load() == {}
    assert not path.exists()
    memory.store({"gc": Experience(2, 1)})
    assert HistoryMemory(path).load() == {"gc": Experience(2, 1)}


def test_what_changes_next_to_nothing_is_not_written(path):
    """A strategy that helped every time is known after a few; one that ceases to help is news."""
    memory = HistoryMemory(path)
    memory.store({"gc": Experience(5, 5)})
    memory.store({"gc": Experience(6, 6)})
    assert memory.load() == {"gc": Experience(5, 5)}
    memory.store({"gc": Experience(6, 5), "compact": Experience(1, 0)})
    assert memory.load() == {"gc": Experience(6, 5), "compact": Experience(1, 0)}


def test_what_another_version_wrote_is_passed_over(path):
    """Values of another shape are no experience, and no error."""
    memory = HistoryMemory(path)
    memory.store({"gc": Experience(1, 1)})
    with HistoryStore.open(path) as store:
        store.remember(memory._environment, KIND, {"a": 1, "b": [1], "c": ["x", "y"], "d": {"tried": 1}})
    assert memory.load() == {"gc": Experience(1, 1)}


def test_a_damaged_history_is_told(path):
    """It is the error that the history raises, with the file in it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE other (id)")
    with pytest.raises(HistoryError, match="not a history of pytest-memopt"):
        HistoryMemory(path).load()
