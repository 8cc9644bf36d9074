"""What optimising does to a piece of work: the same calls without and with it, in turn, compared pair by pair."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from enum import Enum
from math import comb
from statistics import median
from typing import Final, NamedTuple, Protocol

from ..errors import MeterError
from ..meters.originals import time
from ..meters.resident import ResidentMemory

CONFIDENCE: Final = 0.95
PAIRS_LEAST: Final = 6
"""With fewer pairs no interval between two of them is 95 % sure to hold the median."""
PAIRS: Final = 9
_SAME_RATIO: Final = 1.0


class EffectWord(str, Enum):
    """What is to be said of a comparison."""

    LESS = "less"
    MORE = "more"
    NONE = "no effect"
    UNKNOWN = "not told here"


class MedianInterval(NamedTuple):
    """The median of some figures, and an interval that holds the true one with 95 % confidence or more.

    Attributes:
        value: the median.
        low, high: the ends; infinite with too few figures.
    """

    value: float
    low: float
    high: float

    def compared_with(self, same: float) -> EffectWord:
        """Less or more only where the whole interval lies beyond ``same``."""
        if self.high < same:
            return EffectWord.LESS
        return EffectWord.MORE if self.low > same else EffectWord.NONE


class CallFigures(NamedTuple):
    """One call.

    Attributes:
        duration_s: seconds that it took.
        peak_bytes: the most resident memory above that at its begin; ``None`` where that isn't told.
    """

    duration_s: float
    peak_bytes: int | None


class CallMeter(Protocol):
    """What measures a call."""

    def measure(self, work: Callable[[], object]) -> CallFigures:
        """Call ``work`` once, and give its figures."""
        ...


class PairedEffect(NamedTuple):
    """What came of the pairs.

    Attributes:
        plain, tuned: the calls without and with it, pair by pair.
        optimizing_s: what optimising itself took each time, the median, in seconds; it is not in the calls.
    """

    plain: tuple[CallFigures, ...]
    tuned: tuple[CallFigures, ...]
    optimizing_s: float

    @property
    def time_ratio(self) -> MedianInterval:
        """Seconds with it by seconds without."""
        return median_interval(
            [
                tuned.duration_s / plain.duration_s if plain.duration_s else _SAME_RATIO
                for plain, tuned in zip(self.plain, self.tuned, strict=True)
            ]
        )

    @property
    def peak_change_bytes(self) -> MedianInterval | None:
        """How much higher the peak of resident memory is with it; ``None`` where that isn't told."""
        changes = [
            tuned.peak_bytes - plain.peak_bytes
            for plain, tuned in zip(self.plain, self.tuned, strict=True)
            if plain.peak_bytes is not None and tuned.peak_bytes is not None
        ]
        return median_interval(changes) if len(changes) >= PAIRS_LEAST else None

    @property
    def time_word(self) -> EffectWord:
        """What is to be said of the time."""
        return self.time_ratio.compared_with(_SAME_RATIO)

    def peak_word(self, floor_bytes: float) -> EffectWord:
        """What is to be said of the peak; nothing where it moved by ``floor_bytes`` at most, by which pages come and go."""
        change = self.peak_change_bytes
        if change is None:
            return EffectWord.UNKNOWN
        return EffectWord.NONE if abs(change.value) <= floor_bytes else change.compared_with(0.0)


def median_interval(figures: Sequence[float], confidence: float = CONFIDENCE) -> MedianInterval:
    """The median of ``figures`` and the interval between two of them that holds the true one, whatever their distribution.

    By the binomial distribution of how many of them lie below it (the interval of the sign test). With fewer than six
    figures there is none at 95 %: its ends are infinite.

    Source: W. J. Conover, "Practical Nonparametric Statistics", 3rd ed. (1999), section 3.2.

    Raises:
        ValueError: without any figure.
    """
    ordered = sorted(figures)
    if not ordered:
        raise ValueError("there is no median of no figures")
    count, left_out, tail = len(ordered), 0, 0.0
    while left_out < count and (tail := tail + comb(count, left_out) / 2**count) <= (1 - confidence) / 2:
        left_out += 1
    if not left_out:
        return MedianInterval(median(ordered), float("-inf"), float("inf"))
    return MedianInterval(median(ordered), ordered[left_out - 1], ordered[count - left_out])


def measure_pairs(
    work: Callable[[], object],
    applied: Callable[[], AbstractContextManager[object]],
    pairs_count: int,
    *,
    meter: CallMeter | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> PairedEffect:
    """Call ``work`` without and with an optimisation in turn, the one first in this pair, the other in the next.

    Args:
        work: what is called, two times a pair; call it once before, so that what it builds once is built.
        applied: optimises for the time of a ``with`` statement; what that takes is measured apart.
        pairs_count: how many pairs.
        meter: measures a call; time and peak of resident memory when ``None``.
        clock: tells the seconds that optimising takes.
    """
    measure = (CallStopwatch() if meter is None else meter).measure
    plain, tuned, optimizing_s = [], [], []

    def with_it() -> None:
        started_s = clock()
        with applied():
            optimizing_s.append(clock() - started_s)
            tuned.append(measure(work))

    for number in range(pairs_count):
        if number % 2:
            with_it()
            plain.append(measure(work))
        else:
            plain.append(measure(work))
            with_it()
    return PairedEffect(tuple(plain), tuple(tuned), median(optimizing_s))


class CallStopwatch:
    """Measures a call by the clock, and by the kernel's mark of the most resident memory."""

    def __init__(self, memory: ResidentMemory | None = None, clock: Callable[[], float] = time.perf_counter) -> None:
        """Read ``memory``, that of this process when ``None``, and ``clock``."""
        self._memory = ResidentMemory() if memory is None else memory
        self._clock = clock

    def measure(self, work: Callable[[], object]) -> CallFigures:
        """Call ``work`` once, and give its figures; what it gives is dropped after they are read."""
        start_bytes = self._mark()
        started_s = self._clock()
        kept = work()
        duration_s = self._clock() - started_s
        peak_bytes = self._peak() if start_bytes is not None else None
        del kept
        return CallFigures(duration_s, None if peak_bytes is None or start_bytes is None else peak_bytes - start_bytes)

    def _mark(self) -> int | None:
        try:
            return self._memory.mark()
        except MeterError:
            return None

    def _peak(self) -> int | None:
        try:
            return self._memory.end()[1]
        except MeterError:
            return None
