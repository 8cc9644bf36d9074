"""How a process of this same interpreter is started."""

from __future__ import annotations

from pytest_memopt.interpreter import interpreter_command


def test_the_interpreter_keeps_its_options(monkeypatch):
    """A process of its own is the same interpreter."""
    monkeypatch.setattr("sys.executable", "/opt/python")
    assert interpreter_command()[0] == "/opt/python"
