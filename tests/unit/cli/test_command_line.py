"""The ``memopt`` command, subcommand by subcommand, on histories of scripted runs."""

import io
import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest

from pytest_memopt.cli.main import COMMANDS, main
from pytest_memopt.cli.screen import Column, Kind, Look, Screen
from pytest_memopt.history.records import Environment, RunRow, TestRow
from pytest_memopt.history.store import HistoryStore

HERE = Environment(machine="ci", platform="linux-x86_64", python="CPython 3.11")
THERE = Environment(machine="laptop", platform="darwin-arm64", python="CPython 3.13")
MIB = 1024**2


def run(day, environment=HERE, **facts):
    """A run that started on this day."""
    started = f"2026-01-{day:02}T10:00:00Z"
    given = {"commit": f"{day:07}abc", "duration_s": 97.0, "rss_end_bytes": 100 * MIB, "rss_peak_bytes": 200 * MIB}
    return RunRow(started=started, environment=environment, plugin_version="0.1.0", **{**given, **facts})


def row(nodeid, growth_bytes=0, **figures):
    """A test's row."""
    return TestRow(nodeid=nodeid, outcome="passed", verdict="ok", duration_s=0.1, growth_bytes=growth_bytes, **figures)


@pytest.fixture
def path(tmp_path, monkeypatch):
    """The default place of the history, in an empty folder, on a screen of 80 columns without colour."""
    monkeypatch.chdir(tmp_path)
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")
    return tmp_path / ".memopt" / "history.db"


@pytest.fixture
def grown(path):
    """Six runs here, one elsewhere: ``test_fill`` grew at run 6, ``test_kept`` is constant, two hold nothing."""
    with HistoryStore.open(path) as store:
        for day in range(1, 7):
            tests = [row("t/test_a.py::test_fill", 12 * MIB if day == 6 else 0, objects=3, peak_rss_bytes=day * MIB)]
            tests += [row("t/test_a.py::test_kept", 2048), row("t/test_b.py::test_zero"), row("t/test_b.py::test_one")]
            store.add_run(run(day, rss_end_bytes=(99 + day) * MIB, growth_mb_per_minute=0.8), tests)
        store.add_run(run(3, THERE, commit=None, rss_end_bytes=None), [row("t/test_a.py::test_fill")])
    return path


def said(capsys, *argv):
    """The exit code, and the lines printed without the blanks at their ends."""
    code = main(argv)
    out, err = capsys.readouterr()
    return code, [line.rstrip() for line in out.splitlines()], err


def document(capsys, *argv):
    """The JSON that was printed."""
    code = main(argv)
    printed = json.loads(capsys.readouterr().out)
    assert printed["format"] == 1
    return code, printed


def test_runs_are_listed_by_environment(grown, capsys):
    """Each environment has a heading and a table, newest run last, on 80 columns."""
    code, lines, err = said(capsys, "runs")
    assert (code, err) == (0, "")
    assert lines[:3] == [
        "CPython 3.11 · linux-x86_64 · ci · 6 runs",
        "run  started (UTC)     commit   tests      time  RSS MiB  peak MiB  MiB/min",
        "  1  2026-01-01 10:00  0000001      4  1:37 min    100.0     200.0     +0.8",
    ]
    assert lines[7].split()[0] == "6"
    assert lines[9:] == [
        "CPython 3.13 · darwin-arm64 · laptop · 1 run",
        "run  started (UTC)     commit  tests      time  RSS MiB  peak MiB  MiB/min",
        "  7  2026-01-03 10:00              1  1:37 min              200.0",
    ]
    assert max(map(len, lines)) <= 80


def test_a_limit_lists_the_newest_runs(grown, capsys):
    """``--limit`` counts from the newest."""
    code, printed = document(capsys, "runs", "--limit", "2", "--json")
    assert code == 0
    assert [found["id"] for found in printed["runs"]] == [5, 6]
    assert printed["runs"][1]["environment"]["python"] == "CPython 3.11"


