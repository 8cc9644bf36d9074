"""How a pytest of its own is started: with the options of this one, but those that select, stop, report or keep."""

from __future__ import annotations

import json
from argparse import Namespace
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pytest_memopt.leaks.fresh_process import Answer
from pytest_memopt.leaks.ruling import LeakKind
from pytest_memopt.leaks.wish import LeakWish
from pytest_memopt.plugin import isolation
from pytest_memopt.plugin.isolation import Isolation
from pytest_memopt.plugin.task import Task
from pytest_memopt.settings import Settings
from pytest_memopt.verdicts.leak_wire import leak_from_wire

HERE = Path(__file__).parent
FOUND = {"verdict": "clean", "rounds": 4}


def options(**given):
    """Options as pytest has them when nothing is said, and these."""
    silent = {
        "plugins": [],
        "override_ini": None,
        "log_file": None,
        "confcutdir": None,
        "assertmode": "rewrite",
        "disable_plugin_autoload": False,
    }
    return Namespace(**{**silent, **given})


@dataclass
class Config:
    """What is asked of a session's configuration."""

    option: Namespace = field(default_factory=options)
    rootpath: Path = HERE
    inipath: Path | None = None
    ini: dict = field(default_factory=dict)
    loaded: tuple = ("cacheprovider", "logging-plugin")

    @property
    def pluginmanager(self):
        return Namespace(hasplugin=self.loaded.__contains__)

    @property
    def invocation_params(self):
        return Namespace(dir=HERE)

    def getini(self, name):
        return self.ini.get(name)


@dataclass
class Item:
    """A test of this file."""

    name: str = "test_it[a::b]"
    path: Path = HERE / "test_it.py"

    def listchain(self):
        return [self]


@dataclass
class Asked:
    """A process that answers at once, and remembers what it was."""

    answer: Answer = field(default_factory=lambda: Answer({"leak": FOUND}))
    command: tuple = ()
    environment: dict = field(default_factory=dict)
    task: Task | None = None

    def __call__(self, command, place, timeout_s, *, cwd, environment, on_wait):
        assert on_wait is None
        self.command, self.environment = tuple(command), environment
        self.task = Task(**json.loads((place.folder / "task.json").read_text(encoding="utf-8")))
        return self.answer


@pytest.fixture
def asked(monkeypatch):
    """Takes the place of a process."""
    process = Asked()
    monkeypatch.setattr(isolation, "ask", process)
    return process


def hunt(config=None, wish=LeakWish(), environment=None, settings=Settings()):  # noqa: B008 - they are frozen
    """A hunt in a process of its own."""
    return Isolation(config or Config(), settings, environment or {}, ["/src"]).hunt(Item(), wish)


def test_one_file_is_collected_and_one_test_named(asked):
    """The file is given by its path, since a node id depends on what was asked for; the test by its name in it."""
    hunt()
    assert asked.command[-1] == str(HERE / "test_it.py")
    assert asked.task.name == "test_it[a::b]"
    assert asked.task.sys_path == ["/src"]


KEPT_BACK = (
    *("file_or_dir", "deselect", "lf", "maxfail", "stepwise", "usepdb", "trace", "tx", "numprocesses", "xmlpath"),
    *(
        "basetemp",
        "pastebin",
        "memopt_report",
        "memopt_json",
        "memopt_limit",
        "memopt_isolate",
        "memopt",
        "memopt_accept_leaks",
    ),
)


@pytest.mark.parametrize("name", KEPT_BACK)
def test_what_selects_stops_distributes_or_reports_is_kept_back(asked, name):
    """The process of a hunt runs one test to its end, itself, and writes over nothing of the user's."""
    hunt(Config(options(**{name: "given"})))
    assert name not in asked.task.options


def test_what_else_is_asked_for_is_handed_on(asked):
    """Options of pytest and of plugins are the same there, but for objects that only this process has."""
    hunt(Config(options(doctestmodules=True, mine=["a", 1], memopt_gc="off", markexpr="not slow", stage=object())))
    shared = {"doctestmodules": True, "mine": ["a", 1], "memopt_gc": "off", "markexpr": "not slow"}
    assert shared.items() <= asked.task.options.items()
    assert "stage" not in asked.task.options


def test_the_hunt_there_is_the_one_that_was_wanted(asked):
    """It has the rounds of the mark, and a history of its own that goes with it."""
    hunt(wish=LeakWish(rounds=9))
    assert (asked.task.options["memopt_leaks"], asked.task.options["memopt_rounds"]) == (True, 9)
    assert Path(asked.task.options["memopt_history"]).parent == Path(asked.task.answer).parent


def test_what_is_read_before_any_plugin_goes_by_the_command_line(asked):
    """Root, ini file, plugins and overrides decide how pytest starts."""
    config = Config(
        options(plugins=["mine", "no:terminal", "no:other"], override_ini=["a=b"], confcutdir="/c", assertmode="plain"),
        inipath=HERE / "tox.ini",
    )
    hunt(config)
    text = " ".join(asked.command)
    assert f"--rootdir={HERE} -c {HERE / 'tox.ini'} --confcutdir=/c --assert=plain -p mine -p no:other -o a=b" in text
    assert "-o addopts=" in text
    assert "no:terminal" not in text
    assert "log_file" not in text


@pytest.mark.parametrize("config", [Config(options(log_file="a.log")), Config(ini={"log_file": "a.log"})])
def test_a_log_file_is_left_alone(asked, config):
    """What is logged there goes elsewhere."""
    hunt(config)
    assert any(part.startswith("log_file=") for part in asked.command)


def test_a_plugin_that_is_not_there_has_no_options(asked):
    """Without pytest's cache or its logging, their options would be unknown there too."""
    option = options()
    del option.log_file
    hunt(Config(option, loaded=()))
    assert not any(part.startswith(("cache_dir=", "log_file=")) for part in asked.command)
    hunt()
    assert any(part.startswith("cache_dir=") for part in asked.command)


def test_variables_of_this_run_stay_here(asked):
    """What was said of this run's options, coverage and summary is not said twice; the rest is inherited."""
    hunt(
        environment={
            "PYTEST_ADDOPTS": "-x",
            "COV_CORE_SOURCE": "a",
            "COVERAGE_PROCESS_START": "b",
            "GITHUB_STEP_SUMMARY": "c",
            "HOME": "/home/me",
        }
    )
    assert asked.environment.keys() == {"HOME", "GLIBC_TUNABLES"}


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Answer({}, "it could not be started: no"), "it could not be started: no"),
        (Answer({"problem": "its call failed"}), "its call failed"),
        (Answer({"leak": {}}), "it left an answer that makes no sense: KeyError('verdict')"),
        (Answer({"leak": {"verdict": "nonsense", "rounds": 1}}), "'nonsense' is not a valid LeakKind"),
        (Answer({}), "it left an answer that makes no sense"),
    ],
)
def test_no_finding_is_inconclusive(asked, answer, why):
    """Whatever came back instead of a finding is the reason."""
    asked.answer = answer
    finding = hunt()
    assert (finding.verdict, finding.isolated) == (LeakKind.INCONCLUSIVE, True)
    assert finding.why.startswith("in a process of its own ")
    assert why in finding.why


def test_the_finding_is_the_one_that_came_back(asked):
    """It is as of any hunt, but for the time, which counts the process too, and for where it was made."""
    finding = hunt()
    assert finding._replace(duration_s=0.0, isolated=False) == leak_from_wire(FOUND)
    assert finding.isolated
