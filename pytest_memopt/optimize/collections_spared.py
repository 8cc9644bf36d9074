"""What a suite's collector was good for: the collections that it made, and an estimate of those that were spared (pure)."""

from __future__ import annotations

from math import log
from typing import Final, NamedTuple

from .collection_counter import CollectionStatistics
from .collection_thresholds import GcThresholds

# CPython up to 3.13 looks at everything when what is new and old enough is more than a quarter of what it saw last time
_GROWTH_UNTIL_FULL: Final = 1.25


class Stretch(NamedTuple):
    """Collections of a time in which nothing was changed.

    Attributes:
        counted: them.
        is_plain: whether thresholds were the interpreter's own, and nothing was frozen.
        is_frozen: whether what is old was frozen.
    """

    counted: CollectionStatistics
    is_plain: bool
    is_frozen: bool


class Settled(NamedTuple):
    """What was frozen when all was collected.

    Attributes:
        objects_count: how many objects each full collection passes over since.
        took_s: seconds of a full collection that looked at all of them, as measured.
    """

    objects_count: int
    took_s: float


class CollectorUse(NamedTuple):
    """How a suite's collector was used.

    Attributes:
        before, chosen: thresholds of the interpreter, and those that tests ran under.
        stretches: collections, by what was in force.
        settled: what was frozen; ``None`` where nothing was.
    """

    before: GcThresholds = ()
    chosen: GcThresholds = ()
    stretches: tuple[Stretch, ...] = ()
    settled: Settled | None = None

    @property
    def collections_count(self) -> int:
        """Collections that were made, counted."""
        return sum(sum(stretch.counted.counts) for stretch in self.stretches)

    @property
    def collections_s(self) -> float:
        """Seconds that they took, measured."""
        return sum(sum(stretch.counted.seconds) for stretch in self.stretches)

    @property
    def spared_count(self) -> int:
        """Collections that were not made for as many new objects, estimated from the thresholds."""
        tuned = [stretch.counted for stretch in self.stretches if not stretch.is_plain]
        if not self.before or self.before == self.chosen:
            return 0
        usual = sum(counted.new_count for counted in tuned) / self.before[0]
        return max(0, round(usual) - sum(counted.counts[0] for counted in tuned))

    @property
    def spared_s(self) -> float:
        """Seconds of collections that the suite was spared, estimated; 0 where it was rather the other way.

        The sum of three: what full collections would have taken while old objects were frozen, each as long as the one
        that was timed; those that the interpreter makes by itself whenever a quarter as many objects as there are were
        new and stayed; and what collections of younger objects took for each new one before anything was changed, up to the tests. Taken
        off is the time of the collection before the freeze. The last collections, in an interpreter that ends, are
        spared too, and not counted.
        """
        return max(0.0, self._spared_full_s() + self._spared_younger_s())

    def _spared_full_s(self) -> float:
        if self.settled is None:
            return 0.0
        frozen = [stretch.counted for stretch in self.stretches if stretch.is_frozen]
        full_count = sum(counted.counts[2] for counted in frozen)
        stayed_count = sum(max(0, counted.new_count - counted.found_count) for counted in frozen)
        # in the tests too: what stayed for a while counts, also where it is gone by then
        full_count += int(stayed_count / (self.settled.objects_count * (_GROWTH_UNTIL_FULL - 1)))
        return (full_count - 1) * self.settled.took_s + self._spared_growth_s(self.settled)

    def _spared_growth_s(self, settled: Settled) -> float:
        """The heap grew from what there was before a threshold was raised: a geometric series of full collections."""
        tuned = [one.counted for one in self.stretches if not (one.is_plain or one.is_frozen)]
        grown_count = sum(counted.new_count - counted.found_count for counted in tuned)
        start_count = settled.objects_count - grown_count
        if grown_count <= 0 or start_count <= 0:
            return 0.0
        times = int(log(settled.objects_count / start_count, _GROWTH_UNTIL_FULL))
        seen_count = sum(start_count * _GROWTH_UNTIL_FULL**time for time in range(1, times + 1))
        made_s = sum(counted.seconds[2] for counted in tuned)
        return settled.took_s * seen_count / settled.objects_count - made_s

    def _spared_younger_s(self) -> float:
        # of tests nothing is claimed: they leave more garbage, whose freeing takes time too, however often it is done
        plain = [stretch.counted for stretch in self.stretches if stretch.is_plain]
        tuned = [stretch.counted for stretch in self.stretches if not (stretch.is_plain or stretch.is_frozen)]
        plain_new = sum(counted.new_count for counted in plain)
        if not plain_new:
            return 0.0
        usual_s = sum(_younger_s(counted) for counted in plain) / plain_new
        return usual_s * sum(counted.new_count for counted in tuned) - sum(map(_younger_s, tuned))


def _younger_s(counted: CollectionStatistics) -> float:
    return counted.seconds[0] + counted.seconds[1]
