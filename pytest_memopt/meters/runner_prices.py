"""What pytest's own book-keeping weighs: learned where it was counted, used where counting would cost too much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_LEARNED_MOST: Final = 512


@dataclass(frozen=True, slots=True)
class Price:
    """What a stretch of pytest's weighed.

    Attributes:
        small_bytes: in small blocks.
        heap_bytes: in the C heap.
    """

    small_bytes: int
    heap_bytes: int


class RunnerPrices:
    """Bytes by number of blocks for the stretches between a test's phases, in which pytest makes its reports.

    A report of the same make takes the same blocks, so the price of "31 blocks after the call" is found once, by careful
    readings on both sides, and then applied without them: 2 microseconds instead of 100.
    """

    def __init__(self) -> None:
        self._prices: dict[tuple[int, int], Price] = {}

    def learn(self, stretch: int, blocks: int, price: Price) -> None:
        """Remember what ``blocks`` in this kind of stretch weighed."""
        if len(self._prices) < _LEARNED_MOST:
            self._prices[stretch, blocks] = price

    def price(self, stretch: int, blocks: int) -> Price | None:
        """The price of ``blocks`` in this kind of stretch; ``None`` where that was never counted."""
        return self._prices.get((stretch, blocks))

    def nearest(self, stretch: int, blocks: int, mean_block_bytes: float) -> Price:
        """An estimate for a number of blocks that was never counted, from the nearest one that was."""
        known = [count for kind, count in self._prices if kind == stretch]
        if not known:
            return Price(round(blocks * mean_block_bytes), 0)
        nearest = min(known, key=lambda count: abs(count - blocks))
        price = self._prices[stretch, nearest]
        return Price(price.small_bytes + round((blocks - nearest) * mean_block_bytes), price.heap_bytes)
