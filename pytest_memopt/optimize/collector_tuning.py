"""The strategy `gc`: what is old is frozen, so that full collections pass it over, and the new is looked at as rarely as it allows."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Final, NamedTuple

from ..meters.originals import gc, sys, time
from ..units import format_count
from .collection_counter import CollectionCounter, CollectionStatistics
from .collection_thresholds import SHARE_WANTED_RATIO, GcThresholds, choose_thresholds
from .freezing import Frozen, may_freeze, thaw
from .outcome import Change, Timing
from .strategy import MemoryState

_SAMPLES_MOST: Final = 5
_SAMPLES_MIN: Final = 2
_SAMPLING_S: Final = 0.1
_NOISE_FLOOR_S: Final = 20e-6


class _Altered(NamedTuple):
    """What is to be put back.

    Attributes:
        thresholds_before, thresholds_chosen: the same where they were left alone.
        frozen_before: objects that were frozen when it began.
        frozen_then: objects that were frozen when that was done; ``None`` where nothing was.
    """

    thresholds_before: GcThresholds
    thresholds_chosen: GcThresholds
    frozen_before: int
    frozen_then: int | None = None


class CollectorTuning:
    """Freezes what is alive after a collection, and chooses thresholds from the collections that were counted.

    Freezing is for a point at which what is alive stays: after start-up, or after a suite was collected. What becomes
    garbage of it later, and holds itself alive, is found after ``revert`` only. It is left out where somebody else has
    frozen already, since nobody can tell whose objects a thaw would free.

    Where the counter counted less than 20 collections the thresholds stay as they are. It is not started here: a callback
    at each collection takes time, which would have to be made up for.

    Attributes:
        name: ``gc``.
        before: the collections that the thresholds were chosen from; ``None`` where they were not.
    """

    name: Final = "gc"

    def __init__(self, counter: CollectionCounter | None = None, *, freeze: bool = True) -> None:
        """Choose what it may do.

        Args:
            counter: tells the collections of the program's usual work; without one the thresholds stay.
            freeze: whether to freeze.
        """
        self._counter = CollectionCounter() if counter is None else counter
        self._freezes = freeze
        self._altered: _Altered | None = None
        self.before: CollectionStatistics | None = None

    def is_called_for(self, state: MemoryState) -> str | None:
        """Where collections take over a hundredth of the time, or, unwatched, where many objects are tracked."""
        if not gc.isenabled() or gc.get_threshold()[0] == 0:
            return None
        if state.collections is not None and state.collections.share_ratio > SHARE_WANTED_RATIO:
            return f"collections take {state.collections.share_ratio:.1%} of the time"
        most = state.thresholds.objects_count
        if self._may_freeze() and state.tracked_count > most:
            return (
                f"each full collection looks at {format_count(state.tracked_count)} objects, over {format_count(most)}"
            )
        return None

    def apply(self) -> Change:
        """Choose thresholds by what was counted, freeze, and time a full collection before and after.

        Once more, it freezes what is alive by then, and goes on from the thresholds that it chose.
        """
        counted, current, earlier = self._counter.read(), gc.get_threshold(), self._altered
        is_ours = earlier is not None and earlier.thresholds_chosen == current
        if earlier is not None and earlier.frozen_then is not None:
            thaw(Frozen(earlier.frozen_before, earlier.frozen_then))
        self._altered = _Altered(
            earlier.thresholds_before if earlier is not None and is_ours else current,
            choose_thresholds(counted, current),
            gc.get_freeze_count(),
        )
        before = _collection_times_s()
        done = [*self._set_thresholds(self._altered.thresholds_chosen, current, counted), *self._freeze(self._altered)]
        timing = _timing(before, _collection_times_s())
        self._counter.forget()  # what it counted was under other thresholds
        is_free = not self._freezes or self._altered.frozen_then is not None
        return Change(tuple(done), "" if is_free else "somebody else has frozen objects already", timing)

    def revert(self) -> None:
        """Thaw what was frozen here and put the thresholds back, unless somebody else changed either meanwhile."""
        altered, self._altered, self.before = self._altered, None, None
        if altered is None:
            return
        if gc.get_threshold() == altered.thresholds_chosen:
            gc.set_threshold(*altered.thresholds_before)
        if altered.frozen_then is not None:
            thaw(Frozen(altered.frozen_before, altered.frozen_then))

    def _set_thresholds(
        self, chosen: GcThresholds, current: GcThresholds, counted: CollectionStatistics
    ) -> Iterator[str]:
        if chosen != current:
            gc.set_threshold(*chosen)
            self.before = counted
            yield (
                f"the collector's thresholds are {chosen} instead of {current}, as collections took "
                f"{counted.share_ratio:.1%} of the time, and {counted.survival_ratio:.1%} of "
                f"{format_count(counted.new_count)} new objects were no garbage"
            )

    def _freeze(self, altered: _Altered) -> Iterator[str]:
        if self._may_freeze():
            self._altered = altered._replace(frozen_then=sys.maxsize)  # first, so that Ctrl-C finds what to thaw
            gc.freeze()
            frozen_count = gc.get_freeze_count()
            self._altered = altered._replace(frozen_then=frozen_count)
            yield f"{format_count(frozen_count)} objects are frozen: full collections pass them over"

    def _may_freeze(self) -> bool:
        return self._freezes and may_freeze()


def _collection_times_s() -> list[float]:
    """Seconds of full collections, in ascending order: two at least, five unless that takes long."""
    times_s: list[float] = []
    while len(times_s) < _SAMPLES_MIN or (len(times_s) < _SAMPLES_MOST and sum(times_s) < _SAMPLING_S):
        started_s = time.perf_counter()
        gc.collect()
        times_s.append(time.perf_counter() - started_s)
    return sorted(times_s)


def _timing(before_s: list[float], after_s: list[float]) -> Timing:
    noise_s = max(_NOISE_FLOOR_S, _middle_spread(before_s) + _middle_spread(after_s))
    return Timing("a full collection", median(before_s), median(after_s), noise_s)


def _middle_spread(times_s: list[float]) -> float:
    """How far the middle of sorted times is apart: one that was disturbed at either end doesn't count."""
    cut = 1 if len(times_s) >= _SAMPLES_MOST else 0
    return times_s[len(times_s) - 1 - cut] - times_s[cut]
