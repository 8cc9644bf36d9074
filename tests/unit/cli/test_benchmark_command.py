"""``memopt benchmark``: from targets to an exit code."""

import json
import sys

import pytest

from pytest_memopt.cli.demonstration import demonstration_type, use_database
from pytest_memopt.cli.main import main
from pytest_memopt.optimize import pool_comparison
from pytest_memopt.optimize.pool_comparison import PoolComparison
from pytest_memopt.pool import default

APP = """
from pytest_memopt import MemoryPool, register_resource_type
from pytest_memopt.pool.recipe import make_type

def factory():
    return []

def use(thing): pass
def other(thing): pass

KIND = make_type("kind", factory, reset=use)
POOL = MemoryPool(factory, name="pool")
NUMBER = 3
register_resource_type("registered", factory)
"""
FIGURES = {"faster": (0.02, 0.0002), "slower": (0.0002, 0.02), "equal": (0.02, 0.02)}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """The current folder, with a module in it that is forgotten again."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(default, "DEFAULT", default.DefaultManager())
    monkeypatch.setenv("NO_COLOR", "1")
    (tmp_path / "pooled_app.py").write_text(APP, encoding="utf-8")
    yield tmp_path
    sys.modules.pop("pooled_app", None)


@pytest.fixture
def measured(monkeypatch):
    """Has comparisons come out like this, one after the other, and notes what was compared."""
    asked = []

    def come_out(*outcomes):
        def compare_pool(kind, **how):
            anew_s, pooled_s = FIGURES[outcomes[len(asked) % len(outcomes)]]
            asked.append((kind, how))
            return PoolComparison(kind.name, (anew_s,) * 10, (pooled_s,) * 10, 0, 12, 4096, "")

        monkeypatch.setattr(pool_comparison, "compare_pool", compare_pool)
        return asked

    return come_out


def said(capsys, *argv):
    """The exit code, and what was printed."""
    code = main(["benchmark", *argv])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_table_and_the_verdicts(capsys, measured):
    """Each target has a row and a verdict with its grounds; a slower one makes the exit code 1."""
    measured("faster", "slower")
    code, out, err = said(capsys, "pooled_app:factory", "pooled_app:KIND")
    assert (code, err) == (1, "")
    assert [line.rstrip() for line in out.splitlines()] == [
        "built anew   pooled  ratio    saved  pays off  held idle  resource",
        "   20.0 ms   200 µs   100×  99.00 %   after 2    4.0 KiB  factory",
        "    200 µs  20.0 ms  0.01×     none     never    4.0 KiB  kind",
        "",
        "factory: pooling is faster",
        "  10 pairs: 99.00 % saved at each use (95 % sure: 99.00 % to 99.00 %)",
        "  building anew takes 100× as long (95 % sure: 100× to 100×)",
        "  100 uses with the first build: 2.00 s anew, 40.0 ms pooled, 98.0 % saved",
        "",
        "kind: pooling is slower, don't pool this",
        "  10 pairs: building anew takes 0.01× as long (95 % sure: 0.01× to 0.01×)",
    ]


@pytest.mark.parametrize(("outcome", "code"), [("faster", 0), ("equal", 0), ("slower", 1)])
def test_exit_codes(capsys, measured, outcome, code):
    """Slower is a regression, faster and no difference are fine."""
    measured(outcome)
    assert said(capsys, "pooled_app:factory")[0] == code


def test_json_has_all_figures(capsys, measured):
    """A document with the format's number and one comparison for each target."""
    measured("faster")
    _, out, _ = said(capsys, "pooled_app:factory", "--json")
    document = json.loads(out)
    assert document["format"] == 1
    (found,) = document["comparisons"]
    assert (found["type_name"], found["verdict"], found["break_even_count"]) == ("factory", "faster", 2)
    assert len(found["anew_s"]) == 10


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("pooled_app:POOL", "pool"),
        ("pooled_app.py:KIND", "kind"),
        ("pooled_app:factory", "factory"),
        ("pooled_app:registered", "registered"),
    ],
)
def test_targets_are_factories_types_and_pools(capsys, measured, target, name):
    """A pool and a type have names of their own, also one that is registered; a factory is called what it is called."""
    asked = measured("faster")
    assert said(capsys, target)[0] == 0
    assert asked[0][0].name == name


def test_what_is_called_on_resources_is_named_too(capsys, measured):
    """Use, reset, validate and close come from targets, in place of the type's own; pairs and seconds are handed on."""
    asked = measured("faster")
    app = "pooled_app:"
    names = ["--use", f"{app}use", "--reset", f"{app}other", "--validate", f"{app}use", "--close", f"{app}use"]
    assert said(capsys, "pooled_app:KIND", *names, "--pairs", "12", "--seconds", "2.5")[0] == 0
    ((kind, how),) = asked
    assert [part.__name__ for part in (how["use"], kind.reset, kind.validate, kind.close)] == [
        "use",
        "other",
        "use",
        "use",
    ]
    assert (how["pairs"], how["budget_s"]) == (12, 2.5)


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["pooled_app:none"], "'pooled_app:none': pooled_app has no factory, ResourceType or MemoryPool 'none'"),
        (["pooled_app:NUMBER"], "pooled_app has no factory, ResourceType or MemoryPool 'NUMBER'"),
        (["pooled_app"], "'pooled_app' is not a target"),
        (["missing_app:run"], "could not be loaded: ModuleNotFoundError"),
        (["pooled_app:factory", "--use", "pooled_app:none"], "pooled_app has no callable 'none'"),
        (["pooled_app:factory", "--pairs", "5"], "'5' is not a whole number from 6 up"),
        (["pooled_app:factory", "--seconds", "0"], "'0' is not a number of seconds above 0"),
        (["--reset", "pooled_app:use"], "--reset is for a TARGET, and none was given"),
    ],
)
def test_wrong_use_is_one_sentence(capsys, argv, told):
    """What can't be done ends with 2 and one line."""
    code, out, err = said(capsys, *argv)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert told in err


def test_an_interruption_names_the_type(capsys, monkeypatch):
    """Ctrl-C ends with 130 and says whose figures are missing."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(pool_comparison, "compare_pool", interrupted)
    code, out, err = said(capsys, "pooled_app:factory")
    assert (code, out, err) == (130, "", "\nmemopt: factory: interrupted, no verdict yet\n")


def test_without_a_target_there_is_a_demonstration(capsys, measured):
    """Nothing named, a database is compared, in a hundred pairs unless others were asked for."""
    asked = measured("faster")
    assert said(capsys)[0] == said(capsys, "--pairs", "7")[0] == 0
    assert [(kind.name, how["pairs"]) for kind, how in asked] == [("demonstration", 100), ("demonstration", 7)]


def test_the_demonstration_works(monkeypatch):
    """The database has rows, can be used, and is as before when it is reset."""
    kind = demonstration_type()
    database = kind.factory()
    rows = "select count(*) from users"
    (count,) = database.execute(rows).fetchone()
    use_database(database)
    assert database.execute(rows).fetchone() == (count + 1,)
    kind.reset(database)
    assert database.execute(rows).fetchone() == (count,)
    database.close()
    assert count >= 100
