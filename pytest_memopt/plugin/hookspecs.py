"""The hooks of pytest-memopt that other plugins and ``conftest.py`` files may implement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..meters.protocol import Meter
    from ..pool.manager import ResourceManager


@pytest.hookspec
def pytest_memopt_meters(config: pytest.Config) -> Sequence[Meter]:  # type: ignore[empty-body]
    """Give meters of your own (GPU memory, a connection count, ...), read around every test like the built-in ones.

    Each meter's net change appears under its name in the JSON report and, where it is not 0, in the summary.
    """


@pytest.hookspec
def pytest_memopt_register_resources(manager: ResourceManager) -> None:
    """Register resource types for the tests: ``manager.register("db", create_db, reset=Db.rollback)``.

    Called once in each process that runs tests, before the first of them borrows.
    """
