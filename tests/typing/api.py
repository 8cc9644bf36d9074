"""How users call the public names; read by the type checker, never run."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import pytest_memopt
from pytest_memopt import (
    AsyncLease,
    AsyncMemoryPool,
    Change,
    Effect,
    ImportCost,
    MemoryAnalysis,
    MemoryMonitor,
    MemoryOptimizer,
    MemoryPool,
    MemoryProfile,
    MemoryState,
    Meter,
    MeterStatus,
    ObjectQuery,
    Optimization,
    OptimizationStrategy,
    PoolAdvice,
    PoolComparison,
    PoolVerdict,
    SharedMemoryPool,
    Snapshot,
    SnapshotDiff,
    Thresholds,
    Unit,
    advise_pool,
    analyze,
    analyze_memory_usage,
    compare_pool,
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


class Client:
    """A resource."""

    async def aclose(self) -> None:
        """Nothing to do."""


async def connect(host: str = "") -> Client:
    """A factory to be awaited."""
    return Client()


async def use_async_pool() -> int:
    """Factories of both kinds, a block, a lease, and the resource given back."""
    plain: AsyncMemoryPool[Client] = AsyncMemoryPool(Client)
    async with AsyncMemoryPool(connect, max_size=2) as pool, pool.borrow(timeout_s=1) as client:
        await client.aclose()
        lease: AsyncLease[Client] = await pool.borrow(label="me")
        await lease.give_back()
        await pool.give_back((await plain.borrow()).resource)
    await pool.maintain()
    await pool.drain()
    return pool.get_stats().built


def use_imports() -> int:
    """A module that waits, and what imports cost."""
    with measure_imports() as costs:
        json: ModuleType = lazy_import("json")
    dearest: tuple[ImportCost, ...] = costs.by_cost()
    return sum(cost.own_bytes for cost in dearest) + len(json.__name__)


class Database:
    """A resource of a user."""

    def __init__(self, slot: int) -> None:
        self.name = f"test_{slot}"


def shared() -> str:
    """A pool that processes share knows the type of its resources, and each lease its slot."""
    with SharedMemoryPool(Database, name="db", max_size=2) as pool:
        lease = pool.borrow(timeout_s=1)
        slot: int | None = lease.slot
        lease.give_back()
        with pool.borrow() as database:
            return f"{database.name} {slot}"


def prove_pool(pool: MemoryPool[str]) -> bool:
    """What a pool saves, and how it would be set up better."""
    found: PoolComparison = compare_pool(pool.kind, use=str.upper, budget_s=1)
    advice: PoolAdvice = advise_pool(pool.kind, pool.get_stats())
    return found.verdict is PoolVerdict.FASTER and found.ratio.low > 1 and not advice.suggestions
