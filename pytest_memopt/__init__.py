"""Memory regression testing for Python: measure every test, fail those that break a limit, name the culprit.

The names below are loaded when they are first used, so that importing the package (which every pytest run does) costs
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .errors import (
        HistoryError,
        LimitError,
        MemoptError,
        MemoryLeakFound,
        MemoryLimitExceeded,
        OptimizationError,
        SizeError,
        UsageError,
    )
    from .leaks.check import assert_no_leaks, check_leaks
    from .leaks.finding import Culprit, LeakFinding
    from .meters.block import measure_block
    from .meters.block_use import BlockUse
    from .meters.protocol import Meter, Unit
    from .meters.status import MeterStatus
    from .optimize.analysis import MemoryAnalysis, analyze, analyze_memory_usage, get_memory_stats
    from .optimize.cleanup import Cleanup
    from .optimize.collector_tuning import CollectorTuning
    from .optimize.compaction import Compaction
    from .optimize.effect import Effect
    from .optimize.growth import MemoryTrend
    from .optimize.import_cost import ImportCost
    from .optimize.issues import MemoryIssue
    from .optimize.lazy_import import lazy_import
    from .optimize.measured_imports import measure_imports
    from .optimize.monitor import MemoryMonitor
    from .optimize.optimizer import MemoryOptimizer, optimize_memory
    from .optimize.outcome import Change, Optimization, Outcome, Timing
    from .optimize.pool_advice import PoolAdvice, PoolSuggestion, advise_pool
    from .optimize.pool_comparison import PoolComparison, PoolVerdict, compare_pool
    from .optimize.pool_sizing import PoolSizing
    from .optimize.process_pools import release_idle_members
    from .optimize.profile import MemoryProfile
    from .optimize.recommendations import Recommendation
    from .optimize.strategy import MemoryState, OptimizationStrategy
    from .optimize.take import take_profile
    from .optimize.thresholds import Thresholds
    from .plugin.pool_fixtures import pooled_resource_factory
    from .pool.async_lease import AsyncLease
    from .pool.async_pool import AsyncMemoryPool
    from .pool.context import ResourceContext, get_pooled_resource, with_pooled_resource
    from .pool.default import register_resource_type
    from .pool.lease import Lease
    from .pool.manager import ResourceManager
    from .pool.pool import MemoryPool
    from .pool.resource import PooledResource
    from .pool.shared_pool import SharedMemoryPool
    from .pool.stats import PoolStats
    from .snapshots.diff import SnapshotDiff
    from .snapshots.query import ObjectQuery
    from .snapshots.snapshot import Snapshot
    from .snapshots.take import take_snapshot
    from .units import format_size, parse_size

    __version__: str

__all__ = [
    "AsyncLease",
    "AsyncMemoryPool",
    "BlockUse",
    "Change",
    "Cleanup",
    "CollectorTuning",
    "Compaction",
    "Culprit",
    "Effect",
    "HistoryError",
    "ImportCost",
    "LeakFinding",
    "Lease",
    "LimitError",
    "MemoptError",
    "MemoryAnalysis",
    "MemoryIssue",
    "MemoryLeakFound",
    "MemoryLimitExceeded",
    "MemoryMonitor",
    "MemoryOptimizer",
    "MemoryPool",
    "MemoryProfile",
    "MemoryState",
    "MemoryTrend",
    "Meter",
    "MeterStatus",
    "ObjectQuery",
    "Optimization",
    "OptimizationError",
    "OptimizationStrategy",
    "Outcome",
    "PoolAdvice",
    "PoolComparison",
    "PoolSizing",
    "PoolStats",
    "PoolSuggestion",
    "PoolVerdict",
    "PooledResource",
    "Recommendation",
    "ResourceContext",
    "ResourceManager",
    "SharedMemoryPool",
    "SizeError",
    "Snapshot",
    "SnapshotDiff",
    "Thresholds",
    "Timing",
    "Unit",
    "UsageError",
    "__version__",
    "advise_pool",
    "analyze",
    "analyze_memory_usage",
    "assert_no_leaks",
    "check_leaks",
    "compare_pool",
    "format_size",
    "get_memory_stats",
    "get_pooled_resource",
    "lazy_import",
    "measure_block",
    "measure_imports",
    "optimize_memory",
    "parse_size",
    "pooled_resource_factory",
    "register_resource_type",
    "release_idle_members",
    "take_profile",
    "take_snapshot",
    "with_pooled_resource",
]

_HOMES = {
    "AsyncLease": "pool.async_lease",
    "AsyncMemoryPool": "pool.async_pool",
    "Lease": "pool.lease",
    "MemoryPool": "pool.pool",
    "SharedMemoryPool": "pool.shared_pool",
    "PooledResource": "pool.resource",
    "PoolStats": "pool.stats",
    "ResourceContext": "pool.context",
    "ResourceManager": "pool.manager",
    "get_pooled_resource": "pool.context",
    "pooled_resource_factory": "plugin.pool_fixtures",
    "register_resource_type": "pool.default",
    "with_pooled_resource": "pool.context",
    "BlockUse": "meters.block_use",
    "HistoryError": "errors",
    "ImportCost": "optimize.import_cost",
    "LimitError": "errors",
    "MemoptError": "errors",
    "MemoryLeakFound": "errors",
    "MemoryLimitExceeded": "errors",
    "LeakFinding": "leaks.finding",
    "Culprit": "leaks.finding",
    "assert_no_leaks": "leaks.check",
    "check_leaks": "leaks.check",
    "Meter": "meters.protocol",
    "MeterStatus": "meters.status",
    "ObjectQuery": "snapshots.query",
    "SizeError": "errors",
    "Snapshot": "snapshots.snapshot",
    "SnapshotDiff": "snapshots.diff",
    "Unit": "meters.protocol",
    "UsageError": "errors",
    "format_size": "units",
    "lazy_import": "optimize.lazy_import",
    "measure_block": "meters.block",
    "Cleanup": "optimize.cleanup",
    "CollectorTuning": "optimize.collector_tuning",
    "Compaction": "optimize.compaction",
    "MemoryOptimizer": "optimize.optimizer",
    "optimize_memory": "optimize.optimizer",
    "Change": "optimize.outcome",
    "Effect": "optimize.effect",
    "Optimization": "optimize.outcome",
    "Outcome": "optimize.outcome",
    "Timing": "optimize.outcome",
    "MemoryState": "optimize.strategy",
    "OptimizationStrategy": "optimize.strategy",
    "OptimizationError": "errors",
    "measure_imports": "optimize.measured_imports",
    "parse_size": "units",
    "take_snapshot": "snapshots.take",
    "MemoryAnalysis": "optimize.analysis",
    "MemoryIssue": "optimize.issues",
    "MemoryMonitor": "optimize.monitor",
    "MemoryProfile": "optimize.profile",
    "MemoryTrend": "optimize.growth",
    "Recommendation": "optimize.recommendations",
    "Thresholds": "optimize.thresholds",
    "analyze": "optimize.analysis",
    "analyze_memory_usage": "optimize.analysis",
    "get_memory_stats": "optimize.analysis",
    "PoolAdvice": "optimize.pool_advice",
    "PoolSuggestion": "optimize.pool_advice",
    "advise_pool": "optimize.pool_advice",
    "PoolComparison": "optimize.pool_comparison",
    "PoolVerdict": "optimize.pool_comparison",
    "compare_pool": "optimize.pool_comparison",
    "PoolSizing": "optimize.pool_sizing",
    "release_idle_members": "optimize.process_pools",
    "take_profile": "optimize.take",
}


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    from importlib import import_module, metadata

    if name == "__version__":
        return metadata.version("pytest-memopt")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    """The public names, loaded or not."""
    return sorted(__all__)
