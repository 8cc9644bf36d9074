"""How users call the public names; read by the type checker, never run."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest_memopt
from pytest_memopt import (
    Change,
    Effect,
    ImportCost,
    MemoryAnalysis,
    MemoryMonitor,
    MemoryOptimizer,
    MemoryProfile,
    MemoryState,
    Meter,
    MeterStatus,
    ObjectQuery,
    Optimization,
    OptimizationStrategy,
    Snapshot,
    SnapshotDiff,
    Thresholds,
    Unit,
    analyze,
    analyze_memory_usage,
    format_size,
    get_memory_stats,
    lazy_import,
    measure_block,
    measure_imports,
    optimize_memory,
    parse_size,
    take_profile,
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


def use_analysis() -> list[str]:
    """A look, a monitor, and the analysis of both."""
    profile: MemoryProfile = take_profile(pools=lambda: {"db": {"idle_count": 2}})
    with MemoryMonitor(interval_s=0.1) as monitor:
        found: MemoryAnalysis = analyze(monitor=monitor, thresholds=Thresholds(growth_bytes=profile.objects_count))
    keys = [*analyze_memory_usage(), *get_memory_stats()]
    return [*keys, *(f"{issue.kind.value}: {issue.meaning}" for issue in found.issues)]


class DropReports:
    """A strategy of a user's own."""

    name = "reports"

    def is_called_for(self, state: MemoryState) -> str | None:
        """Where much is in use."""
        return "much is in use" if (state.reading.in_use_bytes or 0) > 1_000_000 else None

    def apply(self) -> Change:
        """Drop them."""
        return Change(("reports were dropped",))

    def revert(self) -> None:
        """Nothing to put back."""


def use_optimizer() -> float:
    """Strategies, a block, and the plain form."""
    own: OptimizationStrategy = DropReports()
    optimizer = MemoryOptimizer([own])
    with optimizer.applied() as done:
        helped: list[str] = [one.strategy for one in done.outcomes if one.effect is Effect.HELPED]
    again: Optimization = optimizer.optimize()
    optimizer.revert()
    saved_mb: float = optimize_memory()["total_memory_saved_mb"]
    return saved_mb + again.saved_bytes + len(helped)


def use_imports() -> int:
    """A module that waits, and what imports cost."""
    with measure_imports() as costs:
        json: ModuleType = lazy_import("json")
    dearest: tuple[ImportCost, ...] = costs.by_cost()
    return sum(cost.own_bytes for cost in dearest) + len(json.__name__)
