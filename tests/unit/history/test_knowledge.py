"""What was learned on a machine and in a project: kept beside the runs, by kind and name."""

import json
import math
import sqlite3
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_memopt.cli import main as command_line
from pytest_memopt.errors import HistoryError, UsageError
from pytest_memopt.history import schema
from pytest_memopt.history.records import Environment, RunRow
from pytest_memopt.history.store import HistoryStore

HERE = Environment(machine="m", platform="linux-x86_64", python="CPython 3.11")
THERE = Environment(machine="m", platform="linux-x86_64", python="CPython 3.12")
RUN = RunRow(started="2026-01-01T00:00:00Z", duration_s=1.5, environment=HERE, plugin_version="0.1.0")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@pytest.fixture
def path(tmp_path):
    """Where the history goes."""
    return tmp_path / "history.db"


@pytest.fixture
def store(path):
    """An empty history."""
    with HistoryStore.open(path) as opened:
        yield opened


def age(path, changed):
    """Set the time of all that is known."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE knowledge SET changed = ?", (changed,))


def test_what_is_not_known_is_nothing(store):
    """Of an environment and a kind that nobody wrote of there is an empty dictionary."""
    assert store.recall(HERE, "optimize") == {}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(values=st.dictionaries(st.text(st.characters(codec="utf-8")), VALUES))
def test_values_come_out_as_they_went_in(tmp_path, values):
    """Whatever JSON can hold is recalled under its name, and nothing else."""
    (tmp_path / "history.db").unlink(missing_ok=True)
    with HistoryStore.open(tmp_path / "history.db") as store:
        store.remember(HERE, "optimize", values)
        assert store.recall(HERE, "optimize") == values


def test_kinds_and_environments_are_apart(store):
    """The same name may mean another thing in another kind, or in another environment."""
    store.remember(HERE, "optimize", {"gc": 1})
    store.remember(HERE, "pool", {"gc": 2})
    store.remember(THERE, "optimize", {"gc": 3})
    assert store.recall(HERE, "optimize") == {"gc": 1}
    assert store.recall(HERE, "pool") == {"gc": 2}
    assert store.recall(THERE, "optimize") == {"gc": 3}
    assert [(one.environment, one.kind, one.value) for one in store.knowledge()] == [
        (HERE, "optimize", 1),
        (HERE, "pool", 2),
        (THERE, "optimize", 3),
    ]


def test_a_name_is_replaced_and_the_others_stay(store):
    """What is remembered anew takes the place of what was; of other names nothing is said."""
    store.remember(HERE, "optimize", {"gc": {"tried": 1}, "compact": 1})
    store.remember(HERE, "optimize", {"gc": {"tried": 2}})
    assert store.recall(HERE, "optimize") == {"gc": {"tried": 2}, "compact": 1}


def test_what_stays_the_same_keeps_its_time(store, path):
    """The time is that of the change, not of the last confirmation."""
    store.remember(HERE, "optimize", {"gc": {"a": 1, "b": 2}})
    age(path, "2020-01-01T00:00:00+00:00")
    store.remember(HERE, "optimize", {"gc": {"b": 2, "a": 1}})
    assert store.knowledge()[0].changed == "2020-01-01T00:00:00+00:00"


def test_who_learns_now_is_right_against_a_clock_that_is_ahead(store, path):
    """A time in the future, as of another machine's wrong clock, keeps nobody from learning."""
    store.remember(HERE, "optimize", {"gc": 1})
    age(path, "2999-01-01T00:00:00+00:00")
    store.remember(HERE, "optimize", {"gc": 2})
    assert store.recall(HERE, "optimize") == {"gc": 2}


@pytest.mark.parametrize("value", [math.nan, math.inf, object(), {1, 2}])
def test_what_json_cannot_hold_is_refused_by_name(store, value):
    """A value that JSON can't hold is one sentence that names it, and nothing of the call is kept."""
    with pytest.raises(UsageError, match=r"^pool 'db': .* can't be kept as JSON \("):
        store.remember(HERE, "pool", {"a": 1, "db": value})
    assert store.recall(HERE, "pool") == {}


def test_a_history_of_format_1_learns(path):
    """A history from before there was knowledge keeps its runs, and can be read without being written to."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        schema.migrate(connection, path, schema.MIGRATIONS[:1])
    content = path.read_bytes()
    with HistoryStore.open(path, read_only=True) as store:
        assert store.recall(HERE, "optimize") == {}
    assert path.read_bytes() == content
    with HistoryStore.open(path) as store:
        store.add_run(RUN, [])
        store.remember(HERE, "optimize", {"gc": 1})
        assert (len(store.runs()), store.recall(HERE, "optimize")) == (1, {"gc": 1})


def test_of_two_histories_what_changed_last_stays(tmp_path, path, store):
    """A merge brings knowledge that isn't here or is newer, and is the same when it is repeated."""
    store.remember(HERE, "optimize", {"gc": "here", "compact": "here"})
    age(path, "2020-01-01T00:00:00+00:00")
    newer, older = tmp_path / "newer.db", tmp_path / "older.db"
    for other, changed in ((newer, "2021-01-01T00:00:00+00:00"), (older, "2019-01-01T00:00:00+00:00")):
        with HistoryStore.open(other) as shard:
            shard.remember(HERE, "optimize", {"gc": other.stem, other.stem: 1})
            shard.remember(THERE, "pool", {"db": other.stem})
        age(other, changed)
    for other in (older, newer, newer, older):
        assert store.merge(other) == 0
    assert store.recall(HERE, "optimize") == {"gc": "newer", "compact": "here", "newer": 1, "older": 1}
    assert store.recall(THERE, "pool") == {"db": "newer"}


def test_a_prune_leaves_what_was_learned(store):
    """Runs go, knowledge stays: there is one row a name, however many runs it came from."""
    store.add_run(RUN, [])
    store.remember(HERE, "optimize", {"gc": 1})
    assert store.prune(0) == 1
    assert store.recall(HERE, "optimize") == {"gc": 1}


def test_damaged_knowledge_is_a_damaged_history(store, path):
    """A value that is no JSON is told as any other damage: with the file, and what to do."""
    store.remember(HERE, "optimize", {"gc": 1})
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE knowledge SET value = '{'")
    with pytest.raises(HistoryError, match=r"is damaged or is no history \(optimize 'gc' is no JSON"):
        store.recall(HERE, "optimize")


def test_an_export_of_all_runs_ends_with_what_was_learned(store, path, capsys):
    """Knowledge is of no run: it is told where all runs are, and not where one is."""
    store.add_run(RUN, [])
    store.remember(HERE, "optimize", {"gc": {"tried": 1}})
    assert command_line.main(["export", "--history", str(path)]) == 0
    first, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert first["kind"] == "run"
    assert (last["kind"], last["of"], last["name"], last["value"]) == ("knowledge", "optimize", "gc", {"tried": 1})
    assert last["environment"] == HERE._asdict()
    assert command_line.main(["export", "last", "--history", str(path)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1
