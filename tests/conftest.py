"""What tests of more than one folder share."""

from __future__ import annotations

import os

import pytest

# it has pytest keep what failed last in tox's own folder, where each run would find what another one left
os.environ.pop("TOX_ENV_DIR", None)


@pytest.fixture(scope="session")
def other_plugins():
    """The plugins besides ours and pytest-xdist, by entry point: a run without them starts in a third of the time."""
    return frozenset({"anyio", "asyncio", "hypothesispytest", "rerunfailures"})
