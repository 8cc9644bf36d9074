"""The history's file: what goes in comes out, from several processes, in old and new formats."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_memopt.errors import HistoryError, UsageError
from pytest_memopt.history import connection as connection_module
from pytest_memopt.history import schema
from pytest_memopt.history.records import Environment, Metric, RunRow, SeriesPoint, TestRow
from pytest_memopt.history.store import HistoryStore
from tests.unit.values import replace

HERE = Environment(machine="m", platform="linux-x86_64", python="CPython 3.11")
THERE = Environment(machine="m", platform="linux-x86_64", python="CPython 3.12")


def run(day=1, environment=HERE, **facts):
    """A run that started on this day."""
    started = f"2026-01-{day:02}T00:00:00Z"
    return RunRow(started=started, duration_s=1.5, environment=environment, plugin_version="0.1.0", **facts)


def row(nodeid="test_a.py::test_a", growth_bytes=0, outcome="passed", **figures):
    """A test's row."""
    return TestRow(nodeid=nodeid, outcome=outcome, verdict="ok", duration_s=0.25, growth_bytes=growth_bytes, **figures)


@pytest.fixture
def path(tmp_path):
    """Where the history goes."""
    return tmp_path / ".memopt" / "history.db"


@pytest.fixture
def store(path):
    """An empty history."""
    with HistoryStore.open(path) as opened:
        yield opened


def test_a_run_comes_out_as_it_went_in(store):
    """All that is kept of a run and its tests is read back, with the number, the id and the count the store gives."""
    given_run = run(
        commit="a1b2c3d",
        branch="main",
        dirty=True,
        workers=2,
        rss_start_bytes=1,
        rss_end_bytes=2,
        rss_peak_bytes=3,
        growth_mb_per_minute=0.5,
    )
    tests = [row("b", 5, peak_rss_bytes=1, peak_bytes=2, blocks=3, objects=4), row("a", None, outcome="failed")]
    number = store.add_run(given_run, tests)
    stored = store.run(number)
    assert stored.uid
    assert replace(stored, id=None, uid=None, test_count=0) == given_run
    assert (stored.id, stored.test_count) == (number, 2)
    assert store.tests(number) == tests


FIGURE = st.none() | st.integers(-(2**62), 2**62)


