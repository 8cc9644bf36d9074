"""From the values of command line and ini file to settings."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_memopt.plugin.option_values import settings_from
from pytest_memopt.plugin.options import asks_for_something
from pytest_memopt.settings import (
    AUTO_STRATEGIES,
    DEFAULT_HISTORY,
    DEFAULT_KNOWN_LEAKS,
    GcChoice,
    Settings,
    StrategyChoice,
    TracerChoice,
)

ROOT = Path("root").absolute()
HERE = Path("here").absolute()


@dataclass
class Config:
    """A configuration in which everything is silent but what it is given."""

    cli: dict[str, object] = field(default_factory=dict)
    ini: dict[str, object] = field(default_factory=dict)
    rootpath: Path = ROOT
    invocation_params: object = field(default_factory=lambda: SimpleNamespace(dir=HERE))

    def getoption(self, name, default=None):
        return self.cli.get(name, default)

    def getini(self, name):
        value = self.ini.get(name, [] if name == "memopt_limits" else None)
        if isinstance(value, Exception):
            raise value
        return value


def read(cli=None, ini=None):
    """The settings that follow."""
    return settings_from(Config(cli or {}, ini or {}))


def test_silence_is_the_default():
    """Without a word nothing is measured; the history's file is known all the same."""
    assert read() == Settings(history_path=ROOT / DEFAULT_HISTORY, known_leaks_path=ROOT / DEFAULT_KNOWN_LEAKS)
    assert not asks_for_something(Config())


@pytest.mark.parametrize(
    ("name", "value", "attribute", "read_as"),
    [
        ("memopt_confirm", "0", "confirm", 0),
        ("memopt_top", "25", "top", 25),
        ("memopt_gc", "collect", "gc", GcChoice.COLLECT),
        ("memopt_tracer", "memray", "tracer", TracerChoice.MEMRAY),
        ("memopt_optimize", "lazy,gc", "optimize", (StrategyChoice.LAZY, StrategyChoice.GC)),
        ("memopt_optimize", "auto, lazy", "optimize", (*AUTO_STRATEGIES, StrategyChoice.LAZY)),
        ("memopt_optimize", "gc,auto,gc", "is_auto", True),
        ("memopt_optimize", "gc", "is_auto", False),
        ("memopt_optimize", "off", "optimize", ()),
        ("memopt_history", "mine.db", "history_path", ROOT / "mine.db"),
        ("memopt_json", "out.json", "json_path", HERE / "out.json"),
        ("memopt", True, "measure", True),
        ("memopt_report", True, "report", True),
        ("memopt_no_history", True, "history_path", None),
    ],
)
def test_each_layer_is_heard(name, value, attribute, read_as):
    """Every option can be given on the command line and in the ini file."""
    assert getattr(read(cli={name: value}), attribute) == read_as
    assert getattr(read(ini={name: value}), attribute) == read_as
    assert asks_for_something(Config(cli={name: value}))
    assert asks_for_something(Config(ini={name: value}))


def test_the_command_line_counts_before_the_ini_file():
    """Of two values the one of the command line is taken."""
    found = read(cli={"memopt_top": "1", "memopt_gc": "off"}, ini={"memopt_top": "2", "memopt_gc": "collect"})
    assert (found.top, found.gc) == (1, GcChoice.OFF)


def test_an_ini_flag_may_say_no():
    """``memopt = false`` in the ini file is said, and means no."""
    assert not read(ini={"memopt": False}).measure
    assert asks_for_something(Config(ini={"memopt": False}))


def test_limits_of_both_layers_are_kept_apart():
    """Lines of the ini file come first, those of the command line after them; comments say nothing."""
    found = read(
        cli={"memopt_limit": ["b: growth=2"]},
        ini={"memopt_limits": ["# why", "a: growth=1", ""]},
    )
    assert found.limit_lines == (("a: growth=1", "memopt_limits"), ("b: growth=2", "--memopt-limit"))
    assert asks_for_something(Config(cli={"memopt_limit": ["b: growth=2"]}))
    assert asks_for_something(Config(ini={"memopt_limits": ["a: growth=1"]}))


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("memopt_confirm", "-1", "'-1' is not a whole number of 0 or more"),
        ("memopt_top", "many", "'many' is not a whole number"),
        ("memopt_gc", "on", "'on' is not possible; choose one of freeze, collect, off"),
        ("memopt_tracer", "gdb", "'gdb' is not possible"),
        ("memopt_optimize", "gc,compat", "there is no strategy 'compat'; did you mean 'compact'"),
        ("memopt_optimize", "all", "there is no strategy 'all'; choose of auto, gc, compact, cleanup, lazy, or 'off'"),
    ],
)
def test_a_wrong_value_names_the_layer(name, value, told):
    """A value that makes no sense is a usage error under the name by which it was given."""
    with pytest.raises(pytest.UsageError, match=told) as caught:
        read(cli={name: value})
    assert str(caught.value).startswith(f"--{name.replace('_', '-')}")
    with pytest.raises(pytest.UsageError, match=told) as caught:
        read(ini={name: value})
    assert str(caught.value).startswith(name)


def test_a_flag_that_is_no_truth_value_is_refused():
    """Pytest's own complaint about a flag is passed on with the option's name."""
    broken = Config(ini={"memopt": ValueError("invalid truth value 'maybe'")})
    assert asks_for_something(broken)
    with pytest.raises(pytest.UsageError, match="memopt: invalid truth value 'maybe'; write true or false"):
        settings_from(broken)
