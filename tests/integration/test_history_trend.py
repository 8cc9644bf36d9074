"""Over several runs: their numbers, the step in a test's memory, and the commit where it came."""

from __future__ import annotations

import subprocess
from textwrap import dedent

import pytest


def _suite(size):
    return {
        "test_trend.py": dedent(f"""
            KEPT = []
            def test_steps():
                KEPT.append(bytes({size}))
            def test_is_steady():
                KEPT.append(bytes(300_000))
            def test_nothing():
                pass
        """),
        ".gitignore": ".memopt\n__pycache__\n.pytest_cache\nmemopt-out.json\n",
    }


@pytest.fixture
def git(serial_project, monkeypatch):
    """A function that runs git in the project, with an identity and no settings from outside."""
    for name, value in [
        ("GIT_AUTHOR_NAME", "A"),
        ("GIT_AUTHOR_EMAIL", "a@example.org"),
        ("GIT_COMMITTER_NAME", "A"),
        ("GIT_COMMITTER_EMAIL", "a@example.org"),
        ("GIT_CONFIG_GLOBAL", "/dev/null"),
        ("GIT_CONFIG_NOSYSTEM", "1"),
    ]:
        monkeypatch.setenv(name, value)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)

    def run(*args):
        done = subprocess.run(["git", *args], cwd=serial_project.path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    try:
        run("init", "-b", "trunk")
    except (OSError, AssertionError):
        pytest.skip("needs git")
    return run


def _commit(git, project):
    project.write()
    git("add", "-A")
    git("commit", "-qm", "a change")
    return git("rev-parse", "HEAD")


def test_steps_are_told_with_run_and_commit(serial_project, git):
    """A test that grows by more from one commit on is told with the run and the commit; steady tests are not."""
    args = ("--memopt-report",)
    before = serial_project.with_files(_suite(100_000))
    first_commit = _commit(git, before)
    first = before.measure(*args)
    assert (first.document["run"]["id"], first.document["run"]["commit"]) == (1, first_commit)
    assert (first.document["run"]["branch"], first.document["run"]["dirty"]) == ("trunk", False)
    assert first.document["session"]["trend"]["verdict"] == "too few runs"
    assert [before.measure(*args).document["run"]["id"] for _ in range(2)] == [2, 3]
    after = serial_project.with_files(_suite(500_000))
    second_commit = _commit(git, after)
    last = after.measure(*args)
    last.assert_no_crash()
    assert (last.document["run"]["id"], last.document["session"]["trend"]["runs"]) == (4, 4)
    step = last.test("::test_steps")["trend"]
    assert (step["step_run"], step["step_commit"]) == (4, second_commit[:7])
    assert step["step_bytes"] == pytest.approx(400_000, rel=0.05)
    assert [round(value, -5) for value in step["growth_bytes"]] == [100_000, 100_000, 100_000, 500_000]
    assert last.test("::test_is_steady")["trend"]["step_bytes"] is None
    assert last.lines_with("since run 4", f"({second_commit[:7]})", "KiB")
    assert len(last.lines_with("since run")) == 1


def test_work_trees_with_changes_are_dirty(serial_project, git):
    """A run on a work tree with changes says so; without a repository a run has no commit."""
    clean = serial_project.with_files(_suite(1000))
    _commit(git, clean)
    run = serial_project.with_files(_suite(2000)).measure("--memopt-report")
    assert run.document["run"]["dirty"] is True
