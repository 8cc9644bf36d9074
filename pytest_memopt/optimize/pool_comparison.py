"""What a pool saves: building each time against borrowing, measured in pairs, with its interval, price and verdict."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import partial
from math import ceil
from statistics import median
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from ..errors import UsageError
from ..meters.originals import gc
from ..pool.arguments import Arguments
from ..pool.recipe import ResourceType
from ..robust import Estimate, bootstrap_median
from .heap_bytes import HeapBytes
from .paired_timing import Pacer, Patience
from .pool_sides import ThreadSides, Use, check_troubles, sides_of

if TYPE_CHECKING:
    from .async_pool_sides import LoopSides

PAIRS_ASKED_LEAST: Final = 6
"""Of fewer pairs no interval holds the truth in 95 of 100 cases."""
_WARM_USES: Final = 2
_TICK_S: Final = 1e-12  # what took no time by the clock took some


class PoolVerdict(Enum):
    """What the pairs say of pooling."""

    FASTER = "faster"
    SLOWER = "slower"
    NO_DIFFERENCE = "no difference"


class PoolComparison(NamedTuple):
    """A resource type with and without its pool.

    Attributes:
        type_name: the type's name.
        anew_s: building, using and closing: seconds of one, pair by pair.
        pooled_s: borrowing, using and giving back: seconds of one, pair by pair.
        rebuilt_count: how many more the pool had to build meanwhile, in ``pooled_count`` borrows: ``validate`` refused
            members, or they were too old.
        pooled_count: how many borrows that were.
        held_bytes: what the pool held while nothing was borrowed, counted in this process's heap; processes and device
            memory that belong to the resource aren't in it.
        held_why: what makes ``held_bytes`` an estimate; empty where it is counted.
    """

    type_name: str
    anew_s: tuple[float, ...]
    pooled_s: tuple[float, ...]
    rebuilt_count: int
    pooled_count: int
    held_bytes: int
    held_why: str

    @property
    def anew_median_s(self) -> float:
        """The median time of building, using and closing."""
        return median(self.anew_s)

    @property
    def pooled_median_s(self) -> float:
        """The median time of borrowing, using and giving back."""
        return median(self.pooled_s)

    @property
    def ratio(self) -> Estimate:
        """How many times as long building each time takes: the median of the pairs' ratios, with its 95 % interval."""
        pairs = zip(self.anew_s, self.pooled_s, strict=True)
        return bootstrap_median([max(anew, _TICK_S) / max(pooled, _TICK_S) for anew, pooled in pairs])

    @property
    def saved_share(self) -> Estimate:
        """The share of the time that pooling saves at each use, with its 95 % interval; negative for a loss."""
        return Estimate(*(1 - 1 / one for one in self.ratio))

    @property
    def verdict(self) -> PoolVerdict:
        """Whether pooling is faster; no difference where the interval of the ratio holds 1."""
        if self.ratio.low > 1:
            return PoolVerdict.FASTER
        return PoolVerdict.SLOWER if self.ratio.high < 1 else PoolVerdict.NO_DIFFERENCE

    @property
    def break_even_count(self) -> int | None:
        """The number of uses from which on the pool has paid off; ``None`` unless pooling is faster."""
        return ceil(1 / self.saved_share.value) if self.verdict is PoolVerdict.FASTER else None

    def saved_over(self, uses_count: int) -> float:
        """The share of the time that is saved over so many uses, the member's building and closing included."""
        return 1 - self.pooled_over_s(uses_count) / (uses_count * max(self.anew_median_s, _TICK_S))

    def pooled_over_s(self, uses_count: int) -> float:
        """What so many uses take with a pool, the member's building and closing included.

        Those count as much as one use without a pool. That the first build is slower, before caches are warm, is so on
        both sides.
        """
        return self.anew_median_s + uses_count * self.pooled_median_s

    def to_wire(self) -> dict[str, Any]:
        """As plain JSON, with what follows from the figures."""
        return {
            **self._asdict(),
            "anew_s": list(self.anew_s),
            "pooled_s": list(self.pooled_s),
            "anew_median_s": self.anew_median_s,
            "pooled_median_s": self.pooled_median_s,
            "ratio": self.ratio._asdict(),
            "saved_share": self.saved_share._asdict(),
            "break_even_count": self.break_even_count,
            "verdict": self.verdict.value,
        }

    @classmethod
    def from_wire(cls, wire: Mapping[str, Any]) -> PoolComparison:
        """The comparison that `to_wire` wrote."""
        read = {name: wire[name] for name in cls._fields}
        return cls(**{**read, "anew_s": tuple(read["anew_s"]), "pooled_s": tuple(read["pooled_s"])})


def compare_pool(
    kind: ResourceType,
    *,
    use: Use | None = None,
    arguments: Arguments | None = None,
    pairs: int | None = None,
    budget_s: float = 5.0,
    seed: int = 1,
) -> PoolComparison:
    """Measure what a pool saves: build, use and close against borrow, use and return, in pairs and in random order.

    A pool of the comparison's own is used. Each side runs once before the first pair, which is not counted. What takes
    less than 0.2 ms is repeated within a pair.

    Args:
        kind: the resource type, as of `MemoryPool.kind`.
        use: called with the resource on both sides; nothing by default.
        arguments: what resources are built with; ``None`` for none.
        pairs: how many; by default what fits into the budget, from 10 to 200.
        budget_s: seconds for the pairs; exceeded where 10 of them take longer.
        seed: of the order within the pairs.

    Raises:
        ComparisonError: when the factory, reset, close or the use fails, naming the type and which of them.
        UsageError: for fewer than 6 pairs.
    """
    if pairs is not None and pairs < PAIRS_ASKED_LEAST:
        raise UsageError(f"pairs={pairs} is too few to tell a difference from noise; {PAIRS_ASKED_LEAST} is the least")
    sides = sides_of(kind, arguments, use)
    try:
        sides.unpooled(1)
        held_bytes, held_why = _held(sides)
        pacer = Pacer(Patience(pairs, budget_s), seed, partial(check_troubles, sides.troubles))
        times = pacer.pace(sides.unpooled, sides.pooled)
        stats = sides.stats()
    finally:
        sides.close()
    check_troubles(sides.troubles)
    return PoolComparison(kind.name, times.one_s, times.other_s, stats.built - 1, stats.borrowed, held_bytes, held_why)


def _held(sides: ThreadSides | LoopSides) -> tuple[int, str]:
    """What the pool holds after its first uses, when nothing is borrowed, and what makes that an estimate."""
    heap = HeapBytes()
    gc.collect()
    before_bytes = heap.read()
    for _ in range(_WARM_USES):
        sides.pooled(1)
        check_troubles(sides.troubles)
    gc.collect()
    return heap.read() - before_bytes, heap.why
