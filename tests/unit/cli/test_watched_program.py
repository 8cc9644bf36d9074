"""A program under the monitor, put together from fakes: what is read before it, while it runs, and at its end."""

import sys

import pytest

from pytest_memopt.bounded_series import Point
from pytest_memopt.cli.programs import watched as module
from pytest_memopt.cli.programs.running import EndKind
from pytest_memopt.cli.programs.target import Target, TargetKind
from pytest_memopt.cli.programs.watched import Watch, run_watched
from pytest_memopt.optimize.analysis import MemoryAnalysis
from pytest_memopt.optimize.monitor import MonitorCost
from pytest_memopt.optimize.thresholds import Thresholds
from tests.unit.profiles import PROFILE

POINTS = (Point(0.0, 1), Point(1.0, 2))


@pytest.fixture
def log(monkeypatch, tmp_path):
    """What happened, in order; the program notes its begin."""
    events = []

    class Monitor:
        cost = MonitorCost(0.1, 1.0)

        def __init__(self, interval_s):
            events.append(f"monitor each {interval_s} s")

        def __enter__(self):
            events.append("watching")
            return self

        def __exit__(self, *_):
            events.append("watched")

        def rss(self):
            return POINTS

    def analyze(*, thresholds, monitor, recorder):
        events.append(f"analysis, __main__ is {sys.modules['__main__'].NAME}, {thresholds.objects_count}")
        return MemoryAnalysis(PROFILE)

    def take_profile(top):
        events.append("profile")
        return PROFILE

    monkeypatch.setattr(module, "MemoryMonitor", Monitor)
    monkeypatch.setattr(module, "analyze", analyze)
    monkeypatch.setattr(module, "take_profile", take_profile)
    monkeypatch.setattr(module, "LiveFigures", lambda _: type("Fake", (), {"line": lambda self: ""})())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "watched_log", events, raising=False)
    program = "import sys, xmlrpc\nNAME = 'app'\nsys.watched_log.append('program')\nprint('said')\n"
    (tmp_path / "app.py").write_text(program, encoding="utf-8")
    return events


def test_a_program_is_watched_and_looked_at_at_its_end(log, capsys):
    """A look before, the monitor around it, and the analysis while all that it holds is in place."""
    run = run_watched(Target(TargetKind.SCRIPT, "app.py"), Watch(Thresholds(objects_count=7), 0.5))
    assert log == ["monitor each 0.5 s", "profile", "watching", "program", "watched", "analysis, __main__ is app, 7"]
    assert (run.ending.kind, run.rss, run.cost, run.interval_s) == (EndKind.FINISHED, POINTS, (0.1, 1.0), 0.5)
    assert run.first_counts == {"dict": 900, "app.Session": 400}
    assert (run.analysis.profile, run.imports) == (PROFILE, None)
    assert capsys.readouterr() == ("said\n", "")


def test_imports_are_measured_where_they_are_wanted(log, monkeypatch, capsys):
    """Those of the program, and its output goes to stderr where it is to be quiet."""
    monkeypatch.delitem(sys.modules, "xmlrpc", raising=False)
    run = run_watched(Target(TargetKind.SCRIPT, "app.py"), Watch(with_imports=True, is_quiet=True))
    assert [cost.module for cost in run.imports.costs] == ["xmlrpc"]
    assert capsys.readouterr() == ("", "said\n")


def test_a_forked_child_is_not_looked_at(log, monkeypatch):
    """All but its ending is empty."""
    ending = module.Ending(EndKind.EXITED, 7, is_fork=True)
    monkeypatch.setattr(module, "run_to_end", lambda load: ending)
    run = run_watched(Target(TargetKind.SCRIPT, "app.py"), Watch())
    assert (run.ending, run.analysis, run.rss) == (ending, MemoryAnalysis(), ())
    assert log[-1] == "watched"


def test_with_analysis_switched_off_it_is_just_run(log, monkeypatch):
    """No look, no monitor, no analysis."""
    monkeypatch.setenv("ENABLE_MEMORY_ANALYSIS", "no")
    run = run_watched(Target(TargetKind.SCRIPT, "app.py"), Watch())
    assert (run.ending.kind, run.analysis, log) == (EndKind.FINISHED, MemoryAnalysis(), ["program"])