def test_changes_in_the_work_tree_and_short_runs_are_shown(path, capsys):
    """A star marks a commit with changes; below a minute the time is in seconds."""
    with HistoryStore.open(path) as store:
        store.add_run(run(1, dirty=True, duration_s=1.25), [])
    lines = said(capsys, "runs")[1]
    assert "0000001*" in lines[2]
    assert "1.2 s" in lines[2]


def test_an_empty_history_says_how_to_fill_it(path, capsys):
    """No runs are no error for the list; there is no trend of them, though, and nothing to compare."""
    HistoryStore.open(path).close()
    assert said(capsys, "runs")[1][0].endswith("holds no runs yet; `pytest --memopt-report` adds one")
    code, _, err = said(capsys, "trend")
    assert code == 2
    assert err.endswith("holds no runs yet; `pytest --memopt-report` adds one\n")
    code, _, err = said(capsys, "compare", "last-1", "last")
    assert (code, err.count("\n")) == (2, 1)


def test_trend_names_the_run_and_the_commit_of_a_step(grown, capsys):
    """The stepped test comes first, quiet ones are counted, the suite has its line."""
    code, lines, err = said(capsys, "trend")
    assert (code, err) == (0, "")
    assert lines == [
        "suite RSS 100.0 MiB → 105.0 MiB over 6 runs  ▁▂▄▅▇█",
        "rising: +0.98% a run (95 % sure: +0.98% to +0.98%)",
        "",
        "  growth  runs    last step                test",
        "12.0 MiB  ▁▁▁▁▁█  +12.0 MiB run 6 0000006  t/test_a.py::test_fill",
        " 2.0 KiB  ▁▁▁▁▁▁                           t/test_a.py::test_kept",
        "2 tests at 0 B in every run",
    ]


def test_trend_of_some_tests_leaves_the_suite_out(grown, capsys):
    """A glob or a part of the name picks tests."""
    for pattern in ("t/test_b.py::*", "test_b"):
        code, lines, _ = said(capsys, "trend", pattern)
        assert (code, lines) == (0, ["2 tests at 0 B in every run"])


def test_trend_as_json_has_every_value(grown, capsys):
    """Programs get the series, the step and the slope with its interval."""
    code, printed = document(capsys, "trend", "--json")
    assert code == 0
    assert printed["metric"] == "growth_bytes"
    assert printed["suite"]["verdict"] == "rising"
    assert printed["suite"]["per_run_ratio"]["low"] <= printed["suite"]["per_run_ratio"]["value"]
    first = printed["tests"][0]
    assert (first["nodeid"], first["runs"]) == ("t/test_a.py::test_fill", [1, 2, 3, 4, 5, 6])
    assert first["values"] == [0, 0, 0, 0, 0, 12 * MIB]
    assert first["step"] == {"run": 6, "commit": "0000006abc", "before": 0, "after": 12 * MIB}
    assert printed["tests"][1]["step"] is None


def test_trend_shows_as_many_rows_as_asked_for(grown, capsys):
    """``--top`` limits the rows and says how to see the rest."""
    lines = said(capsys, "trend", "--top", "1")[1]
    assert lines[5:] == ["and 1 more test; --top 2 shows them", "2 tests at 0 B in every run"]


def test_trend_of_counts_reads_as_counts(grown, capsys):
    """Objects are numbers, not sizes."""
    lines = said(capsys, "trend", "--metric", "objects", "test_fill")[1]
    assert lines[1].split() == ["3", "▁▁▁▁▁▁", "t/test_a.py::test_fill"]


def test_unlike_runs_stay_out_of_the_suites_trend(path, capsys):
    """A run of a few tests doesn't bend the suite's resident memory, and one run alone has no way to go."""
    with HistoryStore.open(path) as store:
        store.add_run(run(1, commit=None), [row("a", 5000)])
        store.add_run(run(2, commit=None), [row(f"test_{place}") for place in range(20)] + [row("a", 1)])
    lines = said(capsys, "trend")[1]
    assert lines[:3] == [
        "suite RSS 100.0 MiB over 1 run  ▁",
        "too few runs",
        "1 run with other tests or workers left out of the suite's RSS",
    ]


