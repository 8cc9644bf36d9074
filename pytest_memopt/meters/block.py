"""Measuring one block of code, with or without pytest: what it kept, and the most it had allocated."""

from __future__ import annotations

import gc
import sys
from array import array
from collections.abc import Callable
from enum import IntEnum
from functools import cache
from time import perf_counter_ns
from types import TracebackType
from typing import Final

from ..errors import MeterError
from .heap import CHeap
from .instruments import SmallBytes
from .objects import count_tracked, mapped_bytes
from .pymalloc import SmallBlocks
from .traced_peak import TracedPeak

_WARM_UP_BLOCKS: Final = 5
_UNKNOWN: Final = -1


class _Column(IntEnum):
    """What is noted of a block; the value is the column."""

    BLOCKS = 0
    SMALL = 1
    HEAP = 2
    MAPPED = 3
    OBJECTS = 4
    USES = 5  # how many `BlockUse` are alive: they are not the program's
    PEAK = 6
    DURATION = 7
    IS_OVER = 8


_READ: Final = (_Column.BLOCKS, _Column.SMALL, _Column.HEAP, _Column.MAPPED, _Column.OBJECTS)
_NOTHING: Final = array("q", [0] * len(_Column))


class BlockUse:
    """What one block used; its attributes can be read when the block is over, and not before."""

    __slots__ = ("_figures", "_meter")

    def __init__(self, meter: BlockMeter) -> None:
        self._meter = meter
        self._figures = array("q", _NOTHING)
        meter.uses[0] += 1

    def __del__(self) -> None:
        self._meter.uses[0] -= 1

    @property
    def growth_bytes(self) -> int:
        """Bytes that the block left behind: small blocks, C heap and memory maps; negative where it freed more.

        Raises:
            MeterError: while the block is running.
        """
        return self._figure(_Column.SMALL) + self._figure(_Column.HEAP) + self._figure(_Column.MAPPED)

    @property
    def exact(self) -> bool:
        """Whether ``growth_bytes`` was counted; else it is an estimate."""
        return self._meter.is_exact

    @property
    def blocks(self) -> int:
        """Small Python blocks that it left behind.

        Raises:
            MeterError: while the block is running.
        """
        return self._figure(_Column.BLOCKS)

    @property
    def objects(self) -> int:
        """Objects tracked by the garbage collector that it left behind.

        Raises:
            MeterError: while the block is running.
        """
        return self._figure(_Column.OBJECTS)

    @property
    def peak_bytes(self) -> int | None:
        """The most memory that it had allocated at one time, as tracemalloc counted it.

        ``None`` where that was not asked for, or where the block itself stopped or cleared tracemalloc.

        Raises:
            MeterError: while the block is running.
        """
        peak_bytes = self._figure(_Column.PEAK)
        return None if peak_bytes == _UNKNOWN else peak_bytes

    @property
    def duration_s(self) -> float:
        """Seconds that it took.

        Raises:
            MeterError: while the block is running.
        """
        return self._figure(_Column.DURATION) / 1e9

    def __repr__(self) -> str:
        if not self._figures[_Column.IS_OVER]:
            return "<BlockUse of a block that is not over>"
        return (
            f"<BlockUse growth_bytes={self.growth_bytes} blocks={self.blocks} objects={self.objects}"
            f" peak_bytes={self.peak_bytes}>"
        )

    def _figure(self, column: _Column) -> int:
        if not self._figures[_Column.IS_OVER]:
            raise MeterError("the block is not over: its figures are known when its `with` has ended")
        return self._figures[column]


