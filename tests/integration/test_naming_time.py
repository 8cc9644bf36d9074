"""Naming the culprit of a leak has its time: what it takes is told, and what it didn't do for want of it."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

LEAK = {
    "test_leak.py": dedent("""
        import os

        def take():
            return os.dup(1)

        def test_leak():
            take()
    """),
}
NO_TIME = {"conftest.py": "from pytest_memopt.leaks import growing_line\ngrowing_line._CALLS_SHARE = 0.0\n"}
HUNT = ("--memopt-leaks", "--memopt-no-history", "--color=no")


@pytest.mark.parametrize("args", [(), ("--memopt-isolate",)])
def test_a_line_that_there_was_no_time_for_is_told(serial_project, args):
    """What leaks is named all the same; below it stands what would bring its line."""
    project = serial_project.with_files({**LEAK, **NO_TIME})
    target = project.path / "out.json"
    result = project.run(*HUNT, *args, f"--memopt-json={target}")
    assert result.lines_with("  +1  file descriptor (")
    assert result.lines_with("  time ran out before its line was found: a larger memopt_leaks_budget ")
    (test,) = json.loads(target.read_text(encoding="utf-8"))["tests"]
    assert (test["leak"]["no_line"], test["leak"]["culprits"][0]["site"]) == ("ran-out", None)


MINDS = """
import sys, tracemalloc
REGISTRY = []
class Session: pass
def test_minds_tracing():
    REGISTRY.append(Session())
    assert not tracemalloc.is_tracing()
"""


def test_what_fails_when_it_is_watched_is_named_without_a_line(project):
    """A test that minds being watched leaks all the same: type and holder are told, and why no line is."""
    run = project.with_files({"test_minds.py": MINDS}).measure("--memopt-leaks")
    leak = run.test("::test_minds_tracing")["leak"]
    assert (leak["signature"], leak["no_line"]) == ("test_minds.REGISTRY[*] <- test_minds.Session", "failed")
    assert run.lines_with("failed when it was watched")


def test_a_line_that_is_found_is_all_that_is_told(serial_project):
    """With time enough nothing is said of time."""
    result = serial_project.with_files(LEAK).run(*HUNT)
    assert result.lines_with("allocated at test_leak.py:5 in take")
    assert not result.lines_with("time ran out")


def test_a_terminal_shows_that_the_culprit_is_looked_for(serial_project, shown_on_terminal):
    """From the end of the hunt on, when no run is counted any more, until the line is found."""
    shown = shown_on_terminal(serial_project.with_files(LEAK), *HUNT)
    assert shown.count("test_leak.py::test_leak  leak hunt, looking for the culprit, ") == 5
