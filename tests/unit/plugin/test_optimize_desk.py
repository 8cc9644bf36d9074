"""The process that prints, with regard to optimisation."""

from types import SimpleNamespace

import pytest

from pytest_memopt.optimize.effect import Effect
from pytest_memopt.optimize.experience import Experience
from pytest_memopt.optimize.suite_effect import StrategyEffect
from pytest_memopt.plugin import optimize_desk
from pytest_memopt.plugin.experience_history import HistoryMemory
from pytest_memopt.plugin.optimize_desk import LEARNED_FROM_S, OUTPUT, OptimizeDesk, desk_of
from pytest_memopt.report.advice import Advice, AdviceKind
from pytest_memopt.settings import Settings

HELPED = StrategyEffect("compact", Effect.HELPED, "less", 1, freed_rss_bytes=5_000_000)
ADVICE = Advice(AdviceKind.IMPORT, "a", "`import a` costs", saving_s=0.5, saving_bytes=100)
IDLE = StrategyEffect("cleanup", Effect.NO_EFFECT, "nothing called for it")


class Config:
    """A configuration whose plugins are a dictionary."""

    def __init__(self, verbosity=0, **plugins):
        self.pluginmanager = SimpleNamespace(get_plugin=plugins.get)
        self.get_verbosity = lambda: verbosity


class Writer:
    """A terminal writer that keeps its lines."""

    def __init__(self):
        self.lines = []
        self._file = SimpleNamespace(encoding="utf-8")

    def line(self, text, **_markup):
        self.lines.append(text)


@pytest.fixture
def clock(monkeypatch):
    """Seconds that pass when they are told to."""
    state = SimpleNamespace(now_s=0.0)
    monkeypatch.setattr(optimize_desk, "perf_counter", lambda: state.now_s)
    return state


@pytest.fixture
def path(tmp_path):
    """Where the history goes."""
    return tmp_path / "history.db"


def shown(desk):
    """The lines of its summary."""
    writer = Writer()
    desk.pytest_terminal_summary(SimpleNamespace(_tw=writer))
    return writer.lines


def test_a_run_of_some_seconds_teaches(clock, path):
    """What was tried is remembered by the next run, and what was not leaves no trace."""
    desk = OptimizeDesk(Config(), Settings(history_path=path))
    desk.take([HELPED, IDLE])
    clock.now_s = LEARNED_FROM_S
    desk.pytest_sessionfinish()
    assert OptimizeDesk(Config(), Settings(history_path=path)).known() == {"compact": Experience(1, 1)}


@pytest.mark.parametrize(
    ("seconds", "settings", "effects"),
    [
        (LEARNED_FROM_S - 1, {}, [HELPED]),
        (LEARNED_FROM_S, {}, [IDLE]),
        (LEARNED_FROM_S, {"history_path": None}, [HELPED]),
    ],
    ids=["short", "nothing tried", "no history"],
)
def test_what_leaves_no_trace(clock, path, seconds, settings, effects):
    """A short run, one in which nothing was tried, and one without a history write nothing."""
    desk = OptimizeDesk(Config(), Settings(**{"history_path": path, **settings}))
    desk.take(effects)
    clock.now_s = seconds
    desk.pytest_sessionfinish()
    assert not path.exists()
    assert desk.known() == {}


def test_a_run_that_keeps_a_report_teaches_however_short(clock, path):
    """The history is written anyway then."""
    desk = OptimizeDesk(Config(), Settings(report=True, history_path=path))
    desk.take([HELPED])
    desk.pytest_sessionfinish()
    assert HistoryMemory(path).load() == {"compact": Experience(1, 1)}


def test_a_history_that_cannot_be_used_is_a_line(clock, path):
    """Neither reading nor writing it stops the run."""
    path.mkdir()
    desk = OptimizeDesk(Config(), Settings(history_path=path))
    assert desk.known() == {}
    desk.take([HELPED])
    clock.now_s = LEARNED_FROM_S
    desk.pytest_sessionfinish()
    lines = shown(desk)
    assert [line for line in lines if line.startswith("memopt: ")]
    assert [line for line in lines if line.startswith("optimised: compact:")]


def test_a_damaged_history_is_a_line(clock, path):
    """What can't be read is told once, and not written over."""
    path.write_bytes(b"this is no database at all" * 100)
    desk = OptimizeDesk(Config(), Settings(history_path=path))
    desk.take([HELPED])
    clock.now_s = LEARNED_FROM_S
    desk.pytest_sessionfinish()
    assert len([line for line in shown(desk) if "history" in line]) == 1
    assert path.read_bytes().startswith(b"this is no database")


def test_workers_are_told_and_asked(clock, path):
    """A worker gets what is known; what it found comes back, one that died brings nothing."""
    HistoryMemory(path).store({"compact": Experience(3, 2)})
    desk = OptimizeDesk(Config(), Settings(history_path=path))
    node = SimpleNamespace(workerinput={})
    desk.pytest_configure_node(node)
    assert node.workerinput == {OUTPUT: {"compact": [3, 2]}}
    for peak_bytes in (7 * 1024**2, None):
        wire = {"effects": [HELPED.to_wire()], "advice": [ADVICE.to_wire()], "peak_rss_bytes": peak_bytes}
        desk.pytest_testnodedown(SimpleNamespace(workeroutput={OUTPUT: wire}))
    desk.pytest_testnodedown(SimpleNamespace())
    assert desk.effects() == (HELPED._replace(applied_count=2, freed_rss_bytes=10_000_000),)
    assert desk.advice() == [ADVICE._replace(saving_s=1.0, saving_bytes=200)]
    assert "peak RSS 7.0 MiB" in shown(desk)[0]
    assert shown(desk)[1] == "advice: `import a` costs"


def test_the_report_tells_it_instead(clock):
    """With the summary there are no lines besides, but for a quiet one; what is switched off is always told."""
    for verbosity, is_silent in ((0, True), (-1, False)):
        desk = OptimizeDesk(Config(verbosity), Settings(report=True))
        desk.take([HELPED])
        assert (shown(desk) == []) is is_silent
    assert shown(OptimizeDesk(Config(), Settings(report=True), "X")) == ["optimised: nothing, as X"]


def test_the_desk_is_found_by_who_sums_up(clock):
    """Where nothing is optimised there is none, and one that was told of nothing has no advice."""
    desk = OptimizeDesk(Config(), Settings())
    assert desk_of(Config(**{optimize_desk.NAME: desk})) is desk
    assert desk_of(Config()) is None
    assert desk.advice() == []
