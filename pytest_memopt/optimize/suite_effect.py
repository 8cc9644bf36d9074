"""What one strategy was good for over a whole suite: the value that is told, sent by workers, and summed up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from .effect import Effect

_SUMMED: Final = (
    "applied_count",
    "collections_count",
    "collections_s",
    "spared_count",
    "spared_s",
    "freed_rss_bytes",
    "cleared_count",
    "took_s",
)
_BEST_FIRST: Final = (Effect.HELPED, Effect.NO_EFFECT, Effect.REVERTED, Effect.FAILED)


class StrategyEffect(NamedTuple):
    """What came of one strategy in one process, or in all workers together.

    Attributes:
        strategy: its name.
        effect: the word for it.
        why: what was done, or why that was to no effect; one sentence.
        applied_count: how often it was applied.
        collections_count, collections_s: collections that were made, and what they took; measured.
        spared_count, spared_s: collections that were not made, and what they would have taken; estimated. 0 unless it
            helped, as are the next two.
        freed_rss_bytes: resident memory that went back, as the kernel tells it, each time added up.
        cleared_count: entries of caches that were cleared.
        took_s: seconds that it took itself, readings included.
    """

    strategy: str
    effect: Effect
    why: str
    applied_count: int = 0
    collections_count: int = 0
    collections_s: float = 0.0
    spared_count: int = 0
    spared_s: float = 0.0
    freed_rss_bytes: int = 0
    cleared_count: int = 0
    took_s: float = 0.0

    def to_wire(self) -> dict[str, Any]:
        """Plain JSON values."""
        return {**self._asdict(), "effect": self.effect.value}

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> StrategyEffect:
        """What ``to_wire`` gave."""
        return cls(**{**wire, "effect": Effect(wire["effect"])})


def merged(effects: Iterable[StrategyEffect]) -> tuple[StrategyEffect, ...]:
    """One effect for each strategy, over all processes: it helped where it helped in one, and its figures are summed."""
    by_name: dict[str, list[StrategyEffect]] = {}
    for effect in effects:
        by_name.setdefault(effect.strategy, []).append(effect)
    return tuple(map(_merged_one, by_name.values()))


def _merged_one(effects: list[StrategyEffect]) -> StrategyEffect:
    best = min(effects, key=lambda one: _BEST_FIRST.index(one.effect))
    sums = {name: sum(getattr(one, name) for one in effects) for name in _SUMMED}
    return best._replace(**sums)