def test_a_suite_without_resident_memory_has_no_line(path, capsys):
    """Where it could not be read nothing is said of it."""
    with HistoryStore.open(path) as store:
        for day in range(1, 5):
            store.add_run(run(day, commit=None, rss_end_bytes=None), [row("a", 5000 if day < 4 else 0)])
    lines = said(capsys, "trend")[1]
    assert lines == ["growth  runs  last step       test", "   0 B  ███▁  -4.9 KiB run 4  a"]


def test_a_pattern_without_a_test_is_an_error(grown, capsys):
    """A typing error isn't an empty result."""
    assert said(capsys, "trend", "nope") == (2, [], "memopt: no test of the newest runs matches 'nope'\n")


def test_compare_fails_when_a_test_grew(grown, capsys):
    """Exit code 1, the runs, the change, and the threshold in words."""
    code, lines, err = said(capsys, "compare", "last-1", "last")
    assert (code, err) == (1, "")
    assert lines == [
        "run 5 0000005 → run 6 0000006",
        "suite RSS 104.0 MiB → 105.0 MiB",
        "4 tests in both",
        "",
        "        before     after     change  test",
        "growth     0 B  12.0 MiB  +12.0 MiB  t/test_a.py::test_fill",
        "",
        "1 test grew beyond growth 20% + 64 KiB, peak 20% + 64 KiB (rss is not judged)",
    ]


def test_compare_passes_when_a_test_shrank(grown, capsys):
    """Less memory is shown, and is fine."""
    code, lines, _ = said(capsys, "compare", "6", "5")
    assert code == 0
    assert lines[5].split()[-2:] == ["MiB", "t/test_a.py::test_fill"]
    assert lines[-1].startswith("no test grew beyond")


@pytest.mark.parametrize(
    ("fail_on", "code"),
    [
        (["20%+64KiB"], 1),
        (["growth:13MiB"], 0),
        (["13MiB"], 0),
        (["13MiB", "growth:1MiB"], 1),
        (["13MiB", "rss:10%"], 1),
        (["growth:13MiB", "peak:1B", "rss:2MiB"], 0),
    ],
)
def test_thresholds_decide(grown, capsys, fail_on, code):
    """A threshold is for growth and peak, or for the figure it names; later ones win."""
    options = [word for text in fail_on for word in ("--fail-on", text)]
    assert said(capsys, "compare", "last-1", "last", *options)[0] == code


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("objects:5", "--fail-on: 'objects' is not a figure that can be judged; there are growth, peak, rss"),
        ("20", "--fail-on: '20' is not a threshold; give a percentage, a size, or both"),
    ],
)
def test_a_wrong_threshold_is_an_error(grown, capsys, text, message):
    """It names the option and what would be right."""
    code, _, err = said(capsys, "compare", "last-1", "last", "--fail-on", text)
    assert code == 2
    assert err.startswith(f"memopt: {message}")


def test_compare_shows_as_many_rows_as_asked_for(path, capsys):
    """Regressions come first, and what is left out is counted; new and gone tests are too."""
    with HistoryStore.open(path) as store:
        store.add_run(run(1, rss_end_bytes=None), [row("gone"), row("more"), row("less", 90 * MIB)])
        store.add_run(run(2), [row("more", MIB), row("less"), row("new")])
    code, lines, _ = said(capsys, "compare", "1", "2", "--top", "1")
    assert code == 1
    assert lines[1] == "2 tests in both, 1 new, 1 gone"
    assert lines[4].endswith("more")
    assert lines[5] == "and 1 more change; --top 2 shows them"


