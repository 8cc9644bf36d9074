"""``memopt analyze``: what is told of a program, of a process, and of the suite."""

import json

import pytest

from pytest_memopt.cli import outside_report
from pytest_memopt.cli.main import main
from pytest_memopt.cli.programs import watched as watched_module
from pytest_memopt.cli.programs.running import Ending, EndKind
from pytest_memopt.errors import MeterError
from pytest_memopt.history.records import Environment, RunRow, TestRow
from pytest_memopt.history.store import HistoryStore
from pytest_memopt.optimize.analysis import MemoryAnalysis
from pytest_memopt.optimize.import_cost import ImportTree
from pytest_memopt.optimize.outside import OutsideLook, OutsideWatch
from pytest_memopt.optimize.thresholds import Thresholds
from tests.unit.cli.watched_runs import TARGET, flat, grown, tree, watched
from tests.unit.profiles import MB, PROFILE, UNREAD, course

LOOK = OutsideLook(100 * MB, None, 5, 2, 1, 10 * MB)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder, on a screen of 80 columns without colour, with a program."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "app.py").touch()
    return tmp_path


@pytest.fixture
def runs(monkeypatch):
    """Has a program come to this, and notes how it was to be watched."""
    asked = []

    def come_to(run):
        def run_watched(target, how):
            asked.append((target, how))
            return run

        monkeypatch.setattr(watched_module, "run_watched", run_watched)
        return asked

    return come_to


def lines_of(text):
    """Lines without the blanks at their ends."""
    return [line.rstrip() for line in text.splitlines()]


def test_a_program_that_grew_is_told_with_all_there_is(runs, capsys):
    """Course, figures, trend, issues, advice and types, on stderr, in 80 columns."""
    asked = runs(grown())
    assert main(["analyze", "app.py", "a"]) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert asked == [(TARGET, watched_module.Watch())]
    lines = lines_of(err)
    assert lines[:9] == [
        "",
        "app.py finished, after 2.0 s",
        "  RSS      57.2 MiB → 238.4 MiB, peak 238.4 MiB  ▁▁▂▂▂▃▃▄▄▄▅▅▅▆▆▇▇▇██",
        "  in use   47.7 MiB of 57.2 MiB that the allocators hold (17% free)",
        "  objects  50 000 tracked · 3 full collections · 1 thread · 5 descriptors",
        "  trend    increasing, +6000.0 MB a minute (99 % sure: +6000.0 to +6000.0) · 20",
        "           samples · watching took 0.5% of a core",
        "issues",
        "  warning  excessive growth: memory grew by 190.0 MB in 1.9 s; the trend is",
    ]
    assert "  1.  stop the growth (at most 190.0 MB): compare take_snapshot() before and" in lines
    assert "types that grew most" in lines
    assert "  400    +400  21.9 KiB  app.Session" in lines
    assert max(map(len, lines)) <= 80


def test_a_program_that_is_fine_has_no_issues(runs, capsys):
    """It is said so, and what there is most of is shown."""
    runs(flat())
    assert main(["analyze", "--fail", "app.py", "a"]) == 0
    lines = lines_of(capsys.readouterr().err)
    assert "no issues: all is within the thresholds" in lines
    assert "no type grew; the most frequent are" in lines
    assert any(line.startswith("  trend    flat (99 % sure: +0.0 to +0.0 MB a minute)") for line in lines)


def test_what_cannot_be_read_is_left_out(runs, capsys):
    """Without samples, allocators and descriptors the rest is told."""
    bare = PROFILE._replace(allocators=UNREAD, threads_count=None, fds_count=None)
    runs(watched(profile=bare))
    main(["analyze", "app.py"])
    lines = lines_of(capsys.readouterr().err)
    assert lines[2:4] == [
        "  objects  50 000 tracked · 3 full collections",
        "  trend    too few samples · 0 samples · watching took 0.5% of a core",
    ]


@pytest.mark.parametrize(
    ("run", "options", "code"),
    [
        (grown(), [], 0),
        (grown(), ["--fail"], 1),
        (flat(ending=Ending(EndKind.EXITED, 3)), ["--fail"], 3),
        (flat(ending=Ending(EndKind.RAISED, 1, "ValueError: x")), [], 1),
        (flat(ending=Ending(EndKind.INTERRUPTED, 130)), [], 130),
    ],
)
def test_the_exit_code_is_the_programs_own(runs, capsys, run, options, code):
    """Unless that is 0, and an issue is to fail."""
    runs(run)
    assert main(["analyze", *options, "app.py"]) == code
    assert str(run.ending) in capsys.readouterr().err


