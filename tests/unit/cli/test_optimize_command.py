"""``memopt optimize`` and ``memopt stats`` on a program: what is tried, and what is told."""

import io
import json
import sys

import pytest

from pytest_memopt.cli import program_stats
from pytest_memopt.cli.main import main
from pytest_memopt.cli.optimize import chosen_optimizer
from pytest_memopt.cli.programs import optimized as module
from pytest_memopt.cli.programs.running import Ending, EndKind
from pytest_memopt.errors import UsageError
from pytest_memopt.history.records import Environment
from pytest_memopt.history.store import HistoryStore
from pytest_memopt.optimize.effect import Effect
from pytest_memopt.optimize.outcome import Judgement, Optimization, Outcome
from pytest_memopt.optimize.paired_effect import PAIRS, CallFigures, PairedEffect

MIB = 1024**2
HELPED = Outcome(
    "compact", Judgement(Effect.HELPED, "8.0 MiB less resident", 0, 8 * MIB), duration_s=0.2, changed=("trimmed",)
)
NOTHING = Outcome("gc", Judgement(Effect.NO_EFFECT, "nothing moved"), duration_s=0.001)
DONE = Optimization((HELPED, NOTHING), ("cleanup",), 0.5)
STATS = {
    "current_memory_mb": 12.3,
    "rss_mb": 30.1,
    "peak_rss_mb": None,
    "fragmentation_ratio": 0.25,
    "object_count": 30_000,
    "thread_count": 1,
    "fd_count": None,
    "pools": {},
    "gc": {"collections": [10, 2, 1], "collected_count": 7},
}
APP = """
import sys
CALLS = []
def work():
    CALLS.append(1)
    print("called")
def once():
    if CALLS: raise KeyError("no more")
    CALLS.append(1)
def interrupted():
    if CALLS: raise KeyboardInterrupt
    CALLS.append(1)
def broken():
    raise ValueError("x")
if __name__ == "__main__":
    print("hello", *sys.argv[1:])
    sys.exit(len(sys.argv) - 1)
"""


class FakeOptimizer:
    """Gives a scripted result, and notes what was asked of it."""

    def __init__(self, result, log):
        self._result = result
        self._log = log

    def watch(self):
        return self._noted("watch")

    def applied(self):
        return self._noted("applied")

    def optimize(self):
        self._log.append("optimize")
        return self._result

    def revert(self):
        self._log.append("revert")

    def _noted(self, word):
        log = self._log

        class Noted:
            def __enter__(self):
                log.append(word)

            def __exit__(self, *_):
                log.append(f"no more {word}")

        return Noted()


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder, on a screen of 80 columns without colour, with a program."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "optimized_app.py").write_text(APP, encoding="utf-8")
    yield tmp_path
    sys.modules.pop("optimized_app", None)


@pytest.fixture
def log(monkeypatch):
    """What was asked of the optimizer, which gives ``DONE``; pairs are scripted too."""
    events = []
    monkeypatch.setattr("pytest_memopt.cli.optimize.chosen_optimizer", lambda _: FakeOptimizer(DONE, events))

    def measure_pairs(work, applied, count):
        events.append(f"{count} pairs")
        with applied():
            work()
        plain = (CallFigures(1.0, 8 * MIB),) * count
        return PairedEffect(plain, (CallFigures(0.5, 4 * MIB),) * count, 0.1)

    monkeypatch.setattr(module, "measure_pairs", measure_pairs)
    return events


def lines_of(text):
    """Lines without the blanks at their ends."""
    return [line.rstrip() for line in text.splitlines()]


def test_a_script_is_optimised_at_its_end(log, capsys):
    """Its collections are counted while it runs; what each strategy did is told on stderr; all is put back."""
    assert main(["optimize", "optimized_app.py", "a"]) == 1
    out, err = capsys.readouterr()
    assert out == "hello a\n"
    assert log == ["watch", "no more watch", "optimize", "revert"]
    lines = lines_of(err)
    assert lines[1].startswith("optimized_app.py exited with 1, after ")
    assert lines[2:] == [
        "  compact  helped, in 0.2 s: 8.0 MiB less resident; trimmed",
        "  gc       no effect, in 1 ms: nothing moved",
        "not called for: cleanup",
        "saved 8.0 MiB (0 B in use, 8.0 MiB resident); trying took 0.5 s",
    ]


def test_a_callable_is_compared_in_pairs(log, capsys):
    """It is called again, without and with the strategies, and both are compared with an interval."""
    assert main(["optimize", "optimized_app:work"]) == 0
    assert log[-4:] == ["revert", "9 pairs", "applied", "no more applied"]
    out, err = capsys.readouterr()
    assert out == "called\n" * 2
    assert lines_of(err)[-4:] == [
        "further calls, 9 pairs of one without and one with the strategies in force:",
        "  time      faster: 0.50 of the time (95 % sure: 0.50 to 0.50)",
        "  peak RSS  lower: -4.0 MiB (95 % sure: -4.0 MiB to -4.0 MiB)",
        "  price     0.1 s each time to optimise, which is not in these times",
    ]