def test_compare_as_json_has_every_change(grown, capsys):
    """Programs get both runs, the thresholds and which change is a regression."""
    code, printed = document(capsys, "compare", "last-1", "last", "--json")
    assert code == 1
    assert (printed["before"]["id"], printed["after"]["id"], printed["shared"]) == (5, 6, 4)
    assert printed["judged"] == ["growth_bytes", "peak_bytes"]
    assert printed["changes"] == [
        {
            "nodeid": "t/test_a.py::test_fill",
            "metric": "growth_bytes",
            "before": 0,
            "after": 12 * MIB,
            "is_regression": True,
        }
    ]


def test_unlike_runs_are_compared_on_demand_only(grown, capsys):
    """Another machine or Python is refused with both named; ``--unlike`` insists."""
    code, _, err = said(capsys, "compare", "6", "7")
    assert code == 2
    assert "CPython 3.11 · linux-x86_64 · ci, run 7 on CPython 3.13 · darwin-arm64 · laptop" in err
    assert said(capsys, "compare", "6", "7", "--unlike")[0] == 0


@pytest.mark.parametrize("text", ["first", "last+1", "99", "last-6", "9" * 30, "²"])
def test_a_run_that_is_not_there_is_an_error(grown, capsys, text):
    """Numbers too large, counts too far back and other words are one sentence."""
    code, lines, err = said(capsys, "compare", text, "last")
    assert (code, lines) == (2, [])
    assert err.startswith("memopt: ")
    assert err.count("\n") == 1


def test_merge_adds_the_runs_of_other_histories(grown, tmp_path, capsys):
    """Each file has its count, and a second time there is nothing to add."""
    target = ["--history", str(tmp_path / "all" / "history.db")]
    code, printed = document(capsys, "merge", str(grown), *target, "--json")
    assert (code, printed["merged"]) == (0, {str(grown): 7})
    code, lines, _ = said(capsys, "merge", str(grown), *target)
    assert (code, " ".join(lines).startswith("0 runs of")) == (0, True)


def test_merging_a_missing_file_makes_nothing(path, capsys):
    """The history isn't made for nothing."""
    assert said(capsys, "merge", "nope.db")[::2] == (2, "memopt: there is no history at nope.db; nothing was merged\n")
    assert not path.exists()


def test_prune_keeps_the_newest_of_each_environment(grown, capsys):
    """Five of the six runs here go, the one elsewhere stays."""
    assert said(capsys, "prune", "--keep", "1")[:2] == (0, ["5 runs deleted from .memopt/history.db"])
    assert document(capsys, "prune", "--keep", "0", "--json") == (0, {"format": 1, "pruned": 2})


def test_pruning_makes_no_history(path, capsys):
    """Where there is none, that is an error."""
    code, _, err = said(capsys, "prune", "--keep", "1")
    assert (code, err.startswith("memopt: there is no history at")) == (2, True)
    assert not path.parent.exists()


def test_export_prints_a_line_for_each_run_and_test(grown, capsys):
    """Runs come before their tests; a run that is named comes alone."""
    code, lines, _ = said(capsys, "export", "last")
    printed = [json.loads(line) for line in lines]
    assert code == 0
    assert [entry["kind"] for entry in printed] == ["run", "test", "test", "test", "test"]
    assert printed[0]["format"] == 1
    assert {entry["run"] for entry in printed[1:]} == {6}
    everything = said(capsys, "export", "--json")[1]
    assert sum(json.loads(line)["kind"] == "run" for line in everything) == 7


@pytest.mark.parametrize("name", [command.name for command in COMMANDS if command.reads_history])
def test_without_a_history_each_command_says_so(path, capsys, name):
    """One sentence on the standard error, exit code 2."""
    arguments = {"compare": ["1", "2"], "merge": ["other.db"], "prune": ["--keep", "1"]}.get(name, [])
    code, lines, err = said(capsys, name, *arguments)
    assert (code, lines) == (2, [])
    assert err.startswith("memopt: there is no history at")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_explains_itself(path, capsys, command, monkeypatch):
    """``--help`` shows the docstring, on 80 columns, and is fine."""
    code, lines, _ = said(capsys, command.name, "--help")
    assert code == 0
    assert ("--history PATH" in "\n".join(lines)) == command.reads_history
    assert max(map(len, lines)) <= 80


