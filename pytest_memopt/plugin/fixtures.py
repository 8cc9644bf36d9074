"""The fixtures: thin doors to the library, which works without pytest as well."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from ..snapshots.snapshot import Snapshot
    from .probe import MemoryProbe


@pytest.fixture
def memory_snapshot() -> Callable[..., Snapshot]:
    """A function that takes a snapshot of what is alive; two of them are subtracted.

    As in ``before = memory_snapshot(); work(); diff = memory_snapshot() - before``.

    ``memory_snapshot(deep=True)`` adds sizes with all that the objects refer to, by Pympler.
    """
    from .counted_snapshots import snapshot_taker

    return snapshot_taker()


@pytest.fixture
def memopt() -> MemoryProbe:
    """Measure or limit a part of a test: ``with memopt.measure() as m: ...``, ``with memopt.limit(growth="1 MB"): ...``."""
    from .probe import MemoryProbe

    return MemoryProbe()