class BlockMeter:
    """Reads what blocks are measured by; one per process, calibrated once.

    Every reading begins with a full collection and never freezes anything, so that a measuring window around it still
    sees its own objects. What a reading itself has alive, and what the results of other blocks weigh, is taken off.

    Attributes:
        is_exact: whether growth is counted, not estimated.
        uses: how many results are alive, in the only element.
    """

    def __init__(
        self, small: SmallBytes, heap: CHeap, count_blocks: Callable[[], int] = sys.getallocatedblocks
    ) -> None:
        self._small = small
        self._heap = heap
        self._count_blocks = count_blocks
        self._reads_small = small.is_exact and bool(count_blocks())
        self.is_exact = small.is_exact and heap.available
        self.uses = array("q", [0])
        self._of_reading = array("q", _NOTHING)
        self._of_use = array("q", _NOTHING)

    def calibrate(self) -> None:
        """Learn what an empty block reads, and what the result of a block weighs."""
        for _ in range(_WARM_UP_BLOCKS):
            with Block(self, peak=True):
                pass
        with Block(self, peak=False) as empty:
            pass
        of_reading = array("q", empty._figures)  # noqa: SLF001 - its own result
        with Block(self, peak=False) as full:
            kept = BlockUse(self)
        of_use = array("q", full._figures)  # noqa: SLF001 - its own result
        del kept
        for column in _READ:
            of_use[column] -= of_reading[column]
        self._of_reading, self._of_use = of_reading, of_use

    def read(self, figures: array[int], sign: int) -> None:
        """Add (or, by a ``sign`` of -1, take off) what the process has now; nothing allocated here stays alive."""
        gc.collect()
        if self._heap.available:
            self._heap.level()
        figures[_Column.MAPPED] += sign * mapped_bytes(gc.get_objects())
        # what was frozen by others is counted too, so that its death is seen, and their freezing is not
        figures[_Column.OBJECTS] += sign * (count_tracked() + gc.get_freeze_count())
        figures[_Column.USES] += sign * self.uses[0]
        if self._heap.available:
            figures[_Column.HEAP] += sign * self._heap.read()
        if self._reads_small:
            figures[_Column.SMALL] += sign * self._small.read_bytes()
        figures[_Column.BLOCKS] += sign * self._count_blocks()

    def correct(self, figures: array[int]) -> None:
        """Take off what is of the measuring, once both readings are in."""
        for column in _READ:
            figures[column] -= self._of_reading[column] + figures[_Column.USES] * self._of_use[column]
        if not self._reads_small:
            figures[_Column.SMALL] = round(figures[_Column.BLOCKS] * self._small.mean_block_bytes)


class Block:
    """One block that is measured; use `measure_block`."""

    def __init__(self, meter: BlockMeter, *, peak: bool) -> None:
        self._meter = meter
        self._use = BlockUse(meter)
        self._peak = TracedPeak() if peak else None
        self._is_entered = False

    def __enter__(self) -> BlockUse:
        if self._is_entered:
            raise MeterError("a block is measured once: call `measure_block` again for the next one")
        self._is_entered = True
        figures = self._use._figures  # noqa: SLF001 - filled in here
        self._meter.read(figures, -1)
        if self._peak is not None:
            self._peak.start()
        figures[_Column.DURATION] = -perf_counter_ns()
        return self._use

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        figures = self._use._figures  # noqa: SLF001 - filled in here
        figures[_Column.DURATION] += perf_counter_ns()
        peak_bytes = self._peak.stop() if self._peak is not None else None
        figures[_Column.PEAK] = _UNKNOWN if peak_bytes is None else peak_bytes
        del peak_bytes
        self._meter.read(figures, 1)
        self._meter.correct(figures)
        figures[_Column.IS_OVER] = 1


def measure_block(*, peak: bool = True) -> Block:
    """Measure a block of code: ``with measure_block() as use: ...``, then ``use.growth_bytes``, ``use.peak_bytes``, ...

    Needs no pytest. Growth is exact where the interpreter tells it (``BlockUse.exact``): a block that does nothing reads
    0. Blocks may be nested. What other threads allocate meanwhile is counted too, and where the block ends in an
    exception, so is the exception with its traceback. Each of both readings takes a full garbage collection.

    Args:
        peak: also count allocations for ``peak_bytes``, by tracemalloc, which makes the block up to four times slower.
            Where it traces already it goes on, its own peak included; memory from before the block that is freed in it
            then counts against the peak.
    """
    return Block(process_meter(), peak=peak)


@cache
def process_meter() -> BlockMeter:
    """This process's meter; made and calibrated by the first call, which takes some 20 full collections."""
    meter = BlockMeter(SmallBlocks(), CHeap())
    meter.calibrate()
    return meter