def test_a_peak_that_is_not_told_is_said_so(log, monkeypatch, capsys):
    """And a time that is the same is no effect."""
    same = (CallFigures(1.0, None),) * PAIRS
    monkeypatch.setattr(module, "measure_pairs", lambda *_: PairedEffect(same, same, 0.1))
    main(["optimize", "optimized_app:work"])
    lines = lines_of(capsys.readouterr().err)
    assert "  time      no effect: 1.00 of the time (95 % sure: 1.00 to 1.00)" in lines
    assert "  peak RSS  not told here" in lines
    main(["optimize", "--json", "optimized_app:work"])
    assert json.loads(capsys.readouterr().out)["effect"]["peak_change_bytes"] is None


def test_json_has_all_of_it(log, capsys):
    """One document on stdout; what the program prints goes to stderr."""
    assert main(["optimize", "--json", "--pairs", "6", "optimized_app:work"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert err == "called\n" * 2
    assert (document["program"]["kind"], document["program"]["exit_code"]) == ("callable", 0)
    assert document["optimization"]["strategies_applied"] == ["compact"]
    effect = document["effect"]
    assert (len(effect["pairs"]), effect["time"], effect["peak"]) == (6, "less", "less")
    assert effect["time_ratio"]["value"] == 0.5
    assert document["problem"] == ""


@pytest.mark.parametrize("words", [["--pairs", "0", "optimized_app:work"], ["optimized_app:broken"]])
def test_pairs_are_only_made_of_what_can_be_called_again(log, words, capsys):
    """Not on request, and not of what raised."""
    main(["optimize", *words])
    assert not any("pairs" in event for event in log)
    assert "further calls" not in capsys.readouterr().err


def test_without_a_strategy_that_is_called_for_nothing_is_compared(monkeypatch, capsys):
    """There would be nothing in force; the total is none."""
    log = []
    nothing = Optimization((), ("cleanup", "gc"), 0.1)
    monkeypatch.setattr("pytest_memopt.cli.optimize.chosen_optimizer", lambda _: FakeOptimizer(nothing, log))
    assert main(["optimize", "optimized_app:work"]) == 0
    assert lines_of(capsys.readouterr().err)[2:] == [
        "not called for: cleanup, gc",
        "no memory saved; trying took 0.1 s",
    ]
    assert "applied" not in log


def test_optimising_that_is_switched_off_is_said_so(monkeypatch, capsys):
    """The program has run, and nothing was tried."""
    off = Optimization(is_enabled=False)
    monkeypatch.setattr("pytest_memopt.cli.optimize.chosen_optimizer", lambda _: FakeOptimizer(off, []))
    assert main(["optimize", "optimized_app:work"]) == 0
    assert lines_of(capsys.readouterr().err)[2:] == ["ENABLE_MEMORY_OPTIMIZATION is off: nothing was tried"]


@pytest.mark.parametrize(("name", "why"), [("once", "raised KeyError: 'no more'"), ("interrupted", "interrupted")])
def test_a_further_call_that_fails_is_told(log, name, why, capsys):
    """What the strategies did is told all the same; the code says that the comparison is missing."""
    assert main(["optimize", f"optimized_app:{name}"]) == 2
    assert lines_of(capsys.readouterr().err)[-2:] == [
        "saved 8.0 MiB (0 B in use, 8.0 MiB resident); trying took 0.5 s",
        f"further calls could not be compared: {why}",
    ]


@pytest.mark.parametrize("command", ["optimize", "stats"])
def test_a_forked_child_says_nothing(log, monkeypatch, command, capsys):
    """Its code is its own, and all else is its parent's."""
    ending = Ending(EndKind.EXITED, 7, is_fork=True)
    monkeypatch.setattr(module, "run_to_end", lambda _: ending)
    monkeypatch.setattr(program_stats, "run_to_end", lambda _: ending)
    assert main([command, "optimized_app.py"]) == 7
    assert capsys.readouterr() == ("", "")
    assert "optimize" not in log


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "there is no history at"),
        (["--strategies", "gc,magic", "optimized_app.py"], "--strategies: 'magic' is none; there are cleanup"),
        (["--pairs", "3", "optimized_app:work"], "argument --pairs: 3 pairs tell nothing; give 6 or more, or 0"),
        (["optimized_app:gone"], "'optimized_app:gone': optimized_app has no callable 'gone'"),
    ],
)
def test_what_makes_no_sense_is_refused(words, said, capsys):
    """One sentence on stderr, exit code 2."""
    assert main(["optimize", *words]) == 2
    assert capsys.readouterr().err.startswith(f"memopt: {said}")


@pytest.fixture
def history(folder):
    """An empty history."""
    with HistoryStore.open(folder / ".memopt" / "history.db") as store:
        yield store


