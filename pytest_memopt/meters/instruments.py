"""The set of meters that a window reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from .protocol import Meter, PeakMeter, Tracer


class SmallBlockMeter(Protocol):
    """What a window needs of the meter of small blocks."""

    @property
    def mean_block_bytes(self) -> float:
        """Bytes per block."""
        ...

    @property
    def is_exact(self) -> bool:
        """Whether bytes can be counted."""
        ...

    def read(self) -> tuple[int, int]:
        """How many blocks are in use, and their bytes; 0 bytes where those can't be counted."""
        ...

    def map_bytes(self) -> int:
        """The C heap that the interpreter's map of its arenas takes, as of the last reading."""
        ...


class Instruments(NamedTuple):
    """The meters that a window reads; ``None`` where this platform has none.

    Attributes:
        small: small blocks in use, and their bytes.
        heap: bytes in use by C ``malloc``.
        trim: gives what ``malloc`` keeps for later back to the kernel.
        level: brings the caches of ``malloc`` to the same state, where two readings can't be compared without.
        rss: resident memory and its peak.
        fds, threads: open descriptors, running threads.
        threads_settled: running threads, after waiting a moment for their number to fall to the given one.
        extra: meters that plugins added.
        tracer: counts allocations where a limit asks for it.
    """

    small: SmallBlockMeter
    heap: Callable[[], int] | None = None
    trim: Callable[[], object] | None = None
    level: Callable[[], object] | None = None
    rss: PeakMeter | None = None
    fds: Meter | None = None
    threads: Meter | None = None
    threads_settled: Callable[[int], int] | None = None
    extra: tuple[Meter, ...] = ()
    tracer: Tracer | None = None
