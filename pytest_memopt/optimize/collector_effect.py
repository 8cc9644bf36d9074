"""What is to be told of a suite's collector (pure)."""

from __future__ import annotations

from typing import Final

from ..units import format_count
from .collections_spared import CollectorUse
from .effect import Effect
from .suite_effect import StrategyEffect

NAME: Final = "gc"
SPARED_LEAST_S: Final = 0.02


def collector_effect(use: CollectorUse) -> StrategyEffect:
    """Whether the tuned collector helped, by its own estimate: below a fiftieth of a second nothing is claimed."""
    if not use.before:
        return StrategyEffect(NAME, Effect.NO_EFFECT, "the garbage collector is switched off")
    is_helpful = use.spared_s >= SPARED_LEAST_S
    return StrategyEffect(
        NAME,
        Effect.HELPED if is_helpful else Effect.NO_EFFECT,
        _what(use) if is_helpful else f"collections took {use.collections_s:.2g} s, and there was little to spare",
        applied_count=1,
        collections_count=use.collections_count,
        collections_s=round(use.collections_s, 4),
        spared_count=use.spared_count if is_helpful else 0,
        spared_s=round(use.spared_s, 3) if is_helpful else 0.0,
        took_s=0.0 if use.settled is None else round(use.settled.took_s, 4),
    )


def _what(use: CollectorUse) -> str:
    frozen = "nothing was frozen, as somebody else has frozen objects"
    if use.settled is not None:
        frozen = f"{format_count(use.settled.objects_count)} objects were frozen when all was collected"
    if use.before == use.chosen:
        return frozen
    return f"{frozen}; thresholds {_plain(use.chosen)} instead of {_plain(use.before)}"


def _plain(thresholds: tuple[int, ...]) -> str:
    return ", ".join(map(str, thresholds))
