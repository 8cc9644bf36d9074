"""The names that users import from the package, and where each of them lives."""

from __future__ import annotations

from importlib import import_module, metadata
from typing import Any, Final

HOMES: Final = {
    "AsyncLease": "pool.async_lease",
    "AsyncMemoryPool": "pool.async_pool",
    "BlockUse": "meters.block_use",
    "Change": "optimize.outcome",
    "Cleanup": "optimize.cleanup",
    "CollectorTuning": "optimize.collector_tuning",
    "Compaction": "optimize.compaction",
    "Culprit": "leaks.finding",
    "Effect": "optimize.effect",
    "HistoryError": "errors",
    "ImportCost": "optimize.import_cost",
    "LeakFinding": "leaks.finding",
    "Lease": "pool.lease",
    "LimitError": "errors",
    "MemoptError": "errors",
    "MemoryAnalysis": "optimize.analysis",
    "MemoryIssue": "optimize.issues",
    "MemoryLeakFound": "errors",
    "MemoryLimitExceeded": "errors",
    "MemoryMonitor": "optimize.monitor",
    "MemoryOptimizer": "optimize.optimizer",
    "MemoryPool": "pool.pool",
    "MemoryProfile": "optimize.profile",
    "MemoryState": "optimize.strategy",
    "MemoryTrend": "optimize.growth",
    "Meter": "meters.protocol",
    "MeterStatus": "meters.status",
    "ObjectQuery": "snapshots.query",
    "Optimization": "optimize.outcome",
    "OptimizationError": "errors",
    "OptimizationStrategy": "optimize.strategy",
    "Outcome": "optimize.outcome",
    "PoolAdvice": "optimize.pool_advice",
    "PoolComparison": "optimize.pool_comparison",
    "PoolSizing": "optimize.pool_sizing",
    "PoolStats": "pool.stats",
    "PoolSuggestion": "optimize.pool_advice",
    "PoolVerdict": "optimize.pool_comparison",
    "PooledResource": "pool.resource",
    "Recommendation": "optimize.recommendations",
    "ResourceContext": "pool.context",
    "ResourceManager": "pool.manager",
    "SharedMemoryPool": "pool.shared_pool",
    "SizeError": "errors",
    "Snapshot": "snapshots.snapshot",
    "SnapshotDiff": "snapshots.diff",
    "Thresholds": "optimize.thresholds",
    "Timing": "optimize.outcome",
    "Unit": "meters.protocol",
    "UsageError": "errors",
    "advise_pool": "optimize.pool_advice",
    "analyze": "optimize.analysis",
    "analyze_memory_usage": "optimize.analysis",
    "assert_no_leaks": "leaks.check",
    "check_leaks": "leaks.check",
    "compare_pool": "optimize.pool_comparison",
    "format_size": "units",
    "get_memory_stats": "optimize.analysis",
    "get_pooled_resource": "pool.context",
    "lazy_import": "optimize.lazy_import",
    "measure_block": "meters.block",
    "measure_imports": "optimize.measured_imports",
    "optimize_memory": "optimize.optimizer",
    "parse_size": "units",
    "pooled_resource_factory": "plugin.fixtures",
    "register_resource_type": "pool.default",
    "release_idle_members": "optimize.process_pools",
    "take_profile": "optimize.take",
    "take_snapshot": "snapshots.take",
    "with_pooled_resource": "pool.context",
}
"""Modules of this package by public name."""

ALL: Final = sorted([*HOMES, "__version__"])


def public_name(name: str) -> Any:
    """What a public name stands for; its module is loaded.

    Raises:
        AttributeError: for any other name.
    """
    if name == "__all__":
        return ALL
    if name == "__version__":
        return metadata.version("pytest-memopt")
    if name not in HOMES:
        raise AttributeError(f"module {__package__!r} has no attribute {name!r}")
    return getattr(import_module(f".{HOMES[name]}", __package__), name)
