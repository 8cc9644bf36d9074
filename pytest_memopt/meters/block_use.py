"""What one block of code used: the figures, and how they are kept while the block is running."""

from __future__ import annotations

from array import array
from enum import IntEnum
from typing import Final

from ..errors import MeterError

UNKNOWN: Final = -1


class Column(IntEnum):
    """What is noted of a block; the value is the column."""

    BLOCKS = 0
    SMALL = 1
    HEAP = 2
    MAPPED = 3
    OBJECTS = 4
    USES = 5  # how many `BlockUse` are alive: they are not the program's
    TABLES = 6  # of tracemalloc, where it was tracing already
    DURATION = 7
    PEAK = 8
    IS_EXACT = 9
    IS_OVER = 10


OF_PROGRAM: Final = tuple(Column)[: Column.USES]
READ: Final = tuple(Column)[: Column.PEAK]
NOTHING: Final = array("q", [0] * len(Column))


class BlockUse:
    """What one block used; its attributes can be read when the block is over, and not before."""

    __slots__ = ("_figures", "_uses")

    def __init__(self, uses: array[int], figures: array[int]) -> None:
        """Make a result that waits for its figures.

        Args:
            uses: counts the results that are alive, in its only element.
            figures: where the figures will be written.
        """
        self._uses = uses
        self._figures = figures
        uses[0] += 1

    def __del__(self) -> None:
        self._uses[0] -= 1

    @property
    def growth_bytes(self) -> int:
        """Bytes that the block left behind: small blocks, C heap and memory maps; negative where it freed more.

        Raises:
            MeterError: while the block is running.
        """
        return self._figure(Column.SMALL) + self._figure(Column.HEAP) + self._figure(Column.MAPPED)

    @property
    def exact(self) -> bool:
        """Whether ``growth_bytes`` was counted; else it is an estimate.

        Raises:
            MeterError: while the block is running.
        """
        return bool(self._figure(Column.IS_EXACT))

    @property
    def blocks(self) -> int:
        """Small Python blocks that it left behind.

        Raises:
            MeterError: while the block is running.
        """
        return self._figure(Column.BLOCKS)

    @property
    def objects(self) -> int:
        """Objects tracked by the garbage collector that it left behind.

        Raises:
            MeterError: while the block is running.
        """
        return self._figure(Column.OBJECTS)

    @property
    def peak_bytes(self) -> int | None:
        """The most memory that it had allocated at one time, as tracemalloc counted it.

        ``None`` where that was not asked for, or where the block itself stopped or cleared tracemalloc.

        Raises:
            MeterError: while the block is running.
        """
        peak_bytes = self._figure(Column.PEAK)
        return None if peak_bytes == UNKNOWN else peak_bytes

    @property
    def duration_s(self) -> float:
        """Seconds that it took.

        Raises:
            MeterError: while the block is running.
        """
        return self._figure(Column.DURATION) / 1e9

    def __repr__(self) -> str:
        if not self._figures[Column.IS_OVER]:
            return "<BlockUse of a block that is not over>"
        return (
            f"<BlockUse growth_bytes={self.growth_bytes} blocks={self.blocks} objects={self.objects}"
            f" peak_bytes={self.peak_bytes}>"
        )

    def _figure(self, column: Column) -> int:
        if not self._figures[Column.IS_OVER]:
            raise MeterError("the block is not over: its figures are known when its `with` has ended")
        return self._figures[column]
