"""The analysis of this process: its profile, the trend since the first look, issues, and what to do about them."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..flags import Flag, is_enabled
from .growth import MemoryTrend
from .issues import MemoryIssue, find_issues
from .monitor import MemoryMonitor
from .process_pools import process_pool_advice
from .profile import MemoryProfile
from .recommendations import Recommendation, recommend
from .recorder import ProfileRecorder, process_recorder
from .take import TOP_TYPES, PoolSource, take_profile
from .thresholds import Thresholds
from .wire import issue_to_wire, profile_to_wire, recommendation_to_wire, rounded_mb


class MemoryAnalysis(NamedTuple):
    """What was found out about this process.

    Attributes:
        profile: what it holds now; ``None`` where analysis is switched off.
        trend: how its memory moved since the first look; ``None`` where analysis is switched off.
        issues: thresholds that were passed, the worst first.
        recommendations: what to do, the largest saving first.
    """

    profile: MemoryProfile | None = None
    trend: MemoryTrend | None = None
    issues: tuple[MemoryIssue, ...] = ()
    recommendations: tuple[Recommendation, ...] = ()


def analyze(
    *,
    thresholds: Thresholds | None = None,
    monitor: MemoryMonitor | None = None,
    pools: PoolSource | None = None,
    recorder: ProfileRecorder | None = None,
) -> MemoryAnalysis:
    """Look at this process, and compare with the looks before.

    With ``ENABLE_MEMORY_ANALYSIS=false`` in the environment nothing is read, and the analysis is empty.

    Args:
        thresholds: what the process may reach; the defaults when ``None``.
        monitor: judge growth by the resident memory that it sampled, instead of by bytes in use at earlier calls.
        pools: gives the figures of each pool, by name; those that this process lends from by name when ``None``.
        recorder: remembers the calls; one for the whole process when ``None``.

    Raises:
        UsageError: where the variable says neither on nor off.
    """
    if not is_enabled(Flag.ANALYSIS):
        return MemoryAnalysis()
    recorder = process_recorder() if recorder is None else recorder
    profile = take_profile(top=None, pools=pools)
    first, trend = recorder.add(profile)
    trend = trend if monitor is None else monitor.trend()
    issues = find_issues(profile, trend, thresholds, first=first)
    advice = recommend(profile, trend, issues, first=first, pools=process_pool_advice())
    return MemoryAnalysis(profile._replace(types=profile.types[:TOP_TYPES]), trend, issues, advice)


def analyze_memory_usage(
    *,
    thresholds: Thresholds | None = None,
    monitor: MemoryMonitor | None = None,
    pools: PoolSource | None = None,
    recorder: ProfileRecorder | None = None,
) -> dict[str, Any]:
    """`analyze` as a plain dictionary, ready for JSON.

    Its keys are ``current_profile`` (sizes in bytes), ``memory_trend`` (``"increasing"``, ``"decreasing"``, ``"flat"``,
    ``"unsure"`` or ``"too few samples"``), ``growth_rate_mb_per_minute`` (MB of 10**6 bytes; ``None`` at the first call),
    ``issues`` and ``recommendations``. Switched off, all of them are there, and empty.

    Raises:
        UsageError: where ``ENABLE_MEMORY_ANALYSIS`` says neither on nor off.
    """
    return analysis_to_wire(analyze(thresholds=thresholds, monitor=monitor, pools=pools, recorder=recorder))


def analysis_to_wire(found: MemoryAnalysis) -> dict[str, Any]:
    """An analysis as a plain dictionary, with the keys of `analyze_memory_usage`."""
    trend = found.trend
    return {
        "current_profile": {} if found.profile is None else profile_to_wire(found.profile),
        "memory_trend": None if trend is None else trend.verdict.value,
        "growth_rate_mb_per_minute": None if trend is None else rounded_mb(trend.rate_mb_per_minute, 1),
        "issues": [issue_to_wire(issue) for issue in found.issues],
        "recommendations": [recommendation_to_wire(one) for one in found.recommendations],
    }


def get_memory_stats(*, pools: PoolSource | None = None) -> dict[str, Any]:
    """The figures of this process now, ready for JSON; MB are 10**6 bytes, ``None`` is what can't be read here.

    With ``ENABLE_MEMORY_ANALYSIS=false`` the same keys are there, and empty.

    Args:
        pools: gives the figures of each pool, by name; those that this process lends from by name when ``None``.

    Raises:
        UsageError: where the variable says neither on nor off.
    """
    profile = take_profile(pools=pools) if is_enabled(Flag.ANALYSIS) else None
    wire = {} if profile is None else profile_to_wire(profile)
    return {
        "current_memory_mb": None if profile is None else rounded_mb(profile.size_bytes),
        "rss_mb": rounded_mb(wire.get("rss_bytes")),
        "peak_rss_mb": rounded_mb(wire.get("peak_rss_bytes")),
        "fragmentation_ratio": wire.get("fragmentation_ratio"),
        "object_count": wire.get("objects_count"),
        "thread_count": wire.get("threads_count"),
        "fd_count": wire.get("fds_count"),
        "pools": wire.get("pools", {}),
        "pool_totals": wire.get("pool_totals", {}),
        "gc": wire.get("gc", {}),
    }
