"""Memory while tests run: when it is shown, where, and when it gives way."""

from types import SimpleNamespace

import pytest

from pytest_memopt.meters.measurement import Measurement
from pytest_memopt.plugin import live_progress
from pytest_memopt.plugin.live_progress import LiveProgress, Memory, PaintedLine, ToldLine, display_of
from pytest_memopt.plugin.run_ledger import RunLedger
from pytest_memopt.plugin.screen import Screen
from pytest_memopt.report.typeface import Typeface
from pytest_memopt.verdicts.record import Outcome, TestRecord, VerdictKind
from tests.unit.plugin.terminals import ERASE, Configuration, NotingWriter, painted, reporter_on

MIB = 1024**2


@pytest.fixture
def ledger(clock):
    """The ledger of a run that has just begun."""
    return RunLedger(clock)


def add(ledger, mib, worker=None):
    """A test is over, after which its process has so much."""
    measured = Measurement(growth_bytes=0, rss_start_bytes=mib * MIB, rss_end_bytes=mib * MIB)
    name = f"test_{len(ledger.records())}"
    record = TestRecord(name, Outcome.PASSED, VerdictKind.OK, measured=measured, worker=worker)
    ledger.add({"record": record})


def test_a_line_is_painted_a_few_times_a_second(ledger):
    """New figures are looked for every quarter of a second; in between the line is only put back where it was erased."""
    writer = NotingWriter()
    sent = writer._file.sent
    display = PaintedLine(Memory(ledger), Screen(writer))
    display.show(0.0)
    assert not sent  # nothing is known yet
    add(ledger, 10)
    display.show(0.2)
    assert not sent
    for now_s in (0.25, 0.3, 0.49):
        display.show(now_s)
    add(ledger, 30)
    first = painted("  RSS 10.0 MiB · peak 10.0 MiB · ▁")
    assert sent == [first]
    writer.write("\n")
    display.show(0.49)
    assert sent[1:] == [ERASE, "\n", first]
    display.show(0.5)
    assert sent[4:] == [painted("  RSS 30.0 MiB · peak 30.0 MiB · ▁█")]
    display.give_way()
    display.end()
    assert sent[5:] == [ERASE]


def test_a_log_gets_a_line_twice_a_minute(ledger):
    """Where nothing can be erased a line stands for half a minute of tests, and none for a quick run."""
    told = []
    writer = NotingWriter(width_of_current_line=3)
    writer.line = lambda: told.append("new line")
    reporter = SimpleNamespace(_tw=writer, write_line=told.append, ensure_newline=lambda: None)
    display = ToldLine(Memory(ledger), reporter, 5.0)
    display.show(40.0)
    assert not told
    add(ledger, 10)
    for now_s in (40.1, 69.9, 70.0, 99.9):
        display.show(now_s)
        display.give_way()
    display.end()
    assert told == ["new line", "memory after 1 test · RSS 10.0 MiB · peak 10.0 MiB · ▁"]


@pytest.mark.parametrize("workers", [(None,), ("gw0", "gw1")])
def test_the_slope_is_looked_for_now_and_then(ledger, clock, workers):
    """Every ten seconds, as it costs more than all else; with workers, whose course is not drawn, too."""
    memory = Memory(ledger)
    for _ in range(100):
        clock.pass_by(1.0)
        for index, worker in enumerate(workers):
            add(ledger, 100 + int(clock()) * index, worker)

    def slope(_, trend, *__):
        return trend.slope_mb_per_minute

    at = [memory.line(80, Typeface.for_encoding("ascii"), now_s, slope) for now_s in (9.9, 10.0, 11.0)]
    assert at == [None, *[pytest.approx(60.0 * (len(workers) - 1), abs=1.0)] * 2]


def test_hooks_lead_to_the_display(monkeypatch, ledger):
    """A test that may go past the capturing has the terminal for itself; before the first and after the last nothing is shown."""
    seen = []
    display = SimpleNamespace(show=seen.append, give_way=lambda: seen.append("way"), end=lambda: seen.append("end"))
    monkeypatch.setattr(live_progress, "display_of", lambda *_: display)
    hooks = LiveProgress(SimpleNamespace(), ledger, lambda: 7.0)
    hooks.pytest_runtest_logstart()
    hooks.pytest_sessionfinish()
    assert not seen
    hooks.pytest_runtestloop()
    for fixtures in (["tmp_path"], ["tmp_path", "capfd"]):
        hooks.pytest_runtest_protocol(SimpleNamespace(fixturenames=fixtures))
        hooks.pytest_runtest_logstart()
    hooks.pytest_runtest_logfinish()
    hooks.pytest_runtest_protocol(SimpleNamespace())
    hooks.pytest_runtest_logstart()
    hooks.pytest_sessionfinish()
    assert seen == [7.0, "way", 7.0, 7.0, "end"]


def logging_live(is_live):
    """The plugin that writes logs to the terminal while tests run, if it is asked to."""
    return SimpleNamespace(_log_cli_enabled=lambda: is_live)


@pytest.mark.parametrize(
    ("home", "known", "logs_live", "shown"),
    [
        ("_pytest.terminal", {}, False, PaintedLine),
        ("_pytest.terminal", {"verbosity": -1}, False, PaintedLine),
        ("_pytest.terminal", {"verbosity": -2}, False, None),
        ("_pytest.terminal", {"capture": "no"}, False, ToldLine),
        ("_pytest.terminal", {}, True, ToldLine),
        ("pytest_sugar", {}, False, None),
    ],
)
def test_where_memory_is_shown(monkeypatch, ledger, home, known, logs_live, shown):
    """Painted in a terminal that tests don't write to, told elsewhere; not at all in a very quiet run or beside another reporter."""
    monkeypatch.setenv("TERM", "xterm")
    plugins = {"terminalreporter": reporter_on(NotingWriter(), home), "logging-plugin": logging_live(logs_live)}
    display = display_of(Configuration(plugins, **known), Memory(ledger), 0.0)
    assert type(display) is (shown or type(None))


def test_without_a_reporter_nothing_is_shown(ledger):
    """``-p no:terminal``: there is nobody to write to."""
    assert display_of(Configuration({}), Memory(ledger), 0.0) is None
