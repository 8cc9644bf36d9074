"""What to do about the memory of a process, by what was measured; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from ..meters.measurement import TypeUse
from ..units import format_count
from .growth import FLOOR_BYTES, MemoryTrend, TrendVerdict
from .issues import IssueKind, MemoryIssue, format_mb
from .profile import MemoryProfile
from .recorder import FirstLook

if TYPE_CHECKING:
    from .pool_advice import PoolAdvice

_TYPES_TOLD: Final = 3
_WORTH_TELLING: Final = 0.01
RISE_LEAST: Final = 10
OWN_TYPES: Final = ("pytest_memopt.bounded_series.", "pytest_memopt.optimize.")  # what watching itself keeps
_UNTRACKED: Final = "no type that the garbage collector tracks rose: it is strings, buffers, arrays or native memory"


class Action(str, Enum):
    """What could be done."""

    STOP_GROWTH = "stop the growth"
    COMPACT = "give free memory back"
    SHRINK_TYPE = "keep fewer or smaller objects"
    COLLECT_LESS = "collect less often"
    RESIZE_POOL = "set a pool up otherwise"


class Recommendation(NamedTuple):
    """One thing to do.

    Attributes:
        action: what.
        saves_bytes: what it would save at most; ``None`` where that was not measured.
        advice: how, in one sentence.
        evidence: the figures behind it, in one sentence.
    """

    action: Action
    saves_bytes: int | None
    advice: str
    evidence: str


def recommend(
    profile: MemoryProfile,
    trend: MemoryTrend,
    issues: Sequence[MemoryIssue],
    *,
    first: FirstLook | None = None,
    pools: Mapping[str, PoolAdvice] = MappingProxyType({}),
) -> tuple[Recommendation, ...]:
    """What follows from the evidence, the largest saving first; what saves nothing that was measured comes last.

    Args:
        profile: the process now.
        trend: how its memory moved.
        issues: the thresholds that were passed; without an issue, an increasing trend or advice nothing is recommended.
        first: the first look, against which types are compared.
        pools: advice on pools, by the name of the type; what would save time is recommended.
    """
    kinds = {issue.kind for issue in issues}
    found = [*_against_growth(profile, trend, kinds, first), *_against_waste(profile, kinds), *_against_waits(pools)]
    return tuple(sorted(found, key=lambda one: -1 if one.saves_bytes is None else one.saves_bytes, reverse=True))


def risen_types(first: FirstLook, now: MemoryProfile) -> tuple[tuple[str, int], ...]:
    """The types of which there are more than at first, and how many more, the most first.

    A type that the first look doesn't name is counted as 0 there. Rises by less than 10, or by less than a hundredth of
    the largest, are left out: a look leaves some objects itself.
    """
    rises = [
        (use.type, use.count - first.counts.get(use.type, 0)) for use in now.types if not use.type.startswith(OWN_TYPES)
    ]
    least = max(RISE_LEAST, max((rise for _, rise in rises), default=0) * _WORTH_TELLING)
    return tuple(sorted((rise for rise in rises if rise[1] >= least), key=lambda rise: -rise[1]))


def _against_growth(
    profile: MemoryProfile, trend: MemoryTrend, kinds: set[IssueKind], first: FirstLook | None
) -> Iterator[Recommendation]:
    growth_bytes = round(trend.growth_bytes or 0)
    is_rising = trend.verdict is TrendVerdict.INCREASING and growth_bytes > FLOOR_BYTES
    if is_rising or IssueKind.EXCESSIVE_GROWTH in kinds:
        yield Recommendation(
            Action.STOP_GROWTH,
            growth_bytes,
            "compare take_snapshot() before and after the work that repeats, or run check_leaks() on it, to see who keeps what is new",
            "; ".join(
                (
                    f"memory grew by {format_mb(growth_bytes)} in {trend.span_s:.1f} s",
                    *_how(trend),
                    *_what(profile, first),
                )
            ),
        )


def _how(trend: MemoryTrend) -> Iterator[str]:
    """The course, where there are enough samples to tell one."""
    if trend.verdict is TrendVerdict.UNSURE:
        yield "whether it goes on these samples can't tell"
    elif trend.verdict is not TrendVerdict.TOO_FEW and trend.rate_mb_per_minute is not None:
        yield f"{trend.verdict.value}, {trend.rate_mb_per_minute:.1f} MB a minute"


def _what(profile: MemoryProfile, first: FirstLook | None) -> Iterator[str]:
    """The types that rose, where there is a look to compare with."""
    if first is not None:
        rises = risen_types(first, profile)[:_TYPES_TOLD]
        yield ", ".join(f"{format_count(rise, signed=True)} {name}" for name, rise in rises) or _UNTRACKED


def _against_waste(profile: MemoryProfile, kinds: set[IssueKind]) -> Iterator[Recommendation]:
    allocators = profile.allocators
    if IssueKind.FRAGMENTATION in kinds and allocators.free_bytes is not None:
        yield Recommendation(
            Action.COMPACT,
            allocators.free_bytes,
            "have the allocators give free memory back (optimize_memory()), and make what lives long before what lives shortly",
            f"{format_mb(allocators.free_bytes)} of {format_mb(allocators.held_bytes or 0)} held are free; "
            f"arenas of small blocks take {format_mb(allocators.arenas_bytes or 0)}, the C heap {format_mb(allocators.heap_held_bytes or 0)}",
        )
    for use in _types_to_shrink(profile, kinds):
        yield Recommendation(
            Action.SHRINK_TYPE,
            use.bytes,
            f"keep fewer {use.type}, or make them smaller (__slots__, arrays instead of lists of objects)",
            f"{format_count(use.count)} {use.type} take {format_mb(use.bytes)} by their own sizes",
        )
    if IssueKind.MANY_COLLECTIONS in kinds:
        yield Recommendation(
            Action.COLLECT_LESS,
            None,
            "call gc.freeze() when the program has started, or raise gc.set_threshold()",
            f"{format_count(profile.collector.full_collections)} full collections since the process began, "
            f"over {format_count(profile.objects_count)} objects now",
        )


def _types_to_shrink(profile: MemoryProfile, kinds: set[IssueKind]) -> tuple[TypeUse, ...]:
    """The heaviest type where memory is short, the most frequent where objects are many; one if they are the same."""
    if not profile.types:
        return ()
    heaviest = (max(profile.types, key=lambda use: use.bytes),) if IssueKind.HIGH_USE in kinds else ()
    most = profile.types[:1] if IssueKind.MANY_OBJECTS in kinds else ()
    return tuple(dict.fromkeys((*heaviest, *most)))


def _against_waits(pools: Mapping[str, PoolAdvice]) -> Iterator[Recommendation]:
    """What saves time with pools; a limit that could be closer saves none, and isn't told."""
    for name, advice in pools.items():
        for one in advice.suggestions:
            if one.is_raise:
                setting = one.setting.value
                how = f"register the pool {name!r} with {setting}={one.value:g} instead of {one.now:g}"
                yield Recommendation(Action.RESIZE_POOL, None, how, one.why)
            elif one.is_doubt:
                how = f"have {name!r} built for each borrower instead of pooling it (keep_idle=False)"
                yield Recommendation(Action.RESIZE_POOL, None, how, one.why)
