"""Bytes in use by this process's allocators, as one number that two readings can be compared by."""

from __future__ import annotations

from ..meters.heap import CHeap
from ..meters.instruments import SmallBlockMeter
from ..meters.originals import tracemalloc
from ..meters.pymalloc import SmallBlocks


class HeapBytes:
    """Small Python blocks, C heap and ``malloc``'s memory maps together; 0.05 ms a reading, with nothing collected.

    Attributes:
        why: what makes readings an estimate; empty where they are counted.
    """

    def __init__(self, small: SmallBlockMeter | None = None, heap: CHeap | None = None) -> None:
        """Bind the meters; this platform's own where ``None``."""
        self._small = SmallBlocks() if small is None else small
        self._heap = CHeap(beside=self._small.map_bytes) if heap is None else heap
        missing = [] if self._small.is_exact else ["small blocks are counted, and their bytes estimated"]
        missing += [] if self._heap.available else [f"no C heap ({self._heap.status().how})"]
        missing += ["tracemalloc allocates beside all that is allocated"] if tracemalloc.is_tracing() else []
        self.why = "; ".join(missing)

    def read(self) -> int:
        """Bytes in use now."""
        count, in_use_bytes = self._small.read()
        if not self._small.is_exact:
            in_use_bytes = round(count * self._small.mean_block_bytes)
        if not self._heap.available:
            return in_use_bytes
        self._heap.level()
        if tracemalloc.is_tracing():
            in_use_bytes -= tracemalloc.get_tracemalloc_memory()
        return in_use_bytes + self._heap.read()
