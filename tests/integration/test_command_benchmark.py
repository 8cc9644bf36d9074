"""``memopt benchmark`` in a process of its own: the demonstration, a factory of one's own, and what fails."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from textwrap import dedent

import pytest

APP = """
    import sqlite3

    def create():
        database = sqlite3.connect(":memory:")
        for number in range(20):
            database.execute(f"create table t{number} (id integer primary key)")
        database.commit()
        return database

    def roll_back(database): database.rollback()
    def write(database): database.execute("insert into t1 default values")
    def broken(): raise LookupError("no server")
"""


@pytest.fixture
def benchmark(tmp_path):
    """Runs the command in a folder with a module."""
    (tmp_path / "app.py").write_text(dedent(APP), encoding="utf-8")

    def run(*args):
        command = [sys.executable, "-m", "pytest_memopt", "benchmark", *args]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)

    return run


def test_the_demonstration_saves_nine_tenths(benchmark):
    """What takes 20 ms to build saves 90 % and more when it is pooled, at the low end of the interval too."""
    done = benchmark("--json")
    assert (done.returncode, done.stderr) == (0, "")
    (found,) = json.loads(done.stdout)["comparisons"]
    assert (found["verdict"], len(found["anew_s"])) == ("faster", 100)
    assert found["anew_median_s"] >= 0.02
    assert found["saved_share"]["low"] >= 0.9
    assert found["held_bytes"] > 0


def test_a_database_is_reset_and_used(benchmark):
    """A factory with its reset and use is compared, and told in a table and sentences; which is faster the machine decides."""
    done = benchmark("app:create", "--reset", "app:roll_back", "--use", "app.py:write", "--pairs", "6")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^create: (pooling is (faster|slower)|no difference)", done.stdout, re.MULTILINE)
    assert "6 pairs: " in done.stdout


def test_a_factory_that_fails_is_named(benchmark):
    """One sentence names the type, the operation and the error; there is no traceback."""
    done = benchmark("app:broken")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "memopt: resource type 'broken' can't be compared with its pool: its factory raised LookupError: no server\n"
    )
