"""``memopt check``: from a target to an exit code."""

import json
import sys

import pytest

from pytest_memopt.cli import check as check_module
from pytest_memopt.cli.main import main
from pytest_memopt.errors import UsageError
from pytest_memopt.leaks.finding import Culprit, LeakFinding
from pytest_memopt.leaks.ruling import LeakKind

APP = """
STATE = {"run": lambda: "from a dict", "number": 3}

def run():
    return "run"

class Service:
    def start(self):
        return "never"

    @classmethod
    def check(cls):
        return "from a class"

    class Inner:
        @staticmethod
        def check():
            return "from within"

    class Hostile(type):
        def __getattr__(cls, name):
            raise ValueError("no attributes")

    class Odd(metaclass=Hostile):
        pass
"""
LEAK = LeakFinding(
    LeakKind.LEAK,
    18,
    {"blocks": 1, "small_bytes": 64},
    (Culprit("list", 1, 64, "app.KEPT", "list", "app.KEPT[*]"),),
    "app.KEPT[*] <- list",
)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder, with a module in it; what is imported from there is forgotten again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("COLUMNS", "80")
    before = set(sys.modules)
    (tmp_path / "checked_app.py").write_text(APP, encoding="utf-8")
    (tmp_path / "broken_app.py").write_text("1 / 0\n", encoding="utf-8")
    (tmp_path / "ended_app.py").write_text("raise SystemExit(0)\n", encoding="utf-8")
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.endswith("_app"):
            del sys.modules[name]


@pytest.fixture
def hunted(monkeypatch):
    """Has hunts find this, and notes how they were asked for."""
    asked = []

    def find(finding):
        def check_leaks(run, **how):
            asked.append((run(), how))
            return finding

        monkeypatch.setattr(check_module, "check_leaks", check_leaks)
        return asked

    return find


def said(capsys, *argv):
    """The exit code, and what was printed."""
    code = main(["check", *argv])
    out, err = capsys.readouterr()
    return code, out, err


@pytest.mark.parametrize("place", ["checked_app", "checked_app.py", "./checked_app.py"])
@pytest.mark.parametrize(
    ("name", "gives"),
    [
        ("run", "run"),
        ("STATE.run", "from a dict"),
        ("Service.check", "from a class"),
        ("Service.Inner.check", "from within"),
    ],
)
def test_targets_are_loaded(place, name, gives):
    """A target names something in a module or a file, also inside a class or a dict."""
    assert check_module.load_target(f"{place}:{name}")() == gives


@pytest.mark.parametrize(
    ("target", "told"),
    [
        ("checked_app", "'checked_app' is not a target; write module:callable or file.py:callable"),
        (":run", "is not a target"),
        ("checked_app:", "is not a target"),
        ("checked_app:none", "checked_app has no callable 'none'"),
        ("checked_app:run.none", "checked_app has no callable 'run.none'"),
        ("checked_app:STATE.number", "checked_app has no callable 'STATE.number'"),
        ("checked_app:Service.Odd.name", "checked_app has no callable 'Service.Odd.name'"),
        ("missing_app:run", "could not be loaded: ModuleNotFoundError"),
        ("missing_app.py:run", "could not be loaded: FileNotFoundError"),
        ("broken_app:run", "could not be loaded: ZeroDivisionError: division by zero"),
        ("broken_app.py:run", "could not be loaded: ZeroDivisionError: division by zero"),
        ("ended_app:run", "could not be loaded: SystemExit"),
        ("ended_app.py:run", "could not be loaded: SystemExit"),
        (".:run", "could not be loaded"),
    ],
)
def test_wrong_targets_are_one_sentence(capsys, target, told):
    """What can't be loaded or called ends with 2 and one line, which names the target."""
    with pytest.raises(UsageError):
        check_module.load_target(target)
    code, out, err = said(capsys, target)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