@given(
    st.lists(
        st.builds(
            TestRow,
            nodeid=st.text(),
            outcome=st.sampled_from(["passed", "failed"]),
            verdict=st.just("ok"),
            duration_s=st.floats(0, 1e6),
            growth_bytes=FIGURE,
            peak_rss_bytes=FIGURE,
            peak_bytes=FIGURE,
            blocks=FIGURE,
            objects=FIGURE,
        ),
        unique_by=lambda test: test.nodeid,
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_any_tests_come_out_as_they_went_in(store, tests):
    """Rows of any ids and figures are read back, in their order."""
    assert store.tests(store.add_run(run(), tests)) == tests


def test_what_is_unknown_stays_unknown(store):
    """A run without git keeps ``None``, and runs that aren't there are ``None`` or empty."""
    stored = store.run(store.add_run(run(), []))
    assert (stored.commit, stored.dirty, stored.rss_end_bytes) == (None, None, None)
    assert store.run(99) is None
    assert store.tests(99) == []


def test_of_a_test_given_twice_the_last_stays(store):
    """A test that ran twice in a run has one row."""
    number = store.add_run(run(), [row("a", 1), row("b", 2), row("a", 3)])
    assert [(test.nodeid, test.growth_bytes) for test in store.tests(number)] == [("a", 3), ("b", 2)]
    assert store.run(number).test_count == 2


def test_ids_that_are_no_utf8_are_kept_as_escapes(store):
    """A file name with stray bytes neither breaks the run nor its series."""
    number = store.add_run(run(), [row("test_\udcff.py::t", 7)])
    assert store.tests(number)[0].nodeid == "test_\\udcff.py::t"
    assert store.series(["test_\udcff.py::t"], "growth_bytes", HERE)["test_\udcff.py::t"][0].value == 7


def test_runs_are_in_order_of_their_start(store):
    """Newest last, by the time of the start and not by the number; a limit keeps the newest."""
    numbers = [store.add_run(run(day), []) for day in (3, 1, 2)]
    assert [found.id for found in store.runs()] == [numbers[1], numbers[2], numbers[0]]
    assert [found.id for found in store.runs(limit=2)] == [numbers[2], numbers[0]]


def test_runs_of_one_environment_can_be_asked_for(store):
    """Other machines and Pythons are left out then."""
    store.add_run(run(1), [])
    there = store.add_run(run(2, THERE), [])
    assert [found.id for found in store.runs(THERE)] == [there]
    assert len(store.runs()) == 2


def test_nodeids_are_those_of_the_runs_asked_for(store):
    """Each id once, sorted."""
    store.add_run(run(1), [row("old")])
    numbers = [store.add_run(run(day), [row("b"), row("a")]) for day in (2, 3)]
    assert store.nodeids(numbers) == ["a", "b"]


def test_a_series_has_one_environment_oldest_first(store):
    """Unlike runs are never in one series."""
    first = store.add_run(run(1, commit="c1"), [row("a", 10), row("b", 1)])
    store.add_run(run(2, THERE), [row("a", 99)])
    last = store.add_run(run(3), [row("a", 20)])
    assert store.series(["a", "b", "none"], "growth_bytes", HERE) == {
        "a": [SeriesPoint(run_id=first, commit="c1", value=10), SeriesPoint(run_id=last, commit=None, value=20)],
        "b": [SeriesPoint(run_id=first, commit="c1", value=1)],
    }


def test_a_series_is_the_newest_values_of_each_test(store):
    """Each test has its own newest points, also where it did not run the last times."""
    for day in range(1, 8):
        store.add_run(run(day), [row("often", day), *([row("seldom", day)] if day < 4 else [])])
    series = store.series(["often", "seldom"], Metric.GROWTH, HERE, limit=2)
    assert {name: [point.value for point in points] for name, points in series.items()} == {
        "often": [6, 7],
        "seldom": [2, 3],
    }


def test_runs_in_which_a_test_was_not_tried_are_no_points(store):
    """Skipped, broken in set-up, or not measured: no value."""
    for day, (outcome, growth) in enumerate([("passed", 1), ("skipped", 0), ("error", 5), ("failed", 2)], start=1):
        store.add_run(run(day), [row("a", growth, outcome)])
    store.add_run(run(9), [row("a", None)])
    assert [point.value for point in store.series(["a"], "growth_bytes", HERE)["a"]] == [1, 2]


def test_a_series_of_an_unknown_metric_is_refused(store):
    """Only the known figures have series; the name never reaches the query."""
    with pytest.raises(UsageError, match="'1; DROP TABLE runs' is not a metric; there are growth_bytes"):
        store.series(["a"], "1; DROP TABLE runs", HERE)


def test_pruning_keeps_the_newest_of_each_environment(store):
    """Other environments don't crowd each other out, and tests of no run are forgotten."""
    for day in range(1, 6):
        store.add_run(run(day), [row(f"test_{day}")])
    store.add_run(run(1, THERE), [row("there")])
    assert store.prune(2) == 3
    assert [found.started[8:10] for found in store.runs(HERE)] == ["04", "05"]
    assert len(store.runs(THERE)) == 1
    assert store.series(["test_1"], "growth_bytes", HERE) == {}


def test_pruning_gives_space_back(path):
    """The file shrinks."""
    with HistoryStore.open(path) as store:
        for day in range(1, 20):
            store.add_run(run(day), [row(f"a_rather_long_name_of_a_test_{day}_{place}") for place in range(200)])
    size_bytes = path.stat().st_size
    with HistoryStore.open(path) as store:
        store.prune(1)
    assert path.stat().st_size < size_bytes / 3


def test_a_failed_run_leaves_nothing(store):
    """All of a run is stored or none of it."""

    def broken():
        yield row("a")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.add_run(run(), broken())
    with pytest.raises(HistoryError, match="is damaged"):
        store.add_run(run(), [row("a", growth_bytes="x" * 10, outcome=None)])
    assert store.runs() == []
    assert store.add_run(run(), [row("a")]) > 0


def test_merging_adds_what_is_missing_once(store, tmp_path):
    """Runs of another history are added under new numbers, in the order of their start; a second merge adds none."""
    other = tmp_path / "other.db"
    with HistoryStore.open(other) as source:
        source.add_run(run(1, commit="old"), [row("a", 1)])
        source.add_run(run(3), [row("a", 3)])
    store.add_run(run(2), [row("a", 2)])
    assert store.merge(other) == 2
    assert store.merge(other) == 0
    assert [point.value for point in store.series(["a"], "growth_bytes", HERE)["a"]] == [1, 2, 3]
    assert store.runs()[0].commit == "old"


def test_merging_a_file_that_is_not_there_is_an_error(store, tmp_path):
    """It says which file is missing."""
    with pytest.raises(HistoryError, match=r"no history at .*missing\.db"):
        store.merge(tmp_path / "missing.db")


def test_the_default_folder_keeps_itself_out_of_version_control(tmp_path):
    """``.memopt`` is made with a ``.gitignore``; other folders, and one that is there, are left as they are."""
    (tmp_path / "there" / ".memopt").mkdir(parents=True)
    for folder in (".memopt", "other/place", "there/.memopt"):
        HistoryStore.open(tmp_path / folder / "history.db").close()
    assert (tmp_path / ".memopt" / ".gitignore").read_text() == "*\n"
    assert not (tmp_path / "other" / "place" / ".gitignore").exists()
    assert not (tmp_path / "there" / ".memopt" / ".gitignore").exists()


def test_an_empty_file_becomes_a_history(tmp_path):
    """A file of no bytes, as ``touch`` makes, is fine."""
    path = tmp_path / "history.db"
    path.touch()
    with HistoryStore.open(path) as store:
        assert store.runs() == []


def test_closing_twice_does_no_harm(path):
    """The second time nothing happens."""
    store = HistoryStore.open(path)
    store.close()
    store.close()
    with pytest.raises(HistoryError):
        store.runs()


def test_a_file_that_is_no_database_is_named_with_a_way_out(tmp_path):
    """Written or read, a corrupt file is one clear sentence."""
    path = tmp_path / "history.db"
    path.write_bytes(b"this is not a database, it only looks like a file" * 100)
    for read_only in (False, True):
        with pytest.raises(HistoryError, match=r"history\.db is damaged.*move it away.*--memopt-no-history"):
            HistoryStore.open(path, read_only=read_only)


def test_a_history_damaged_inside_is_an_error(path):
    """A file whose pages are overwritten is not read as if it were whole."""
    with HistoryStore.open(path) as store:
        store.add_run(run(), [row(f"test_{place}") for place in range(2000)])
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(HistoryError, match="is damaged"), HistoryStore.open(path) as store:
        store.tests(1)


def test_someone_elses_database_is_left_alone(tmp_path):
    """A database that is not ours is refused, and not written to."""
    path = tmp_path / "app.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE users (id INTEGER)")
    content = path.read_bytes()
    with pytest.raises(HistoryError, match="not a history of pytest-memopt"):
        HistoryStore.open(path)
    assert path.read_bytes() == content


def test_a_newer_format_says_so(path):
    """A history of a later version is not touched."""
    HistoryStore.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    for read_only in (False, True):
        with pytest.raises(HistoryError, match=r"has format 99, this pytest-memopt knows up to \d+: update"):
            HistoryStore.open(path, read_only=read_only)


@pytest.fixture
def next_format(monkeypatch):
    """A later version of the plugin, whose format has one more table."""
    migrations = (*schema.MIGRATIONS, ("CREATE TABLE added (id INTEGER)",))
    monkeypatch.setattr(connection_module, "MIGRATIONS", migrations)
    monkeypatch.setattr(connection_module, "migrate", lambda c, p: schema.migrate(c, p, migrations))
    monkeypatch.setattr(connection_module, "migrated_copy", lambda c, p: schema.migrated_copy(c, p, migrations))


def test_an_older_format_is_brought_up(path, request):
    """Opened for writing, the file itself gets the newest format and keeps its runs."""
    with HistoryStore.open(path) as store:
        store.add_run(run(), [row("a")])
    request.getfixturevalue("next_format")
    with HistoryStore.open(path) as store:
        assert len(store.runs()) == 1
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS) + 1,)
        assert connection.execute("SELECT * FROM added").fetchall() == []