def test_a_forked_child_says_nothing(runs, capsys):
    """Its code is its own, and the analysis is its parent's."""
    runs(flat(ending=Ending(EndKind.EXITED, 7, is_fork=True)))
    assert main(["analyze", "app.py"]) == 7
    assert capsys.readouterr() == ("", "")


def test_json_has_all_of_it(runs, capsys, folder):
    """One document on stdout, nothing on stderr, and the program's output out of the way."""
    asked = runs(grown(imports=tree(folder)))
    assert main(["analyze", "--json", "--imports", "app.py", "a"]) == 0
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert err == ""
    assert asked[0][1].is_quiet
    assert asked[0][1].with_imports
    assert document["format"] == 1
    assert document["program"] == {
        "target": "app.py",
        "kind": "script",
        "args": ["a"],
        "ending": "finished",
        "exit_code": 0,
        "why": "",
        "duration_s": 2.0,
    }
    assert document["analysis"]["memory_trend"] == document["trend"]["verdict"] == "increasing"
    assert document["analysis"]["issues"][0]["kind"] == "excessive growth"
    assert document["rss"][:2] == [[0.0, 60 * MB], [0.1, 70 * MB]]
    assert document["monitor"] == {"interval_s": 0.05, "core_ratio": 0.005}
    assert document["types"][1] == {"type": "app.Session", "count": 400, "bytes": 22_400, "change": 400}
    assert document["imports"]["total_bytes"] == 7 << 20
    assert [one["module"] for one in document["imports"]["advice"]] == ["big.tool"]
    assert document["trend"]["interval"]["low"] > 0


def test_json_of_a_program_that_was_too_short_has_no_interval(runs, capsys):
    """What isn't known is null."""
    runs(watched(MB))
    main(["analyze", "--json", "app.py"])
    document = json.loads(capsys.readouterr().out)
    assert (document["trend"]["interval"], document["imports"]) == (None, None)


def test_imports_are_told_by_their_cost(runs, capsys, folder):
    """The most expensive first, with the line that asked for it, and which to defer."""
    runs(flat(imports=tree(folder)))
    main(["analyze", "--imports", "--top", "2", "app.py"])
    lines = lines_of(capsys.readouterr().err)
    place = lines.index("3 imports: 7.0 MiB, 0.50 s")
    assert lines[place + 1 : place + 6] == [
        "  total      own  seconds  module    first by",
        "4.0 MiB  4.0 MiB    0.200  big.tool  app.py:3",
        "3.0 MiB  1.0 MiB    0.300  big       app.py:3",
        "  →  `import big.tool` (app.py:3) costs 4.0 MiB and 0.20 s that nothing else",
        "     needs: where not each run uses it, import it there, or lazily",
    ]


def test_no_imports_and_estimates_are_said_so(runs, capsys):
    """Where bytes can't be counted, the reason stands beside the sum."""
    runs(flat(imports=ImportTree((), frozenset(), is_exact=False, why="no counts here")))
    main(["analyze", "--imports", "app.py"])
    assert "0 imports: 0 B, 0.00 s (≈: no counts here)" in lines_of(capsys.readouterr().err)


def test_analysis_that_is_switched_off_is_said_so(runs, capsys):
    """The program has run, and nothing was read."""
    runs(flat()._replace(analysis=MemoryAnalysis()))
    assert main(["analyze", "app.py"]) == 0
    assert lines_of(capsys.readouterr().err)[2] == "ENABLE_MEMORY_ANALYSIS is off: nothing was read"
    main(["analyze", "--json", "app.py"])
    assert json.loads(capsys.readouterr().out)["trend"] is None


