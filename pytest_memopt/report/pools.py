"""The table of pools: what was built and borrowed, how long that took, and what lending saved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from ..optimize.pool_advice import PoolSetting, PoolSuggestion
from ..pool.stats import PoolStats
from ..units import format_count, format_duration, format_seconds, format_size
from .advice import Advice, AdviceKind
from .pool_saving import format_times, saving_lines
from .summary import PoolUse
from .table import Row
from .text import Span, Style
from .wording import counted

HEADINGS: Final = ("built", "borrowed", "hit", "build", "borrow", "saved", "held", "pool")
_NOTHING: Final = "-"


def pool_rows(uses: Sequence[PoolUse]) -> list[Row]:
    """A row for each pool, the one that saved the most first."""
    return [_row(use) for use in sorted(uses, key=lambda use: -use.stats.saved_s)]


def pool_advice(uses: Iterable[PoolUse]) -> list[Advice]:
    """What the pools had better be set to, where that would save something: lower limits are told in JSON only."""
    return [
        Advice(AdviceKind.POOL, use.name, f"pool `{use.name}`: {one}", saving_s=_saving_s(use.stats, one))
        for use in uses
        if use.advice is not None
        for one in use.advice.suggestions
        if one.value > one.now or one.setting is PoolSetting.POOLING
    ]


def comparison_lines(uses: Iterable[PoolUse]) -> Iterator[str]:
    """What comparing each pool with building anew has shown."""
    for use in uses:
        if use.comparison is not None:
            yield from saving_lines(use.comparison)
        elif use.uncompared is not None:
            yield f"{use.name}: not compared: {use.uncompared}"


def pool_to_wire(use: PoolUse) -> dict[str, Any]:
    """One pool as plain JSON."""
    stats = use.stats
    return {
        **stats.to_wire(),
        "name": use.name,
        "held_bytes": use.held_bytes,
        "hit_ratio": stats.hit_ratio,
        "saved_s": stats.saved_s,
        "comparison": None if use.comparison is None else use.comparison.to_wire(),
        "uncompared": use.uncompared,
        "advice": [] if use.advice is None else use.advice.to_wire()["suggestions"],
        "build": _times(stats.build),
        "borrow": _times(stats.borrow),
        "reset": _times(stats.reset),
    }


def _row(use: PoolUse) -> Row:
    stats = use.stats
    figures = (
        format_count(stats.built),
        format_count(stats.borrowed),
        f"{stats.hit_ratio:.1%}" if stats.borrowed else _NOTHING,
        format_duration(stats.build.mean_s) if stats.build.number else _NOTHING,
        format_duration(stats.lent_s / stats.hits) if stats.hits else _NOTHING,
        format_duration(stats.saved_s) if stats.hits and stats.build.number else _NOTHING,
        format_size(use.held_bytes) if use.held_bytes is not None else _NOTHING,
    )
    style = Style.WARN if stats.hits and stats.saved_s < 0 else Style.PLAIN
    return Row(figures, use.name, tuple(_notes(use)), style)


def _notes(use: PoolUse) -> list[Span]:
    stats = use.stats
    told = []
    if (times := _times_quicker(use)) is not None:
        told.append(Span(times, Style.GOOD))
    elif stats.hits and stats.saved_s < 0:
        with_waits = ", waiting included," if stats.waits else ""
        told.append(Span(f"lending{with_waits} takes longer than building", Style.WARN))
    if stats.waits:
        told.append(Span(f"{counted(stats.waits, 'wait')}, {format_seconds(stats.waited_s)} together", Style.WARN))
    if stats.timeouts:
        told.append(Span(counted(stats.timeouts, "time-out"), Style.BAD))
    told += [
        Span(f"{count} {reason.value}", Style.WARN)
        for reason, count in stats.evicted.items()
        if reason.is_failure and count
    ]
    if stats.errors:
        told.append(Span(counted(stats.errors, "error"), Style.BAD))
    return told


def _saving_s(stats: PoolStats, advice: PoolSuggestion) -> float:
    if advice.setting is PoolSetting.MAX_SIZE:
        return stats.waited_s
    return max(-stats.saved_s, 0.0) if advice.setting is PoolSetting.POOLING else stats.misses * stats.build.mean_s


def _times_quicker(use: PoolUse) -> str | None:
    stats = use.stats
    if use.comparison is not None:
        sure, pays_off = use.comparison.ratio, use.comparison.break_even_count
        interval = f"{format_times(sure.value)} per use ({format_times(sure.low)} to {format_times(sure.high)})"
        return interval if pays_off is None else f"{interval}, pays off after {format_count(pays_off)}"
    if not (stats.hits and stats.build.number and stats.lent_s):
        return None
    ratio = stats.build.mean_s * stats.hits / stats.lent_s
    if ratio <= 1:
        return None
    return f"{format_times(ratio)} per borrow"


def _times(stats: Any) -> dict[str, Any]:
    """A distribution in the figures that people ask for."""
    return {
        "number": stats.number,
        "total_s": stats.total_s,
        "mean_s": stats.mean_s,
        "median_s": stats.median_s,
        "p95_s": stats.quantile_s(0.95),
        "most_s": stats.most_s,
    }