def test_without_a_program_the_history_tells_what_helped(history, capsys):
    """How often each strategy was tried, and helped, by machine; what another version wrote is left out."""
    here = Environment(machine="ci", platform="linux-x86_64", python="CPython 3.11")
    history.remember(here, "optimize", {"gc": [5, 4], "compact": [1, 0], "magic": {"tried": 1}})
    assert main(["optimize"]) == 0
    assert lines_of(capsys.readouterr().out) == [
        "CPython 3.11 · linux-x86_64 · ci",
        "  compact  helped in 0 of 1 run",
        "  gc       helped in 4 of 5 runs",
    ]
    assert main(["optimize", "--json"]) == 0
    (_, gc) = json.loads(capsys.readouterr().out)["strategies"]
    assert (gc["name"], gc["tried_count"], gc["helped_count"], gc["environment"]["machine"]) == ("gc", 5, 4, "ci")


def test_a_history_that_knows_nothing_says_what_to_give(history, capsys):
    """Both ways to try strategies are named."""
    assert main(["optimize"]) == 2
    said = capsys.readouterr().err
    assert "--memopt-optimize auto" in said
    assert "module:callable" in said


def test_strategies_are_chosen_by_name():
    """Each once, in the order in which they were given; all where none was."""
    assert [one.name for one in chosen_optimizer(" gc,compact, gc").strategies] == ["gc", "compact"]
    assert {"gc", "compact", "cleanup"} <= {one.name for one in chosen_optimizer(None).strategies}
    with pytest.raises(UsageError):
        chosen_optimizer("")


def test_stats_of_a_program_are_those_of_its_end(monkeypatch, capsys):
    """Its own output stays on stdout, the figures go to stderr; what can't be read is said so, or left out."""
    monkeypatch.setattr(program_stats, "get_memory_stats", lambda: STATS)
    assert main(["stats", "optimized_app.py", "a", "b"]) == 2
    out, err = capsys.readouterr()
    assert out == "hello a b\n"
    assert lines_of(err)[2:] == [
        "  in use     12.3 MB",
        "  RSS        30.1 MB",
        "  peak RSS   not told here",
        "  free       25.0% of what the allocators hold",
        "  objects    30 000 tracked by the garbage collector",
        "  collected  10, 2, 1 times, by generation; 7 objects",
        "  threads    1",
    ]


def test_stats_of_a_program_as_json(monkeypatch, capsys):
    """One document on stdout, with the program and its figures."""
    monkeypatch.setattr(program_stats, "get_memory_stats", lambda: STATS)
    assert main(["stats", "--json", "optimized_app.py"]) == 0
    out, err = capsys.readouterr()
    assert (json.loads(out)["stats"], err) == (STATS, "hello\n")
    assert json.loads(out)["program"]["ending"] == "exited"


def test_stats_that_are_switched_off_are_said_so(monkeypatch, capsys):
    """The program has run, and nothing was read."""
    monkeypatch.setenv("ENABLE_MEMORY_ANALYSIS", "off")
    assert main(["stats", "optimized_app.py"]) == 0
    assert lines_of(capsys.readouterr().err)[2:] == ["ENABLE_MEMORY_ANALYSIS is off: nothing was read"]


@pytest.mark.parametrize(("name", "code"), [("stdout", 0), ("stderr", 2)])
def test_a_stream_that_the_program_closed_is_no_crash(monkeypatch, name, code):
    """Where it is the one that we would tell on, the code says so."""
    stream = io.StringIO()
    monkeypatch.setattr(program_stats, "get_memory_stats", lambda: STATS)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.StringIO())
        patch.setattr(sys, "stderr", io.StringIO())
        patch.setattr(sys, name, stream)
        patch.setattr(program_stats, "run_to_end", lambda _: stream.close() or Ending(EndKind.FINISHED, 0))
        assert main(["stats", "optimized_app.py"]) == code


@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_a_stream_that_is_not_there_is_no_crash(monkeypatch, name):
    """As with ``>&-``: what would be told there is told to nobody."""
    monkeypatch.setattr(program_stats, "get_memory_stats", lambda: STATS)
    with monkeypatch.context() as patch:
        patch.setattr(sys, name, None)
        patch.setattr(program_stats, "run_to_end", lambda _: Ending(EndKind.FINISHED, 0))
        assert main(["stats", "optimized_app.py"]) == 0


def test_an_error_in_figures_is_not_swallowed(monkeypatch):
    """A ``ValueError`` while the streams are open is a fault of ours, and seen."""

    def faulty():
        raise ValueError("figures")

    monkeypatch.setattr(program_stats, "get_memory_stats", faulty)
    with pytest.raises(ValueError, match="figures"):
        main(["stats", "optimized_app.py"])


def test_a_process_and_a_program_are_one_too_many(capsys):
    """The one or the other."""
    assert main(["stats", "--pid", "5", "optimized_app.py"]) == 2
    assert capsys.readouterr().err == "memopt: --pid 5 and optimized_app.py: give one of the two\n"


def test_a_target_without_fragmentation_has_no_line_of_it(monkeypatch, capsys):
    """Where the allocators don't tell, nothing is claimed."""
    monkeypatch.setattr(program_stats, "get_memory_stats", lambda: {**STATS, "fragmentation_ratio": None})
    main(["stats", "optimized_app.py"])
    assert "  free" not in capsys.readouterr().err