def test_the_help_names_all_commands(path, capsys):
    """With the first line of each one's docstring."""
    told = " ".join(" ".join(said(capsys, "--help")[1]).split())  # Python 3.13 breaks the lines elsewhere
    assert " runs List the runs of the history, newest last " in told


def test_the_version_is_that_of_the_package(path, capsys, monkeypatch):
    """``--version`` names the plugin, also where it runs from a folder and isn't installed."""
    assert said(capsys, "--version")[1][0].startswith("pytest-memopt ")

    def not_found(name):
        raise PackageNotFoundError

    from importlib.metadata import PackageNotFoundError

    monkeypatch.setattr("pytest_memopt.cli.main.version", not_found)
    assert said(capsys, "--version")[1] == ["pytest-memopt (not installed)"]


@pytest.mark.parametrize(
    "argv", [[], ["nope"], ["prune"], ["prune", "--keep", "-1"], ["runs", "--limit", "x"], ["trend", "--metric", "x"]]
)
def test_wrong_usage_is_one_sentence(path, capsys, argv):
    """It ends with where help is; there is no usage dump and no traceback."""
    code, lines, err = said(capsys, *argv)
    assert (code, lines) == (2, [])
    assert err.startswith("memopt: ")
    assert err.count("\n") == 1
    assert "--help`" in err


def test_a_damaged_history_is_one_sentence(path, capsys):
    """It names the file and the way out."""
    path.parent.mkdir()
    path.write_bytes(b"nonsense" * 500)
    code, _, err = said(capsys, "runs")
    assert code == 2
    assert "is damaged" in err
    assert "--memopt-no-history" in err


def test_a_reader_that_leaves_ends_the_command_quietly(grown, tmp_path):
    """``memopt export | head`` prints no traceback."""
    with closing(sqlite3.connect(grown)) as connection, connection:
        connection.execute("UPDATE names SET nodeid = nodeid || ?", ("x" * 300_000,))
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "pytest_memopt", "export", "--history", str(grown)]
    # This checkout comes first, whatever is installed.
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    ended = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False, env=env, text=True)
    os.close(writer)
    assert (ended.returncode, ended.stderr) == (2, "")


class AsciiOut(io.StringIO):
    """A stream that can't encode what isn't ASCII."""

    encoding = "ascii"


def test_a_stream_without_the_characters_gets_plain_ones():
    """Arrows and blocks are spelt in ASCII; nothing fails to encode."""
    out = AsciiOut()
    screen = Screen(out)
    screen.line("1 → 2  ▁█")
    screen.table([Column("n"), Column("test", Kind.NAME)], [(Look.PLAIN, ["1", "tést"])])
    assert out.getvalue().isascii()
    assert "1 -> 2" in out.getvalue()


def test_long_names_break_at_their_seams(monkeypatch):
    """Folders, ``::`` and parameters begin new lines, and nothing of the name is lost."""
    monkeypatch.setenv("COLUMNS", "40")
    out = io.StringIO()
    nodeid = "tests/integration/test_api.py::TestClient::test_get[https-None]"
    Screen(out).table([Column("growth"), Column("test", Kind.NAME)], [(Look.BAD, ["1.0 MiB", nodeid])])
    lines = [line.strip() for line in out.getvalue().splitlines()]
    assert lines[1:] == ["1.0 MiB  tests/integration/test_api.py::", "TestClient::test_get", "[https-None]"]


def test_names_are_text_and_not_markup():
    """Brackets and colons of a test's id are printed as they are."""
    out = io.StringIO()
    Screen(out).table([Column("test", Kind.NAME)], [(Look.PLAIN, ["t.py::test_x[bold]:smile:"])])
    assert "t.py::test_x[bold]:smile:" in out.getvalue()


def test_colour_is_for_terminals(monkeypatch):
    """A stream that is no terminal gets no escape codes, whatever the look."""
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    out = io.StringIO()
    Screen(out).line("grew", Look.BAD)
    assert out.getvalue() == "grew\n"
