"""The meters of this process, chosen once for the platform it runs on."""

from __future__ import annotations

from typing import NamedTuple

from .descriptors import OpenDescriptors
from .heap import CHeap
from .instruments import Instruments
from .protocol import Meter, Tracer
from .pymalloc import SmallBlocks
from .resident import ResidentMemory
from .status import MeterStatus
from .threads import Threads


class Choice(NamedTuple):
    """What measures in this process.

    Attributes:
        instruments: for windows and rounds.
        statuses: what is in use, and what is missing and why.
        resident: resident memory, to be closed in the end.
    """

    instruments: Instruments
    statuses: tuple[MeterStatus, ...]
    resident: ResidentMemory


def choose_meters(extra: tuple[Meter, ...] = (), tracer: Tracer | None = None) -> Choice:
    """All meters that this platform has, with those of plugins and the tracer that was chosen."""
    small, resident = SmallBlocks(), ResidentMemory()
    heap = CHeap(beside=small.map_bytes)
    fds, threads = OpenDescriptors(), Threads()
    instruments = Instruments(
        small=small,
        heap=heap.read if heap.available else None,
        trim=heap.trim if heap.available else None,
        level=heap.level if heap.needs_level else None,
        rss=resident if resident.available else None,
        fds=fds if fds.available else None,
        threads=threads,
        threads_settled=threads.settled,
        extra=extra,
        tracer=tracer,
    )
    own = (small.status(), heap.status(), resident.status(), fds.status(), threads.status())
    by_others = tuple(meter.status() for meter in extra)
    return Choice(instruments, (*own, *by_others, *(() if tracer is None else (tracer.status(),))), resident)
