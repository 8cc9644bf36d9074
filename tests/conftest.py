"""What tests of more than one folder share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session")
def other_plugins():
    """The plugins besides ours and pytest-xdist, by entry point: a run without them starts in a third of the time."""
    return frozenset({"anyio", "asyncio", "hypothesispytest", "rerunfailures"})