def test_thresholds_can_be_given(runs, capsys):
    """Each by its name, the others stay as they are."""
    asked = runs(flat())
    given = ["growth=20MB", "in-use=1GB", "fragmentation=25%", "objects=1000", "collections=7"]
    main(["analyze", *(f"--threshold={one}" for one in given), "--interval", "0.5", "app.py"])
    assert asked[0][1].thresholds == Thresholds(10**9, 20 * MB, 0.25, 1000, 7)
    assert asked[0][1].interval_s == 0.5


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--threshold", "size=1MB"], "--threshold 'size=1MB': write NAME=VALUE, with one of in-use, growth"),
        (["--threshold", "growth=many"], "--threshold growth: 'many' is not a size"),
        (["--threshold", "fragmentation=150%"], "--threshold fragmentation: '150%' is not a share"),
        (["--threshold", "fragmentation=x"], "--threshold fragmentation: 'x' is not a share"),
        (["--threshold", "objects=-1"], "--threshold objects: '-1' is not a whole number from 0 up"),
        (["--pid", "5", "app.py"], "--pid 5 and app.py: give one of the two"),
        (["--imports", "--pid", "5"], "--imports tells of a program that is run here"),
        (["--interval", "0", "app.py"], "argument --interval"),
        (["nothing"], "'nothing' is no file"),
    ],
)
def test_what_makes_no_sense_is_refused(words, said, capsys):
    """One sentence on stderr, exit code 2."""
    assert main(["analyze", *words]) == 2
    assert capsys.readouterr().err.startswith(f"memopt: {said}")


@pytest.fixture
def process(monkeypatch):
    """A process that is seen as the trend says."""

    def seen(trend, look=LOOK, has_ended=False):
        asked = []

        def watch_outside(_, duration_s, interval_s, *, tell):
            asked.append((duration_s, interval_s))
            tell(())
            return OutsideWatch(look, look, 200 * MB, (), trend, has_ended)

        monkeypatch.setattr(outside_report, "find_process", lambda pid: pid)
        monkeypatch.setattr(outside_report, "command_of", lambda _: "python serve.py " + "x" * 60)
        monkeypatch.setattr(outside_report, "look_at", lambda _: look)
        monkeypatch.setattr(outside_report, "watch_outside", watch_outside)
        return asked

    return seen


def test_a_process_is_told_from_outside(process, capsys):
    """What the system tells, what it doesn't, and what nobody sees from there, on stdout."""
    asked = process(course(*range(0, 200 * MB, 10 * MB)), has_ended=True)
    assert main(["analyze", "--pid", "42", "--seconds", "3", "--fail"]) == 1
    assert asked == [(3.0, 0.5)]
    lines = lines_of(capsys.readouterr().out)
    assert lines[0].startswith("process 42 (python serve.py xxx")
    assert lines[1].endswith("which has ended, watched for 19.0 s")
    assert lines[2] == "  RSS     95.4 MiB → 95.4 MiB, peak seen 190.7 MiB"
    assert lines[3] == "  USS     not told: it takes the right to trace the process"
    assert lines[4] == "  has     2 threads · 5 descriptors · 1 child with 9.5 MiB resident"
    assert any("excessive growth" in line for line in lines)
    assert max(map(len, lines)) <= 80


