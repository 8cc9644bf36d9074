"""The two allocators of a process, pymalloc and C `malloc`: what they have handed out, and what they hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from ..errors import MeterError
from .glibc_heap import GlibcHeap
from .heap import CHeap
from .malloc_report import Arenas
from .pymalloc import SmallBlocks


class AllocatorUse(NamedTuple):
    """What the allocators have handed out and what they hold, at one moment; ``None`` is what can't be told here.

    Attributes:
        small_bytes: in small Python blocks, up to 512 bytes each, as pymalloc counts them.
        heap_bytes: handed out by C ``malloc``, large blocks in memory maps of their own included.
        arenas_count: memory maps out of which pymalloc cuts its blocks.
        arenas_bytes: what those take.
        heap_held_bytes: what ``malloc`` has from the kernel.
    """

    small_bytes: int | None
    heap_bytes: int | None
    arenas_count: int | None
    arenas_bytes: int | None
    heap_held_bytes: int | None

    @property
    def in_use_bytes(self) -> int | None:
        """All that is handed out, exact."""
        return _sum(self.small_bytes, self.heap_bytes)

    @property
    def held_bytes(self) -> int | None:
        """All that the allocators have from the kernel, used or not."""
        return _sum(self.arenas_bytes, self.heap_held_bytes)

    @property
    def free_bytes(self) -> int | None:
        """Held, and not handed out; the allocators' own book-keeping, about a hundredth, is in it."""
        held_bytes, in_use_bytes = self.held_bytes, self.in_use_bytes
        return None if held_bytes is None or in_use_bytes is None else max(held_bytes - in_use_bytes, 0)

    @property
    def fragmentation_ratio(self) -> float | None:
        """Free by held: 0 where all that is held is in use, 0.9 where nine tenths of it are holes."""
        free_bytes, held_bytes = self.free_bytes, self.held_bytes
        return free_bytes / held_bytes if free_bytes is not None and held_bytes else None


class SmallBlockCounter(Protocol):
    """What is asked of pymalloc."""

    @property
    def is_exact(self) -> bool:
        """Whether bytes can be counted."""
        ...

    def read(self) -> tuple[int, int]:
        """How many blocks are in use, and their bytes."""
        ...

    def arenas(self) -> Arenas | None:
        """What is held."""
        ...


class HeapCounter(Protocol):
    """What is asked of C ``malloc``."""

    def read(self) -> int:
        """Bytes in use."""
        ...


class Allocators:
    """Reads both allocators: 40 microseconds at 100 000 blocks, a millisecond or two on a heap that is shredded."""

    def __init__(
        self,
        small: SmallBlockCounter | None = None,
        heap: HeapCounter | None = None,
        heap_held_bytes: Callable[[], int | None] | None = None,
    ) -> None:
        """Read by these; by the process' own where they are ``None``."""
        self._small = SmallBlocks() if small is None else small
        self._heap = CHeap() if heap is None else heap
        self._heap_held_bytes = GlibcHeap().held_bytes if heap_held_bytes is None else heap_held_bytes

    def read(self) -> AllocatorUse:
        """What is in use and held now."""
        arenas = self._small.arenas()
        return AllocatorUse(
            small_bytes=self._small.read()[1] if self._small.is_exact else None,
            heap_bytes=self._heap_bytes(),
            arenas_count=None if arenas is None else arenas.count,
            arenas_bytes=None if arenas is None else arenas.held_bytes,
            heap_held_bytes=self._heap_held_bytes(),
        )

    def _heap_bytes(self) -> int | None:
        try:
            return self._heap.read()
        except MeterError:
            return None


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other
