"""What optimising was good for, in words: a line for each strategy, or all of them in three."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from ..optimize.effect import Effect
from ..optimize.suite_effect import StrategyEffect
from ..units import format_count, format_seconds, format_size
from .typeface import Typeface

if TYPE_CHECKING:
    from .advice import Advice

_COLLECTOR: Final = "gc"
_LAZY: Final = "lazy"
_LINES_MOST: Final = 3


def brief(
    effects: Sequence[StrategyEffect],
    peak_rss_bytes: int | None,
    encoding: str | None,
    *,
    advice: Sequence[Advice] = (),
    off_because: str = "",
) -> list[str]:
    """At most three lines: what helped, what had no effect, and the first advice."""
    face = Typeface.for_encoding(encoding)
    if off_because:
        return [face.spell(f"optimised: nothing, as {off_because}")]
    helped = [effect_text(_shortened(one)) for one in effects if one.effect is Effect.HELPED]
    idle = [one for one in effects if one.effect is not Effect.HELPED and one.strategy != _LAZY]
    peak = [] if peak_rss_bytes is None else [f"peak RSS {format_size(peak_rss_bytes)}"]
    lines = []
    if helped or idle:
        lines.append(f"optimised: {' · '.join([*(helped or ['nothing helped']), *peak])}")
    if idle:
        lines.append(f"no effect: {' · '.join(f'{one.strategy}: {one.why}' for one in map(_shortened, idle))}")
    lines += _advice_lines(effects, advice)
    return [face.spell(line) for line in lines[:_LINES_MOST]]


def optimization_lines(effects: Iterable[StrategyEffect]) -> Iterator[tuple[str, bool]]:
    """A line for each strategy, with whether it helped."""
    for effect in effects:
        yield f"optimised  {effect_text(effect)}", effect.effect is Effect.HELPED


def effect_text(effect: StrategyEffect) -> str:
    """One strategy with the figures that say what it was good for."""
    if effect.effect is not Effect.HELPED:
        return f"{effect.strategy}: {effect.effect.value}, {effect.why}"
    return f"{effect.strategy}: {', '.join([*_figures(effect), effect.why])}"


def _figures(effect: StrategyEffect) -> Iterator[str]:
    if effect.spared_s:
        yield (
            f"≈ {format_seconds(effect.spared_s)} of collections spared (estimated; ≈ {format_count(effect.spared_count)} fewer, "
            f"{format_count(effect.collections_count)} made in {format_seconds(effect.collections_s)})"
        )
    if effect.freed_rss_bytes > 0:
        yield f"{format_size(effect.freed_rss_bytes)} given back to the system in {_goes(effect.applied_count)}"
    if effect.cleared_count:
        yield f"{format_count(effect.cleared_count)} entries of caches cleared"


def _shortened(effect: StrategyEffect) -> StrategyEffect:
    """Without what is beside the point in one line; what the collector was told is one clause after the other."""
    return effect if effect.strategy == _COLLECTOR else effect._replace(why=effect.why.partition(";")[0])


def _goes(count: int) -> str:
    return "one go" if count == 1 else f"{format_count(count)} goes"


def _advice_lines(effects: Iterable[StrategyEffect], advice: Sequence[Advice]) -> Iterator[str]:
    if advice:
        rest = f" (and {len(advice) - 1} more: --memopt-report)" if len(advice) > 1 else ""
        yield f"advice: {advice[0].text}{rest}"
        return
    yield from (f"{_LAZY}: {effect.why}" for effect in effects if effect.strategy == _LAZY)