def test_an_older_format_is_read_without_being_written(path, request):
    """Opened for reading, the file stays as it is."""
    with HistoryStore.open(path) as store:
        store.add_run(run(), [row("a")])
    content = path.read_bytes()
    request.getfixturevalue("next_format")
    with HistoryStore.open(path, read_only=True) as store:
        assert len(store.runs()) == 1
    assert path.read_bytes() == content


def test_a_migration_that_fails_changes_nothing(path):
    """The steps to a new format are one transaction."""
    HistoryStore.open(path).close()
    broken = (*schema.MIGRATIONS, ("CREATE TABLE added (id INTEGER)", "CREATE TABLE runs (id INTEGER)"))
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        with pytest.raises(sqlite3.OperationalError):
            schema.migrate(connection, path, broken)
        with pytest.raises(sqlite3.OperationalError):
            schema.migrated_copy(connection, path, broken)
        assert connection.execute("PRAGMA user_version").fetchone() == (len(schema.MIGRATIONS),)
        assert connection.execute("SELECT name FROM sqlite_master WHERE name = 'added'").fetchall() == []


def test_a_history_that_cannot_be_made_is_an_error(tmp_path):
    """A file where the folder should be, and a folder where the file should be, are one clear sentence."""
    (tmp_path / "file").write_text("")
    with pytest.raises(HistoryError, match=r"can't be made .*--memopt-no-history"):
        HistoryStore.open(tmp_path / "file" / "history.db")
    with pytest.raises(HistoryError, match=r"can't be used .*--memopt-no-history"):
        HistoryStore.open(tmp_path)


