"""``--memopt-history`` and ``--memopt-no-history``: where runs are kept, and by whom."""

from __future__ import annotations

import sqlite3
from contextlib import closing

SUITE = {"tests/test_a.py": "def test_one(): pass\ndef test_two(): pass\n"}


def _rows(path, table):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(f"select count(*) from {table}").fetchone()[0]


def test_each_report_is_one_run(project):
    """Each ``--memopt-report`` adds one run with all tests, whatever the number of processes; ``--memopt`` adds none."""
    project = project.with_files(SUITE)
    assert project.measure("--memopt-report").document["run"]["id"] == 1
    assert project.measure().document["run"]["id"] is None
    second = project.measure("--memopt-report")
    assert second.document["run"]["id"] == 2
    assert second.lines_with("run 2 → .memopt/history.db")
    path = project.path / ".memopt" / "history.db"
    assert second.document["run"]["history_path"] == ".memopt/history.db"
    assert _rows(path, "runs") == 2
    assert _rows(path, "tests") == 4


def test_places(serial_project):
    """A path counts from the root folder; command line beats ini; folders that lack are made."""
    ini = {"pytest.ini": "[pytest]\nmemopt_history = kept/by-ini.db\n"}
    project = serial_project.with_files(SUITE | ini)
    assert project.measure("--memopt-report").document["run"]["history_path"] == "kept/by-ini.db"
    project.measure("--memopt-report", "--memopt-history=other/deep/cli.db", "tests")
    assert (project.path / "kept" / "by-ini.db").is_file()
    assert (project.path / "other" / "deep" / "cli.db").is_file()
    assert not (project.path / ".memopt" / "history.db").exists()
    absolute = project.path / "absolute.db"
    project.measure("--memopt-report", f"--memopt-history={absolute}")
    assert _rows(absolute, "runs") == 1


def test_no_history(serial_project):
    """Without a history nothing is written, and the summary says that it is off; by command line or ini."""
    for ini, args in [("", ("--memopt-no-history",)), ("memopt_no_history = true", ())]:
        suite = SUITE | {"pytest.ini": f"[pytest]\n{ini}\n"}
        run = serial_project.watched().with_files(suite).measure("--memopt-report", *args)
        assert run.document["run"]["id"] is None
        assert run.lines_with("history off")
        assert not list(serial_project.path.rglob("*.db"))
