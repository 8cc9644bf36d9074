"""The first thorough run of a hunt, where the interpreter makes something with functions that are called often."""

import sys
import types

import pytest

from pytest_memopt.leaks import first_run as first_run_module
from pytest_memopt.leaks import ruling
from pytest_memopt.leaks.first_run import first_run
from pytest_memopt.meters.opcode_caches import OpcodeCaches


def interpreter(monkeypatch, **given):
    """Pretend to be another one."""
    values = {"version_info": (3, 10, 13), "implementation": types.SimpleNamespace(name="cpython"), **given}
    monkeypatch.setattr(first_run_module, "sys", types.SimpleNamespace(**values))


@pytest.mark.parametrize(
    "given",
    [
        {"version_info": (3, 11, 0)},
        {"implementation": types.SimpleNamespace(name="pypy")},
        {"gettotalrefcount": len},
    ],
    ids=["newer", "another", "debug"],
)
def test_elsewhere_it_is_a_run_like_any_other(monkeypatch, given):
    """Newer interpreters make nothing, others something else, and one built for debugging would end."""
    interpreter(monkeypatch, **given)
    assert first_run() is None


def test_what_runs_then_and_between_the_rounds_is_made(monkeypatch):
    """The codes that the run called, and those that judge the rounds."""
    made, ran = [], []
    monkeypatch.setattr(OpcodeCaches, "__init__", lambda self: None)
    monkeypatch.setattr(OpcodeCaches, "make", lambda self, code: made.append(code))
    monkeypatch.setattr(OpcodeCaches, "make_for", lambda self, run: ran.append(run()))
    interpreter(monkeypatch)
    first_run()(lambda: 5)
    assert ran == [5]
    assert ruling.rule.__code__ in made


@pytest.mark.skipif(
    sys.version_info >= (3, 11) or sys.implementation.name != "cpython", reason="only CPython 3.10 has such caches"
)
def test_with_the_interpreter_s_own_functions_all_goes_well():
    """They are found, and the run is made once."""
    ran = []
    first_run()(lambda: ran.append(1))
    assert ran == [1]
