"""What tests of more than one folder share."""

from __future__ import annotations

import pytest

_OTHERS = ("anyio", "asyncio", "hypothesispytest", "rerunfailures")


@pytest.fixture
def lean(pytester, monkeypatch):
    """Runs of pytest load no plugin but ours and pytest-xdist, and start in a third of the time."""
    # pytester takes the variable away when it is made
    monkeypatch.setenv("PYTEST_ADDOPTS", " ".join(f"-p no:{name}" for name in _OTHERS))
