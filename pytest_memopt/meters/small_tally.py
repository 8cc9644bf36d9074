"""The bytes of a test's small blocks, with as few readings of them as exactness allows."""

from __future__ import annotations

from array import array
from typing import Final

from .account import Account, Ledger, Signal
from .instruments import SmallBytes
from .plan import Detail
from .runner_prices import Price, RunnerPrices

_LESSON_WIDTH: Final = 3


class SmallTally:
    """Follows one window after the other and says what its small blocks weigh.

    Reading the bytes costs 25 microseconds at least, reading their number 1. So bytes are read when a window opens, and
    when it closes only if the test's number of blocks moved; what pytest allocated between is taken off at the prices
    that exact windows learned.

    Attributes:
        is_exact: whether the last ``of_test`` was counted, not estimated.
        has_unpriced: whether this window met a stretch of pytest's that had no price yet.
    """

    def __init__(self, meter: SmallBytes, ledger: Ledger) -> None:
        self._meter = meter
        self._ledger = ledger
        self._prices = RunnerPrices()
        self._lessons = array("q", [0] * (_LESSON_WIDTH * len(Account)))
        self._start: int | None = None
        self.has_unpriced = False
        self.is_exact = True

    def start(self, detail: Detail) -> int:
        """Begin a window; the bytes now, or 0 where they are not read."""
        wanted = detail is not Detail.LEAN
        self._start = self._meter.read_bytes() if wanted and self._meter.is_exact else None
        self.has_unpriced = False
        return self._start or 0

    @property
    def is_read(self) -> bool:
        """Whether this window began with a reading of the bytes."""
        return self._start is not None

    def read(self) -> int:
        """The bytes now."""
        return self._meter.read_bytes()

    def learn(self, stretch: Account, blocks: int, small_bytes: int, heap_bytes: int) -> None:
        """Note what pytest's blocks after ``stretch`` weighed; it is remembered when the window is closed."""
        row = stretch * _LESSON_WIDTH
        self._lessons[row], self._lessons[row + 1], self._lessons[row + 2] = blocks, small_bytes, heap_bytes

    def remember(self) -> None:
        """Keep what this window taught; called outside of it, since what is remembered takes memory."""
        for stretch in range(len(Account)):
            blocks, small_bytes, heap_bytes = self._lessons[stretch * _LESSON_WIDTH : (stretch + 1) * _LESSON_WIDTH]
            if blocks:
                self._prices.learn(stretch, blocks, Price(small_bytes, heap_bytes))
                self._lessons[stretch * _LESSON_WIDTH] = 0

    def charge_runner(self, stretch: Account, blocks: int, heap_bytes: int) -> None:
        """Charge pytest for its blocks after ``stretch`` by their price; ``heap_bytes`` is what was read, roughly.

        What lies in the C library's cache of freed blocks makes a reading in the midst of a test uncertain.
        """
        price = self._prices.price(stretch, blocks)
        if price is None:
            self.has_unpriced = True
            price = self._prices.nearest(stretch, blocks, self._meter.mean_block_bytes)
        self._ledger.charge_one(Account.RUNNER, Signal.SMALL, price.small_bytes)
        self._ledger.charge_one(Account.RUNNER, Signal.HEAP, price.heap_bytes - heap_bytes)
        self._ledger.charge_one(Account.TEARDOWN, Signal.HEAP, heap_bytes - price.heap_bytes)

    def of_test(self, detail: Detail) -> int:
        """Net bytes of the test's small blocks; ``is_exact`` says of what quality."""
        blocks = self._ledger.of_test(Signal.BLOCKS)
        self.is_exact = True
        if self._start is not None and detail is Detail.EXACT:
            return self._ledger.of_test(Signal.SMALL)
        if not blocks:
            return 0
        self.is_exact = self._start is not None and not self.has_unpriced and detail is not Detail.LEAN
        if self._start is None:
            return round(blocks * self._meter.mean_block_bytes)
        others = self._ledger.total(Account.RUNNER, Signal.SMALL) + self._ledger.total(Account.SHARED, Signal.SMALL)
        return self._meter.read_bytes() - self._start - others
