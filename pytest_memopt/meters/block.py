"""Measuring one block of code, with or without pytest: what it kept, and the most it had allocated."""

from __future__ import annotations

from array import array
from functools import cache
from types import TracebackType
from typing import Final

from ..errors import MeterError
from .block_use import NOTHING, OF_PROGRAM, READ, UNKNOWN, BlockUse, Column
from .cache_clearing import clear_type_cache
from .heap import CHeap
from .instruments import SmallBlockMeter
from .objects import count_tracked, mapped_bytes
from .originals import gc, time, tracemalloc
from .pymalloc import SmallBlocks
from .standard_streams import write_out_streams
from .traced_peak import TRACING_LEAKS, UNTOLD_TRACE_BYTES, TracedPeak

_WARM_UP_BLOCKS: Final = 3
# malloc may give a block that is larger than asked for, which goes back to another size's place; the next time evens it out
_LEVELLINGS: Final = 3


class BlockMeter:
    """Reads what blocks are measured by; one per process, calibrated once.

    Every reading begins with a full collection and never freezes anything, so that a measuring window around it still
    sees its own objects. What a reading itself has alive, and what the results of other blocks weigh, is taken off.

    Attributes:
        is_exact: whether growth is counted, not estimated.
        uses: how many results are alive, in the only element.
    """

    def __init__(self, small: SmallBlockMeter, heap: CHeap) -> None:
        self._small = small
        self._heap = heap
        self.is_exact = small.is_exact and heap.available
        self.uses = array("q", [0])
        self._of_reading = self._of_traced_reading = self._of_use = NOTHING

    def calibrate(self) -> None:
        """Learn what an empty block reads, and what the result of a block weighs."""
        # those with the tracer first: they leave the C library's caches stirred, which would show in the others
        for _ in range(_WARM_UP_BLOCKS):
            of_traced_reading = self._empty(peak=True)
        for _ in range(_WARM_UP_BLOCKS):
            of_reading = self._empty(peak=False)
        full = Block(self, peak=False)
        with full:
            kept = BlockUse(self.uses, array("q", NOTHING))
        of_use = array("q", full.figures)
        del kept
        for column in OF_PROGRAM:
            of_use[column] -= of_reading[column]
        self._of_reading, self._of_traced_reading, self._of_use = of_reading, of_traced_reading, of_use

    def _empty(self, *, peak: bool) -> array[int]:
        """The figures of a block in which nothing happens."""
        block = Block(self, peak=peak)
        with block:
            pass
        return block.figures

    def read(self, into: array[int]) -> None:
        """Note what the process has now; nothing that is allocated here stays alive."""
        write_out_streams()
        clear_type_cache()  # it holds on to names that were looked up, and lets go of them at any time
        gc.collect()
        if self._heap.available:
            for _ in range(_LEVELLINGS):
                self._heap.level()
            into[Column.HEAP] = self._heap.read()  # at once: all that follows stirs the level
        into[Column.MAPPED] = mapped_bytes(gc.get_objects())
        # what was frozen by others is counted too, so that its death is seen, and their freezing is not
        into[Column.OBJECTS] = count_tracked() + gc.get_freeze_count()
        into[Column.USES] = self.uses[0]
        if tracemalloc.is_tracing():
            into[Column.TABLES] = tracemalloc.get_tracemalloc_memory()
        into[Column.BLOCKS], into[Column.SMALL] = self._small.read()
        into[Column.HEAP] -= self._small.map_bytes()

    def settle(self, figures: array[int], before: array[int], *, is_traced: bool) -> None:
        """Turn the last reading into what was used since ``before``, without what is of the measuring."""
        of_reading = self._of_traced_reading if is_traced else self._of_reading
        for column in READ:
            figures[column] -= before[column]
        for column in OF_PROGRAM:
            figures[column] -= of_reading[column] + figures[Column.USES] * self._of_use[column]
        if not self._small.is_exact:
            figures[Column.SMALL] = round(figures[Column.BLOCKS] * self._small.mean_block_bytes)
        if figures[Column.TABLES]:
            figures[Column.HEAP] -= figures[Column.TABLES] + figures[Column.BLOCKS] * UNTOLD_TRACE_BYTES
        is_disturbed = figures[Column.TABLES] or (is_traced and TRACING_LEAKS)
        figures[Column.IS_EXACT] = self.is_exact and not is_disturbed


class Block:
    """One block that is measured; use `measure_block`.

    Attributes:
        figures: what is written into its result.
    """

    def __init__(self, meter: BlockMeter, *, peak: bool) -> None:
        self.figures = array("q", NOTHING)
        self._meter = meter
        self._use = BlockUse(meter.uses, self.figures)
        self._before = array("q", NOTHING)
        self._peak = TracedPeak() if peak else None
        self._is_entered = False

    def __enter__(self) -> BlockUse:
        if self._is_entered:
            raise MeterError("a block is measured once: call `measure_block` again for the next one")
        self._is_entered = True
        self._meter.read(self._before)
        if self._peak is not None:
            self._peak.start()
        self._before[Column.DURATION] = time.perf_counter_ns()
        return self._use

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        figures = self.figures
        figures[Column.DURATION] = time.perf_counter_ns()
        if self._peak is not None:
            self._peak.stop()
        self._meter.read(figures)
        self._meter.settle(figures, self._before, is_traced=self._peak is not None)
        peak_bytes = self._peak.bytes if self._peak is not None else None
        figures[Column.PEAK] = UNKNOWN if peak_bytes is None else peak_bytes
        figures[Column.IS_OVER] = 1


def measure_block(*, peak: bool = False) -> Block:
    """Measure what the code in a ``with`` statement keeps: afterwards ``growth_bytes`` and so on can be read.

    ``with measure_block() as use: ...`` needs no pytest. Where the interpreter tells its bytes, growth is counted
    (``exact``): a block that does nothing reads 0. Blocks may be nested. What other threads allocate meanwhile is counted
    too, and where the block ends in an exception, so is the exception with its traceback. Both readings begin with a full
    garbage collection; nothing is frozen.

    Args:
        peak: also count allocations for ``peak_bytes``, by tracemalloc, which makes the block up to four times slower.
            Before Python 3.12.5 it leaks 32 bytes and more for each line that allocates, which growth then includes.
            Where tracemalloc was tracing already, it goes on, and growth is an estimate; memory from before the block
            that is freed in it counts against the peak.
    """
    return Block(process_meter(), peak=peak)


@cache
def process_meter() -> BlockMeter:
    """This process's meter; made and calibrated by the first call, which takes 14 full collections."""
    meter = BlockMeter(SmallBlocks(), CHeap())
    meter.calibrate()
    return meter