def test_a_process_is_told_as_json(process, capsys):
    """The same for programs."""
    process(course(*[MB] * 10))
    assert main(["analyze", "--pid", "42", "--json", "--interval", "2"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["process"]["pid"] == 42
    assert document["process"]["rss_bytes"] == document["first"]["rss_bytes"] == 100 * MB
    assert (document["issues"], document["trend"]["verdict"], document["has_ended"]) == ([], "flat", False)


def test_a_process_of_which_little_is_told(process, capsys):
    """Where the system tells nothing but RSS, nothing else is claimed."""
    process(course(MB), OutsideLook(MB, 2 * MB, None, None, None, None))
    assert main(["analyze", "--pid", "42"]) == 0
    lines = lines_of(capsys.readouterr().out)
    assert "  USS     1.9 MiB" in lines
    assert not any(line.startswith("  has") for line in lines)


def test_a_process_that_may_not_be_looked_at_is_an_error(process, monkeypatch, capsys):
    """One sentence, exit code 2."""
    process(course(MB))

    def refused(*_, **__):
        raise MeterError("process 42 may not be looked at: permission denied")

    monkeypatch.setattr(outside_report, "watch_outside", refused)
    assert main(["analyze", "--pid", "42"]) == 2
    assert capsys.readouterr().err == "memopt: process 42 may not be looked at: permission denied\n"


def test_stats_of_a_process_are_those_of_now(process, capsys):
    """One look, without waiting."""
    process(course(MB))
    assert main(["stats", "--pid", "42"]) == 0
    assert "  RSS     95.4 MiB" in lines_of(capsys.readouterr().out)
    assert main(["stats", "--pid", "42", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["process"]["threads_count"] == 2


HERE = Environment(machine="ci", platform="linux-x86_64", python="CPython 3.11")
MIB = 1024**2


def add_runs(folder, growths, ends=None):
    """A history with one run a growth of ``test_fill``."""
    with HistoryStore.open(folder / ".memopt" / "history.db") as store:
        for day, growth in enumerate(growths, start=1):
            store.add_run(
                RunRow(
                    started=f"2026-01-{day:02}T10:00:00Z",
                    environment=HERE,
                    plugin_version="0.1.0",
                    commit=f"{day:07}abc",
                    duration_s=9.0,
                    rss_start_bytes=50 * MIB,
                    rss_end_bytes=(ends or [100 * MIB] * 99)[day - 1],
                    rss_peak_bytes=200 * MIB,
                    growth_mb_per_minute=0.8,
                ),
                [
                    TestRow("t.py::test_fill", "passed", "ok", 0.1, growth_bytes=growth, objects=30),
                    TestRow("t.py::test_zero", "failed", "breach", 0.1, growth_bytes=0, objects=0),
                ],
            )


def test_the_suite_is_analysed_by_its_history(folder, capsys):
    """A test that grew is an issue, with the run and what to do."""
    add_runs(folder, [0, 0, 0, 0, 0, 12 * MIB])
    assert main(["analyze"]) == 0
    lines = lines_of(capsys.readouterr().out)
    assert lines[0].startswith("suite RSS 100.0 MiB → 100.0 MiB over 6 runs")
    assert lines[-5:] == [
        "issues",
        "  grown  t.py::test_fill keeps +12.0 MiB since run 6 (0000006)",
        "advice",
        '  1.  pytest --memopt-leaks "t.py::test_fill" says what is kept, and who holds',
        "      it",
    ]
    assert main(["analyze", "--fail"]) == 1


def test_the_suite_is_analysed_for_programs(folder, capsys):
    """The same as JSON, with the trends."""
    add_runs(folder, [0, 0, 0, 0, 0, 12 * MIB])
    assert main(["analyze", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["grown"] == ["t.py::test_fill"]
    assert document["run"]["id"] == 6
    assert document["suite"]["verdict"] == "steady"
    assert len(document["advice"]) == 1


def test_a_rising_suite_is_an_issue(folder, capsys):
    """It fails on request, also where no test grew by itself; the test that keeps most is named."""
    add_runs(folder, [4096] * 8, [(100 + 10 * day) * MIB for day in range(8)])
    assert main(["analyze", "--fail"]) == 1
    lines = lines_of(capsys.readouterr().out)
    assert "  rising  the suite's resident memory rises from run to run" in lines
    assert any("t.py::test_fill keeps most, 4.0 KiB" in line for line in lines)
    assert any("memopt compare last-1 last" in line for line in lines)


def test_a_suite_that_keeps_nothing_gets_no_advice(folder, capsys):
    """No issues, no advice."""
    add_runs(folder, [0, 0])
    assert main(["analyze", "--fail"]) == 0
    assert lines_of(capsys.readouterr().out)[-1] == "no issues: no test's level rose, and the suite doesn't rise"


def test_the_last_run_is_told_in_figures(folder, capsys):
    """Tests by outcome and verdict, memory, rate and trend."""
    add_runs(folder, [0, 2048])
    assert main(["stats"]) == 0
    assert lines_of(capsys.readouterr().out) == [
        "run 2 · 2026-01-02 10:00 · 0000002 · CPython 3.11 · linux-x86_64 · ci",
        "  tests   2 in 9.0 s: 1 passed, 1 failed",
        "  memory  1 ok, 1 breach",
        "  kept    2.0 KiB and 30 objects by all tests together",
        "  RSS     50.0 MiB → 100.0 MiB, peak 200.0 MiB",
        "  rate    +0.8 MiB a minute",
        "  trend   too few runs over 2 runs; 0 tests grew (memopt analyze)",
    ]
    assert main(["stats", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["outcomes"], document["verdicts"]) == ({"passed": 1, "failed": 1}, {"ok": 1, "breach": 1})
    assert (document["growth_bytes"], document["objects"], document["grown"]) == (2048, 30, [])
    assert document["run"]["id"] == 2


def test_a_run_without_memory_has_no_line_of_it(folder, capsys):
    """What wasn't read is left out."""
    with HistoryStore.open(folder / ".memopt" / "history.db") as store:
        store.add_run(RunRow("2026-01-01T10:00:00Z", 1.0, HERE, "0.1.0"), [])
    main(["stats"])
    lines = lines_of(capsys.readouterr().out)
    assert lines[1] == "  tests   0 in 1.0 s: none"
    assert not any(line.startswith(("  RSS", "  rate")) for line in lines)
