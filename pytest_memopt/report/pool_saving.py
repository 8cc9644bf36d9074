"""What a pool saves, in words: the row of a table and the sentences below it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from ..optimize.pool_comparison import PoolComparison, PoolVerdict
from ..robust import Estimate
from ..units import format_count, format_duration, format_size
from .wording import counted

HEADINGS: Final = ("built anew", "pooled", "ratio", "saved", "pays off", "held idle", "resource")
"""Of the columns that `saving_cells` fills."""
USES_TOLD: Final = 100
"""Over how many uses the whole is told, the member's building included."""
_VERDICTS: Final = {
    PoolVerdict.FASTER: "pooling is faster",
    PoolVerdict.SLOWER: "pooling is slower, don't pool this",
    PoolVerdict.NO_DIFFERENCE: "no difference",
}
_WHOLE_FROM: Final = 1000
_MORE_DIGITS_FROM: Final = (0.99, 0.999, 0.9999)
_MOST_TOLD: Final = 0.999999


def saving_cells(comparison: PoolComparison) -> tuple[str, ...]:
    """The figures of one type, one for each of `HEADINGS`."""
    is_faster = comparison.verdict is PoolVerdict.FASTER
    pays_off = comparison.break_even_count
    return (
        format_duration(comparison.anew_median_s),
        format_duration(comparison.pooled_median_s),
        format_times(comparison.ratio.value),
        format_share(comparison.saved_share.value) if is_faster else "none",
        "never" if pays_off is None else f"after {format_count(pays_off)}",
        format_size(comparison.held_bytes),
        comparison.type_name,
    )


def saving_lines(comparison: PoolComparison) -> list[str]:
    """The verdict in a line, and below it what it rests on."""
    return [f"{comparison.type_name}: {_VERDICTS[comparison.verdict]}", *_grounds(comparison)]


def format_times(ratio: float) -> str:
    """A ratio for people: ``'0.085×'``, ``'9.57×'``, ``'12 480×'``."""
    return f"{format_count(ratio) if ratio >= _WHOLE_FROM else f'{ratio:.3g}'}×"


def format_share(share: float) -> str:
    """A share for people, with digits where they count: ``'90.2 %'``, ``'99.96 %'``; all is never rounded up to."""
    if share > _MOST_TOLD:
        return f">{_MOST_TOLD * 100:.4f} %"
    digits = 1 + sum(share >= step for step in _MORE_DIGITS_FROM)
    return f"{share * 100:.{digits}f} %"


def _grounds(comparison: PoolComparison) -> Iterator[str]:
    pairs, ratio = counted(len(comparison.anew_s), "pair"), comparison.ratio
    if comparison.verdict is PoolVerdict.FASTER:
        share = comparison.saved_share
        yield f"{pairs}: {format_share(share.value)} saved at each use{_sure(share, format_share)}"
        yield f"building anew takes {format_times(ratio.value)} as long{_sure(ratio, format_times)}"
        yield _over_many(comparison)
    else:
        yield f"{pairs}: building anew takes {format_times(ratio.value)} as long{_sure(ratio, format_times)}"
    if comparison.rebuilt_count:
        yield (
            f"the pool had to build {format_count(comparison.rebuilt_count)} more in "
            f"{counted(comparison.pooled_count, 'borrow')}: validate refused members, or they were too old"
        )
    if comparison.held_why:
        yield f"what is held idle is an estimate: {comparison.held_why}"


def _over_many(comparison: PoolComparison) -> str:
    anew_s, pooled_s = USES_TOLD * comparison.anew_median_s, comparison.pooled_over_s(USES_TOLD)
    return (
        f"{USES_TOLD} uses with the first build: {format_duration(anew_s)} anew, {format_duration(pooled_s)} pooled, "
        f"{format_share(comparison.saved_over(USES_TOLD))} saved"
    )


def _sure(estimate: Estimate, spell: Callable[[float], str]) -> str:
    return f" (95 % sure: {spell(estimate.low)} to {spell(estimate.high)})"