@pytest.mark.parametrize(
    ("finding", "code", "line"),
    [
        (LeakFinding(LeakKind.CLEAN, 4), 0, "checked_app:run: clean in 4 calls"),
        (
            LeakFinding(LeakKind.CLEAN, 9, why="only caches grew"),
            0,
            "checked_app:run: clean in 9 calls: only caches grew",
        ),
        (LeakFinding(LeakKind.FILLING_CACHE, 30, why="of 5"), 0, "checked_app:run: filling-cache in 30 calls: of 5"),
        (LeakFinding(LeakKind.FRAGMENTATION, 30), 0, "checked_app:run: fragmentation in 30 calls"),
        (LeakFinding(LeakKind.INCONCLUSIVE, 8, why="late"), 2, "checked_app:run: inconclusive in 8 calls: late"),
        (LEAK, 1, "checked_app:run leaks 1 list held by app.KEPT: 64 B in 1 block per run (18 runs)"),
    ],
)
def test_the_verdict_is_the_exit_code(capsys, hunted, finding, code, line):
    """1 for a leak, 2 when there is no telling, 0 for all else; the first line says it in words."""
    hunted(finding)
    ended, out, err = said(capsys, "checked_app:run")
    assert (ended, err) == (code, "")
    assert " ".join(out.split()).startswith(line)


def test_a_leak_is_told_with_its_signature(capsys, hunted):
    """Below the first line the evidence follows, indented."""
    hunted(LEAK)
    lines = said(capsys, "checked_app:run")[1].splitlines()
    assert "  signature: app.KEPT[*] <- list" in lines


def test_programs_get_the_finding(capsys, hunted):
    """``--json`` prints target and finding, and the exit code is the same."""
    hunted(LEAK)
    code, out, _ = said(capsys, "--json", "checked_app:run")
    printed = json.loads(out)
    assert (code, printed["format"], printed["target"]) == (1, 1, "checked_app:run")
    assert (printed["leak"]["verdict"], printed["leak"]["culprits"][0]["holder"]) == ("leak", "app.KEPT")


def test_patience_is_handed_on(capsys, hunted):
    """Rounds and seconds are those that were asked for, else as few as are needed and twenty seconds."""
    asked = hunted(LeakFinding(LeakKind.CLEAN, 4))
    said(capsys, "checked_app:run")
    said(capsys, "checked_app:run", "--rounds", "30", "--budget", "1.5")
    assert asked == [("run", {"rounds": None, "budget_s": 20.0}), ("run", {"rounds": 30, "budget_s": 1.5})]


@pytest.mark.parametrize(
    "options", [("--rounds", "0"), ("--rounds", "x"), ("--budget", "soon"), ("--budget", "0"), ("--budget", "nan")]
)
def test_patience_that_makes_no_sense_is_one_sentence(capsys, hunted, options):
    """A number of rounds below one, and seconds that are none, are refused before anything is called."""
    asked = hunted(LeakFinding(LeakKind.CLEAN, 4))
    code, out, err = said(capsys, "checked_app:run", *options)
    assert (code, out, err.count("\n"), asked) == (2, "", 1, [])
    assert options[0] in err


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(0), SystemExit("over"), AssertionError()])
def test_what_is_raised_leaves_no_telling(capsys, monkeypatch, error):
    """A callable that raises, or ends the program, was not checked: 2, and one line names the error."""

    def check_leaks(run, **how):
        raise error

    monkeypatch.setattr(check_module, "check_leaks", check_leaks)
    code, out, err = said(capsys, "checked_app:run")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert err.startswith(f"memopt: checked_app:run raised {type(error).__name__}")


def test_an_interruption_says_how_far_it_came(monkeypatch, capsys):
    """Ctrl-C ends with 130 and one line, in which the calls so far are counted."""

    def check_leaks(run, **how):
        run()
        run()
        raise KeyboardInterrupt

    monkeypatch.setattr(check_module, "check_leaks", check_leaks)
    told = "\nmemopt: checked_app:run: interrupted in 2 calls, no verdict yet\n"
    assert said(capsys, "checked_app:run") == (130, "", told)


def test_there_is_no_history_to_look_into(capsys):
    """A check reads no history, so that the path of one is refused."""
    code, out, err = said(capsys, "checked_app:run", "--history", "elsewhere.db")
    assert (code, out) == (2, "")
    assert "--history" in err


@pytest.mark.parametrize("arguments", [["checked_app:run"], ["checked_app.py:run"], ["checked_app:run", "--isolate"]])
def test_a_folder_that_is_gone_is_told(arguments, folder, monkeypatch, capsys):
    """Where the current folder was removed, one sentence says so."""
    (folder / "gone").mkdir()
    monkeypatch.chdir(folder / "gone")
    (folder / "gone").rmdir()
    code, out, err = said(capsys, *arguments)
    assert (code, out) == (2, "")
    assert err == "memopt: the current folder can't be read: No such file or directory; change to one that exists\n"
