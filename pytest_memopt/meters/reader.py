"""Taking one reading of the four signals that are charged to accounts, without moving what is read."""

from __future__ import annotations

from array import array

from .account import Signal
from .cache_clearing import clear_type_cache
from .collector import Collector
from .instruments import Instruments
from .objects import count_tracked
from .originals import gc
from .plan import Detail
from .standard_streams import write_out_streams


class Reader:
    """Reads blocks, C heap, objects and bytes of small blocks, each time in the same order and the same state.

    Every reading begins with a collection, which also empties the interpreter's free lists: what lies on them counts as
    in use. Between the collection and the count of the blocks nothing is done that could fill them.

    Attributes:
        detail: how closely to look.
        is_traced: whether a tracer is counting: what is allocated for a reading would be in the test's peak.
    """

    def __init__(self, instruments: Instruments, collector: Collector) -> None:
        self._read = instruments
        self._collector = collector
        self.detail = Detail.FULL
        self.is_traced = False

    def read_first(self, into: array[int]) -> None:
        """Settle before a window, then read: nothing that is garbage already may be charged to what comes."""
        self._clear()
        self._collector.settle_before()
        self._note(into)

    def read_next(self, into: array[int]) -> None:
        """Settle, then read."""
        self._clear()
        self._collector.settle()
        self._note(into)

    def _clear(self) -> None:
        if not self.is_traced:
            write_out_streams()
        if self.detail is Detail.EXACT:
            clear_type_cache()  # it keeps the attribute names that were looked up last
            self._collector.settle()  # what finalizers let go of (ctypes' classes) falls only with the next one
        if self._read.level is not None and not self.is_traced:
            self._read.level()

    def _note(self, into: array[int]) -> None:
        into[Signal.OBJECTS] = count_tracked() if self._collector.lists_only_new else 0
        into[Signal.BLOCKS], into[Signal.SMALL] = self._read.small.read()
        into[Signal.HEAP] = self._read.heap() if self._read.heap is not None else 0


def frozen_count(*, wanted: bool) -> int:
    """How many objects are frozen; 0 when that isn't ``wanted``."""
    return gc.get_freeze_count() if wanted else 0
