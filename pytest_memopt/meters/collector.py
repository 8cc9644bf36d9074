"""Settling: bringing the garbage collector to a point at which two readings can be compared."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from time import perf_counter
from typing import Final

from .originals import gc
from .whole_heap import WholeHeap

_REFRESH_SHARE: Final = 0.005
_REFRESH_COST_GUESS_S: Final = 0.05
_OBJECTS_PER_S: Final = 1_000_000  # how many a refresh looks at, until one was timed
_RARELY: Final = 10_000  # new objects until the interpreter collects by itself; CPython's own is 700, or 2000
_ONLY_NEW: Final = 1000  # such collections until one looks at what survived those before; CPython's own is 10
_DISCLOSED: Final = (
    "it asked the garbage collector for all objects, or thawed them: its own could not be told from those"
)
_LEFT_ALONE: Final = "the garbage collector was left alone: objects could not be counted"
_COLLECTED: Final = "objects are counted only where windows are settled by freezing the heap"


class GcMode(str, Enum):
    """How windows are settled."""

    FREEZE = "freeze"
    COLLECT = "collect"
    OFF = "off"


class Collector:
    """Owns what this process does to the garbage collector while tests are measured, and gives it back at the end.

    In ``freeze`` mode everything that is alive when a window opens goes to the permanent generation (``gc.freeze``), so
    a full collection looks at what is new only: 0.1 microseconds instead of 8 milliseconds at 110 000 objects, and
    ``gc.get_objects`` lists just what is new. Cyclic garbage that was frozen while alive is found by ``refresh``.

    As garbage is collected after every test, the interpreter need not look for it as often by itself: ``take_over``
    lets it wait for 10 000 new objects, which takes a megabyte or two more, and look at those alone: what modules are
    made of, while tests are collected, isn't looked at again and again. That saves what the windows cost.

    Whoever else asks the collector for objects, or freezes and thaws, meets a heap that isn't frozen: it is thawed then.
    """

    def __init__(self, mode: GcMode = GcMode.FREEZE, clock: Callable[[], float] = perf_counter) -> None:
        self._mode = mode
        self._wanted_mode = mode
        self._clock = clock
        self._has_frozen = False
        self._refresh_cost_s = _REFRESH_COST_GUESS_S
        self._refreshed_at_s = clock()
        self._threshold_before: tuple[int, int, int] | None = None
        self._is_disclosed = False
        self._whole_heap = WholeHeap(self._disclose, lambda: self._has_frozen)

    @property
    def mode(self) -> GcMode:
        """How windows are settled."""
        return self._mode

    @property
    def lists_only_new(self) -> bool:
        """Whether ``gc.get_objects`` leaves out what was alive when the window opened."""
        return self._mode is GcMode.FREEZE and not self._is_disclosed

    @property
    def is_disclosed(self) -> bool:
        """Whether somebody looked at the heap, or handled what was frozen, since it was frozen last."""
        return self._is_disclosed

    @property
    def why_not_only_new(self) -> str | None:
        """Why new objects can't be told from old ones; ``None`` where they can."""
        if self.lists_only_new:
            return None
        return {GcMode.FREEZE: _DISCLOSED, GcMode.COLLECT: _COLLECTED, GcMode.OFF: _LEFT_ALONE}[self._mode]

    def leave_alone(self, *, alone: bool) -> None:
        """Don't touch the collector from now on (and thaw what was frozen), or go on as before."""
        self._mode = GcMode.OFF if alone else self._wanted_mode
        if alone:
            self.give_back()
        else:
            self.take_over()
            self._freeze_unless_frozen()

    def take_over(self) -> None:
        """Have the interpreter collect by itself but rarely; only where windows collect after every test."""
        if self._threshold_before is None and self._mode is GcMode.FREEZE:
            before = gc.get_threshold()
            self._threshold_before = before
            if 0 < before[0] < _RARELY:
                gc.set_threshold(_RARELY, _ONLY_NEW, *before[2:])
            self._whole_heap.open()

    def _freeze_unless_frozen(self) -> None:
        # not collected before, which takes long: what is garbage already is found by the first refresh
        if not self._has_frozen and self._mode is GcMode.FREEZE:
            self._freeze()
            self._refresh_cost_s = max(self._refresh_cost_s, gc.get_freeze_count() / _OBJECTS_PER_S)

    def give_back(self) -> None:
        """Thaw what was frozen, and have the interpreter collect as before, unless somebody else said how meanwhile."""
        self.release()
        self._whole_heap.close()
        before, self._threshold_before = self._threshold_before, None
        if before is not None and gc.get_threshold() == (_RARELY, _ONLY_NEW, *before[2:]):
            gc.set_threshold(*before)

    def settle_before(self) -> None:
        """Settle before a window: nothing that is garbage already may be charged to what comes."""
        if self._mode is not GcMode.OFF:
            gc.collect()
        self._freeze()

    def hold(self) -> bool:
        """Leave what is alive out of collections until it is released; whether that is so: only in ``freeze`` mode."""
        self._freeze()
        return self._has_frozen

    def settle(self) -> None:
        """Settle inside or at the end of a window."""
        if self._mode is not GcMode.OFF:
            gc.collect()

    def refresh_if_due(self) -> None:
        """Look for garbage among the frozen, at a point between two windows, for about half a percent of the time."""
        if self._has_frozen and self._clock() - self._refreshed_at_s >= self._refresh_cost_s / _REFRESH_SHARE:
            self.refresh()

    def refresh(self) -> None:
        """Collect everything, what was frozen included."""
        started_s = self._clock()
        self.release()
        self.settle()
        self.settle_before()
        self._refreshed_at_s = self._clock()
        self._refresh_cost_s = self._refreshed_at_s - started_s

    def count_all(self) -> int:
        """How many objects are tracked, old ones included, when all garbage is gone: O(heap)."""
        self.release()
        gc.collect()
        # Python 3.12 freezes what is immortal at each collection by itself
        count = len(gc.get_objects()) + gc.get_freeze_count()
        self._freeze()
        return count

    def list_all(self) -> list[object]:
        """All tracked objects, old ones included: O(heap)."""
        self.release()
        found = gc.get_objects()
        self._freeze()
        return found

    def _freeze(self) -> None:
        if self._mode is GcMode.FREEZE:
            gc.freeze()
            self._has_frozen = True
            self._is_disclosed = False

    def _disclose(self) -> None:
        self.release()
        self._is_disclosed = True

    def release(self) -> None:
        """Thaw what was frozen here; harmless when nothing was."""
        if self._has_frozen:
            gc.unfreeze()
            self._has_frozen = False
