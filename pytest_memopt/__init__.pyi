from .errors import (
    HistoryError as HistoryError,
)
from .errors import (
    LimitError as LimitError,
)
from .errors import (
    MemoptError as MemoptError,
)
from .errors import (
    MemoryLeakFound as MemoryLeakFound,
)
from .errors import (
    MemoryLimitExceeded as MemoryLimitExceeded,
)
from .errors import (
    OptimizationError as OptimizationError,
)
from .errors import (
    SizeError as SizeError,
)
from .errors import (
    UsageError as UsageError,
)
from .leaks.check import assert_no_leaks as assert_no_leaks
from .leaks.check import check_leaks as check_leaks
from .leaks.finding import Culprit as Culprit
from .leaks.finding import LeakFinding as LeakFinding
from .meters.block import measure_block as measure_block
from .meters.block_use import BlockUse as BlockUse
from .meters.protocol import Meter as Meter
from .meters.protocol import Unit as Unit
from .meters.status import MeterStatus as MeterStatus
from .optimize.analysis import (
    MemoryAnalysis as MemoryAnalysis,
)
from .optimize.analysis import (
    analyze as analyze,
)
from .optimize.analysis import (
    analyze_memory_usage as analyze_memory_usage,
)
from .optimize.analysis import (
    get_memory_stats as get_memory_stats,
)
from .optimize.cleanup import Cleanup as Cleanup
from .optimize.collector_tuning import CollectorTuning as CollectorTuning
from .optimize.compaction import Compaction as Compaction
from .optimize.effect import Effect as Effect
from .optimize.growth import MemoryTrend as MemoryTrend
from .optimize.import_cost import ImportCost as ImportCost
from .optimize.issues import MemoryIssue as MemoryIssue
from .optimize.lazy_import import lazy_import as lazy_import
from .optimize.measured_imports import measure_imports as measure_imports
from .optimize.monitor import MemoryMonitor as MemoryMonitor
from .optimize.optimizer import MemoryOptimizer as MemoryOptimizer
from .optimize.optimizer import optimize_memory as optimize_memory
from .optimize.outcome import Change as Change
from .optimize.outcome import Optimization as Optimization
from .optimize.outcome import Outcome as Outcome
from .optimize.outcome import Timing as Timing
from .optimize.pool_advice import PoolAdvice as PoolAdvice
from .optimize.pool_advice import PoolSuggestion as PoolSuggestion
from .optimize.pool_advice import advise_pool as advise_pool
from .optimize.pool_comparison import (
    PoolComparison as PoolComparison,
)
from .optimize.pool_comparison import (
    PoolVerdict as PoolVerdict,
)
from .optimize.pool_comparison import (
    compare_pool as compare_pool,
)
from .optimize.pool_sizing import PoolSizing as PoolSizing
from .optimize.process_pools import release_idle_members as release_idle_members
from .optimize.profile import MemoryProfile as MemoryProfile
from .optimize.recommendations import Recommendation as Recommendation
from .optimize.strategy import MemoryState as MemoryState
from .optimize.strategy import OptimizationStrategy as OptimizationStrategy
from .optimize.take import take_profile as take_profile
from .optimize.thresholds import Thresholds as Thresholds
from .plugin.fixtures import pooled_resource_factory as pooled_resource_factory
from .pool.async_lease import AsyncLease as AsyncLease
from .pool.async_pool import AsyncMemoryPool as AsyncMemoryPool
from .pool.context import (
    ResourceContext as ResourceContext,
)
from .pool.context import (
    get_pooled_resource as get_pooled_resource,
)
from .pool.context import (
    with_pooled_resource as with_pooled_resource,
)
from .pool.default import register_resource_type as register_resource_type
from .pool.lease import Lease as Lease
from .pool.manager import ResourceManager as ResourceManager
from .pool.pool import MemoryPool as MemoryPool
from .pool.resource import PooledResource as PooledResource
from .pool.shared_pool import SharedMemoryPool as SharedMemoryPool
from .pool.stats import PoolStats as PoolStats
from .snapshots.diff import SnapshotDiff as SnapshotDiff
from .snapshots.query import ObjectQuery as ObjectQuery
from .snapshots.snapshot import Snapshot as Snapshot
from .snapshots.take import take_snapshot as take_snapshot
from .units import format_size as format_size
from .units import parse_size as parse_size

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
