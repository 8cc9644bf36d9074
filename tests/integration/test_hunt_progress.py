"""While a hunt takes long a terminal shows how it stands; a pipe, a quiet run and the test's own output know nothing of it."""

from __future__ import annotations

import json
import re
from textwrap import dedent

import pytest

AT_ONCE = {
    "conftest.py": "from pytest_memopt.plugin import leak_hunt\nleak_hunt.SILENT_S = 0.0\n",
    "test_calm.py": dedent("""
        def test_empty(): pass
        def test_captures(capfd):
            print("x")
            assert capfd.readouterr().out == "x\\n"
    """),
}
SLOW = {"test_slow.py": "import time\ndef test_slow(): time.sleep(0.4)\n"}
HUNT = ("--memopt-leaks", "--memopt-no-history", "--color=no")


def test_progress_does_not_move_the_needle(serial_project, shown_on_terminal):
    """A line that is painted in every round costs no round: each of four reads 0, and ``capfd`` gets nothing of it."""
    project = serial_project.with_files(AT_ONCE)
    target = project.path / "out.json"
    shown = shown_on_terminal(project, *HUNT, f"--memopt-json={target}")
    for name, left in (("test_empty", "1 test to come"), ("test_captures", "the last test")):
        assert all(f"::{name}  leak hunt, run {run}: " in shown for run in (1, 2, 3, 4))
        assert f"left, {left}\x1b8\x1b[J" in shown
    assert "run 4: flat, " in shown
    hunts = [test["leak"] for test in json.loads(target.read_text(encoding="utf-8"))["tests"]]
    for one in hunts:
        one["series"].pop("rss_bytes", None)  # the kernel's pages come and go: they are no exact signal
    assert [(one["verdict"], one["rounds"], one["series"]) for one in hunts] == [("clean", 4, {})] * 2


@pytest.mark.parametrize("args", [("-qq",), ("-s",), ("-p", "no:terminal"), ("-o", "log_cli=true")])
def test_nothing_is_painted_that_nobody_wants(serial_project, shown_on_terminal, args):
    """Very quiet runs, and runs in which tests write to the terminal themselves, have no line that comes and goes."""
    assert "leak hunt" not in shown_on_terminal(serial_project.with_files(AT_ONCE), *HUNT, *args)


def test_a_hunt_in_a_process_of_its_own_is_waited_for_in_sight(serial_project, shown_on_terminal):
    """While the other process hunts, the test, the time and the tests to come are shown, and erased when it has answered."""
    project = serial_project.with_files({**SLOW, "test_slower.py": SLOW["test_slow.py"]})
    shown = shown_on_terminal(project, *HUNT, "--memopt-isolate")
    assert "test_slow.py::test_slow  leak hunt, in a process of its own, " in shown
    assert re.search(r"own, [0-9.]+ s, [0-9][0-9 mins.]* left, 1 test to come\x1b8", shown)
    assert "left, the last test\x1b8\x1b[J" in shown
    assert "2 passed" in shown


def test_a_pipe_gets_a_line_for_each_slow_hunt(project):
    """Nothing without ``-v``; with it the test, the seconds, the runs and the verdict, wherever it ran, and the slowest in the summary."""
    silent = project.with_files(SLOW).run(*HUNT, "--memopt-report")
    assert not silent.lines_with("leak hunt")
    assert silent.lines_with("4 runs at least: a leak in every third run is seen")
    told = project.execute(*HUNT, "--memopt-report", "-v")
    assert len(told.lines_with("  leak hunt in test_slow.py::test_slow: ", " s, 4 runs, clean")) == 1
    assert told.lines_with("slowest hunts:")
    assert told.counts == silent.counts == {"passed": 1}
    assert not told.lines_with("\x1b")