def test_reading_needs_a_history(tmp_path):
    """Reading makes no file."""
    with pytest.raises(HistoryError, match="no history at"):
        HistoryStore.open(tmp_path / "history.db", read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_reader_cannot_write(path):
    """A store opened for reading refuses to add."""
    HistoryStore.open(path).close()
    with HistoryStore.open(path, read_only=True) as store, pytest.raises(HistoryError, match="can't be used"):
        store.add_run(run(), [])


class Stubborn:
    """A connection of which some statements fail, as on file systems that lack something."""

    def __init__(self, real, failing):
        self.real = real
        self.failing = failing

    def execute(self, statement, *values):
        if self.failing in statement:
            raise sqlite3.OperationalError("unable to open database file")
        return self.real.execute(statement, *values)

    def __getattr__(self, name):
        return getattr(self.real, name)

    def __enter__(self):
        return self.real.__enter__()

    def __exit__(self, *error):
        return self.real.__exit__(*error)


def test_a_file_system_without_shared_memory_still_works(path, monkeypatch):
    """Where the write-ahead log is refused the history is kept without."""
    connect = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **named: Stubborn(connect(*given, **named), "journal_mode"))
    with HistoryStore.open(path) as store:
        assert store.add_run(run(), [row("a")]) == 1


def test_a_read_only_folder_is_read_without_a_log(path, monkeypatch):
    """Where the log's index can't be made the file is read as it is, unless there is a log that holds more."""
    with HistoryStore.open(path) as store:
        store.add_run(run(), [row("a")])
    connect = sqlite3.connect

    def unwritable(address, **named):
        made = connect(address, **named)
        return made if "immutable" in address else Stubborn(made, "SELECT 1 FROM sqlite_master")

    monkeypatch.setattr(sqlite3, "connect", unwritable)
    with HistoryStore.open(path, read_only=True) as store:
        assert len(store.runs()) == 1
    path.with_name("history.db-wal").touch()
    with pytest.raises(HistoryError, match="can't be used"):
        HistoryStore.open(path, read_only=True)


def test_a_lock_that_stays_is_told_as_such(path, monkeypatch):
    """Another process that never lets go is named as the cause."""
    monkeypatch.setattr(connection_module, "BUSY_TIMEOUT_S", 0.01)
    with HistoryStore.open(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(HistoryError, match="locked by another process"):
            store.add_run(run(), [])


def test_a_table_that_is_missing_is_damage(path):
    """A history without its tables is damaged, whatever its header says."""
    HistoryStore.open(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE tests")
    with HistoryStore.open(path) as store, pytest.raises(HistoryError, match="is damaged"):
        store.tests(1)


# Waits for its turn on the standard input, so that all begin together, and then adds ten runs.
WRITER = """
import sys
from pathlib import Path
from pytest_memopt.history.records import Environment, RunRow, TestRow
from pytest_memopt.history.store import HistoryStore

here = Environment(machine="m", platform="linux-x86_64", python="CPython 3.11")
tests = [TestRow(nodeid=f"test_{place}", outcome="passed", verdict="ok", duration_s=0.1) for place in range(50)]
print("ready", flush=True)
sys.stdin.readline()
with HistoryStore.open(Path(sys.argv[1])) as store:
    for day in range(10, 20):
        started = f"2026-01-{day}T00:00:00Z"
        store.add_run(RunRow(started=started, duration_s=1, environment=here, plugin_version="0"), tests)
"""


def test_processes_that_write_at_once_all_succeed(path):
    """Three processes that make and fill one history at the same time lose nothing."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", WRITER, str(path)]
    writers = [
        subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    assert [writer.stdout.readline() for writer in writers] == ["ready\n"] * 3
    for writer in writers:
        writer.stdin.write("\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
    assert [writer.returncode for writer in writers] == [0, 0, 0]
    with HistoryStore.open(path, read_only=True) as store:
        runs = store.runs()
        assert len({found.uid for found in runs}) == 30
        assert {found.test_count for found in runs} == {50}


class Interrupted:
    """A connection, between two of whose statements another process makes the history."""

    def __init__(self, path, statements_before):
        self._own = sqlite3.connect(path, isolation_level=None)
        self._path = path
        self._left = statements_before

    def execute(self, sql):
        if self._left == 0:
            HistoryStore.open(self._path).close()
        self._left -= 1
        return self._own.execute(sql)

    def close(self):
        self._own.close()


@pytest.mark.parametrize("statements_before", range(4))
def test_a_history_that_is_made_meanwhile_is_one(tmp_path, statements_before):
    """Whenever another process makes the history while its format is asked for, it isn't taken for somebody else's."""
    path = tmp_path / "history.db"
    with closing(Interrupted(path, statements_before)) as connection:
        assert schema.check_format(connection, path, len(schema.MIGRATIONS)) in {0, len(schema.MIGRATIONS)}
