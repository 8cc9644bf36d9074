"""How users call the public names; read by the type checker, never run."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest_memopt
from pytest_memopt import (
    ImportCost,
    Meter,
    MeterStatus,
    ObjectQuery,
    Snapshot,
    SnapshotDiff,
    Unit,
    format_size,
    lazy_import,
    measure_block,
    measure_imports,
    parse_size,
    take_snapshot,
)
from pytest_memopt.plugin.probe import MemoryProbe


class Connections:
    """A meter of a user's own."""

    name = "connections"
    unit = Unit.COUNT

    def status(self) -> MeterStatus:
        """It always reads."""
        return MeterStatus(name=self.name, available=True, how="the pool's own count")

    def read(self) -> int:
        """The value now."""
        return 0


def give_meters() -> list[Meter]:
    """What the hook returns."""
    return [Connections()]


def use_snapshots(memory_snapshot: Callable[..., Snapshot]) -> int:
    """Snapshots, their difference and a query."""
    before: Snapshot = take_snapshot()
    diff: SnapshotDiff = memory_snapshot() - before
    fresh: ObjectQuery = diff.new.where(type="app.Session").where(size_gt=100)
    return fresh.count + diff.bytes


def use_probe(memopt: MemoryProbe) -> str:
    """A block, measured and limited."""
    with memopt.measure() as measured, memopt.limit(growth="1 MB"):
        pass
    with measure_block(peak=False) as block:
        pass
    return format_size(measured.growth_bytes + block.growth_bytes + parse_size("1 MB")) + pytest_memopt.__version__


def use_imports() -> int:
    """A module that waits, and what imports cost."""
    with measure_imports() as costs:
        json: ModuleType = lazy_import("json")
    dearest: tuple[ImportCost, ...] = costs.by_cost()
    return sum(cost.own_bytes for cost in dearest) + len(json.__name__)
