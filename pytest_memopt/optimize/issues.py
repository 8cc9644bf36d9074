"""What is wrong with the memory of a process: its figures held against thresholds; pure."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Final, NamedTuple

from ..units import MB, format_count
from .growth import MemoryTrend, TrendVerdict
from .profile import MemoryProfile
from .recorder import FirstLook
from .thresholds import Thresholds

_WARNING_FROM: Final = 1.5
_SEVERE_FROM: Final = 3.0


class IssueKind(str, Enum):
    """Which threshold was passed."""

    HIGH_USE = "high memory use"
    EXCESSIVE_GROWTH = "excessive growth"
    FRAGMENTATION = "fragmentation"
    MANY_OBJECTS = "many objects"
    MANY_COLLECTIONS = "many collections"


class Measure(str, Enum):
    """In what an issue is measured."""

    BYTES = "bytes"
    RATIO = "ratio"
    COUNT = "count"


class Severity(str, Enum):
    """How far a threshold was passed: by less than half of it, up to threefold, further."""

    NOTICE = "notice"
    WARNING = "warning"
    SEVERE = "severe"


class MemoryIssue(NamedTuple):
    """A threshold that was passed.

    Attributes:
        kind: which.
        severity: how far.
        measured: the figure.
        threshold: what it may reach.
        measure: in what both are told.
        meaning: one sentence for people, with the figure.
    """

    kind: IssueKind
    severity: Severity
    measured: float
    threshold: float
    measure: Measure
    meaning: str


def find_issues(
    profile: MemoryProfile,
    trend: MemoryTrend,
    thresholds: Thresholds | None = None,
    *,
    first: FirstLook | None = None,
) -> tuple[MemoryIssue, ...]:
    """The thresholds that were passed, that which was passed the furthest first.

    What can't be measured here is no issue. Collections are those of the oldest generation, as only they look at
    everything.

    Args:
        profile: the process now.
        trend: how its memory moved.
        thresholds: what it may reach; the defaults when ``None``.
        first: the first look, since when collections are counted; since the process began when ``None``.
    """
    limits = Thresholds() if thresholds is None else thresholds
    found = (issue for issue in _checks(profile, trend, limits, first) if issue.measured > issue.threshold)
    return tuple(sorted(found, key=lambda issue: -_excess(issue.measured, issue.threshold)))


def find_outside_issues(
    rss_bytes: int, trend: MemoryTrend, thresholds: Thresholds | None = None
) -> tuple[MemoryIssue, ...]:
    """The same for what can be seen of another process: its resident memory, and how that moved."""
    limits = Thresholds() if thresholds is None else thresholds
    found = (issue for issue in _size_checks(rss_bytes, "resident", trend, limits) if issue.measured > issue.threshold)
    return tuple(sorted(found, key=lambda issue: -_excess(issue.measured, issue.threshold)))


def severity_of(measured: float, threshold: float) -> Severity:
    """How far ``measured`` lies beyond ``threshold``."""
    excess = _excess(measured, threshold)
    if excess < _WARNING_FROM:
        return Severity.NOTICE
    return Severity.WARNING if excess < _SEVERE_FROM else Severity.SEVERE


def format_mb(count_bytes: float) -> str:
    """Bytes in MB (10**6), the unit of the thresholds: ``'165.4 MB'``."""
    return f"{count_bytes / MB:,.1f} MB".replace(",", " ")


def _checks(
    profile: MemoryProfile, trend: MemoryTrend, limits: Thresholds, first: FirstLook | None
) -> Iterator[MemoryIssue]:
    ratio = profile.fragmentation_ratio
    yield from _size_checks(profile.size_bytes, "in use", trend, limits)
    if ratio is not None:
        meaning = f"{ratio:.0%} of the {format_mb(profile.allocators.held_bytes or 0)} that the allocators hold is free, but not given back"
        yield _issue(IssueKind.FRAGMENTATION, ratio, limits.fragmentation_ratio, Measure.RATIO, meaning)
    yield _issue(
        IssueKind.MANY_OBJECTS, profile.objects_count, limits.objects_count, Measure.COUNT, _objects_meaning(profile)
    )
    collections = profile.collector.full_collections - (0 if first is None else first.full_collections)
    meaning = f"the garbage collector looked at everything {format_count(collections)} times"
    yield _issue(IssueKind.MANY_COLLECTIONS, collections, limits.collections_count, Measure.COUNT, meaning)


def _size_checks(size_bytes: int | None, what: str, trend: MemoryTrend, limits: Thresholds) -> Iterator[MemoryIssue]:
    if size_bytes is not None:
        meaning = (
            f"{format_mb(size_bytes)} are {what}, more than the {format_mb(limits.in_use_bytes)} that are expected"
        )
        yield _issue(IssueKind.HIGH_USE, size_bytes, limits.in_use_bytes, Measure.BYTES, meaning)
    if trend.growth_bytes is not None:
        yield _issue(
            IssueKind.EXCESSIVE_GROWTH, trend.growth_bytes, limits.growth_bytes, Measure.BYTES, _growth_meaning(trend)
        )


def _issue(kind: IssueKind, measured: float, threshold: float, measure: Measure, meaning: str) -> MemoryIssue:
    return MemoryIssue(kind, severity_of(measured, threshold), measured, threshold, measure, meaning)


def _growth_meaning(trend: MemoryTrend) -> str:
    moved = f"memory grew by {format_mb(trend.growth_bytes or 0)} in {trend.span_s:.1f} s"
    if trend.verdict is TrendVerdict.INCREASING and trend.rate_mb_per_minute is not None:
        return f"{moved}; the trend is increasing, by {trend.rate_mb_per_minute:.1f} MB a minute"
    return moved


def _objects_meaning(profile: MemoryProfile) -> str:
    most = next(iter(profile.types), None)
    mostly = f", {format_count(most.count)} of them {most.type}" if most is not None else ""
    return f"{format_count(profile.objects_count)} objects are tracked by the garbage collector{mostly}"


def _excess(measured: float, threshold: float) -> float:
    return measured / threshold if threshold > 0 else float("inf")
