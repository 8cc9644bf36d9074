"""The garbage collector of a process that runs a suite: tuned while tests are collected, relieved of all that is old while they run."""

from __future__ import annotations

from collections.abc import Callable
from gc import callbacks, collect, get_threshold, isenabled, set_threshold
from time import process_time, process_time_ns
from typing import Final

from ..meters.whole_heap import WholeHeap
from .collection_counter import CollectionCounter
from .collection_thresholds import COLLECTIONS_MIN, GcThresholds, choose_thresholds
from .collections_spared import CollectorUse, Settled, Stretch
from .freezing import Frozen, freeze_all, may_freeze, thaw

YOUNG_MOST_IN_TESTS: Final = 10_000
_REFRESH_SHARE: Final = 0.005


class SuiteCollector:
    """Owns what is done to the garbage collector for the sake of a suite's time, and puts all of it back.

    While tests are collected nearly all that is made stays: young objects are looked at as rarely as `choose_thresholds`
    finds right from the collections that were counted. When all are collected, what is alive is frozen, so that no
    collection looks at it again. In tests the collector waits for 10 000 new objects at most, and for garbage that
    outlived a first look it looks as often as ever. Who asks the collector for objects meanwhile meets a heap that isn't
    frozen: it is thawed then, and frozen again by ``freeze_anew``.

    Its order: ``begin``, ``tune`` now and then, ``settle``, ``give_back``; each does no harm in any other.
    """

    def __init__(self, counter: CollectionCounter | None = None, clock: Callable[[], float] = process_time) -> None:
        """Count by ``counter``, and tell time by ``clock``: both that of the processor, which other processes don't lengthen."""
        self._counter = CollectionCounter(process_time_ns) if counter is None else counter
        self._clock = clock
        self._before: GcThresholds | None = None
        self._set: GcThresholds | None = None
        self._frozen: Frozen | None = None
        self._stretches: list[Stretch] = []
        self._settled: Settled | None = None
        self._is_alone = False
        self._has_settled = False
        self._is_disclosed = False
        self._whole_heap = WholeHeap(self._disclose, lambda: self.is_frozen)
        self._refreshed_at_s = clock()

    @property
    def is_frozen(self) -> bool:
        """Whether what was alive when all was collected is left out of collections."""
        return self._frozen is not None

    def begin(self) -> None:
        """Count collections from now on; nothing where the collector is switched off."""
        if isenabled() and get_threshold()[0] > 0 and self._before is None:
            self._before = self._set = get_threshold()
            self._counter.start()
            self._whole_heap.open()
            callbacks.append(self._note)

    def tune(self) -> None:
        """Choose thresholds, once enough collections were counted since they were last changed.

        While tests are collected it is done after each collection; while they run, that is for a point of rest.
        """
        if not self._is_ours or sum(self._counter.counts) < COLLECTIONS_MIN or self._set is None:
            return
        chosen = choose_thresholds(self._counter.read(), self._set)
        if self._has_settled:
            chosen = self._for_tests(chosen)
        if chosen != self._set:
            self._change(chosen)

    def settle(self) -> None:
        """All is collected: look for garbage once, freeze what is alive, and go on with the thresholds for tests."""
        self._has_settled = True
        self._stop_noting()
        if self._before is None or not self._is_ours:
            return
        started_s = self._clock()
        collect()
        took_s = self._clock() - started_s
        self._change(self._for_tests(self._set or self._before))
        if may_freeze():
            self._frozen = freeze_all()
            self._settled = Settled(self._frozen.after_count, took_s)
        self._refreshed_at_s = self._clock()

    def collect_new(self) -> None:
        """Look for garbage among what is not frozen."""
        if not self._is_alone:
            collect()

    def refresh_if_due(self) -> None:
        """Look for garbage among the frozen too, for half a percent of the time at most."""
        settled = self._settled
        if self._frozen is None or settled is None or self._is_alone:
            return
        if self._clock() - self._refreshed_at_s >= settled.took_s / _REFRESH_SHARE:
            thaw(self._frozen)
            collect()
            self._frozen = freeze_all() if may_freeze() else None
            self._refreshed_at_s = self._clock()

    def freeze_anew(self) -> None:
        """Freeze what was thawed for somebody who asked for objects; for a point of rest."""
        if self._is_disclosed and not self._is_alone and may_freeze():
            self._note_stretch()
            self._frozen = freeze_all()
            self._is_disclosed = False

    def leave_alone(self, *, alone: bool) -> None:
        """Put all back for a while, as for a test of the collector itself, or go on as before."""
        if alone == self._is_alone or self._before is None:
            return
        self._is_alone = alone
        if alone:
            self._note_stretch()
            self._counter.stop()
            self._whole_heap.close()
            self._restore()
        else:
            self._whole_heap.open()
            if self._set is not None and get_threshold() == self._before:
                set_threshold(*self._set)
            if self._settled is not None and may_freeze():
                self._frozen = freeze_all()
            self._counter.start()

    def give_back(self) -> CollectorUse:
        """Put back thresholds, freeze count and callbacks, unless somebody else changed them meanwhile; what it was good for."""
        if self._before is None:
            return CollectorUse()
        if not self._is_alone:
            self._note_stretch()
        self._counter.stop()
        self._whole_heap.close()
        self._stop_noting()
        self._restore()
        use = CollectorUse(self._before, self._set or self._before, tuple(self._stretches), self._settled)
        self._before = self._set = None
        return use

    @property
    def _is_ours(self) -> bool:
        """Whether the thresholds are as they were left here: else somebody else has a reason for others."""
        return self._before is not None and not self._is_alone and get_threshold() == self._set

    def _change(self, thresholds: GcThresholds) -> None:
        self._note_stretch()
        self._set = thresholds
        set_threshold(*thresholds)

    def _note_stretch(self) -> None:
        is_plain = self._set == self._before and self._settled is None
        self._stretches.append(Stretch(self._counter.read(), is_plain, self._frozen is not None))
        self._counter.forget()

    def _disclose(self) -> None:
        if self._frozen is not None:
            self._note_stretch()
            thaw(self._frozen)
            self._frozen = None
            self._is_disclosed = True

    def _note(self, phase: str, _info: dict[str, int]) -> None:
        """After a collection, when the counter has counted it: modules may be large, and one of them be all there is."""
        if phase == "stop":
            self.tune()

    def _stop_noting(self) -> None:
        if any(each == self._note for each in callbacks):
            callbacks.remove(self._note)

    def _for_tests(self, chosen: GcThresholds) -> GcThresholds:
        """Where collections were too frequent: 10 000 for the young, and for those that outlived that what it was."""
        before = self._before or chosen
        if chosen[0] <= before[0] or len(before) == 1:
            return before
        young = max(before[0], YOUNG_MOST_IN_TESTS)
        return (young, max(1, round(before[0] * before[1] / young)), *before[2:])

    def _restore(self) -> None:
        if self._before is not None and get_threshold() == self._set:
            set_threshold(*self._before)
        if self._frozen is not None:
            thaw(self._frozen)
            self._frozen = None
