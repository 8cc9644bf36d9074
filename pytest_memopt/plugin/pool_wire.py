"""What the pools of a process did, on its way to the controller, and what all processes together did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..optimize.pool_advice import PoolAdvice, widest
from ..optimize.pool_comparison import PoolComparison
from ..pool.stats import PoolStats
from ..report.summary import PoolUse


def use_to_wire(use: PoolUse) -> dict[str, Any]:
    """As plain JSON."""
    return {
        "name": use.name,
        "stats": use.stats.to_wire(),
        "held_bytes": use.held_bytes,
        "comparison": None if use.comparison is None else use.comparison.to_wire(),
        "uncompared": use.uncompared,
        "advice": None if use.advice is None else use.advice.to_wire(),
    }


def use_from_wire(wire: Mapping[str, Any]) -> PoolUse:
    """The pool that `use_to_wire` wrote."""
    comparison, advice = wire["comparison"], wire["advice"]
    return PoolUse(
        wire["name"],
        PoolStats.from_wire(wire["stats"]),
        wire["held_bytes"],
        None if comparison is None else PoolComparison.from_wire(comparison),
        wire["uncompared"],
        None if advice is None else PoolAdvice.from_wire(advice),
    )


def together(one: PoolUse, other: PoolUse) -> PoolUse:
    """The same type in two processes, as one; each has built what it holds."""
    held = [use.held_bytes for use in (one, other) if use.held_bytes is not None]
    advice = [use.advice for use in (one, other) if use.advice is not None]
    return PoolUse(
        one.name,
        one.stats.plus(other.stats),
        sum(held) if held else None,
        one.comparison or other.comparison,
        one.uncompared or other.uncompared,
        widest(advice) if advice else None,
    )
