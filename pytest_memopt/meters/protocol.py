"""The seams of the meters: what an instrument must offer to be read by a window."""

from __future__ import annotations

from enum import Enum
from typing import Protocol, runtime_checkable

from .measurement import Site
from .status import MeterStatus


class Unit(str, Enum):
    """What a meter counts."""

    BYTES = "bytes"
    COUNT = "count"


@runtime_checkable
class Meter(Protocol):
    """Something of the process that can be read as one whole number.

    A window reads it when it opens and when it closes; the difference is the test's. ``read`` runs inside measuring
    windows, so it must keep nothing alive that it allocates.

    The hunt for leaks reads it too: see ``is_judged``, and `HuntedMeter` for a meter that has a say in that.

    Attributes:
        name: how reports call it; one word or a few, unique among the meters.
        unit: what it counts.
    """

    @property
    def name(self) -> str:
        """How reports call it."""
        ...

    @property
    def unit(self) -> Unit:
        """What it counts."""
        ...

    def status(self) -> MeterStatus:
        """Whether it reads here, and by what means."""
        ...

    def read(self) -> int:
        """The value now."""
        ...


class HuntedMeter(Meter, Protocol):
    """A meter that says itself whether a steady rise of it is a leak.

    Attributes:
        hunted: ``True`` where it reads what is held now, exactly, so that it rests when nothing leaks; ``False`` for a
            total of what has happened so far (queries made, bytes sent), which rises in every clean run.
    """

    @property
    def hunted(self) -> bool:
        """Whether a steady rise of it is a leak."""
        ...


class PeakMeter(Meter, Protocol):
    """A meter that also knows the highest value since a mark was set."""

    def mark(self) -> int:
        """Forget the highest value so far, and give the value now."""
        ...

    def end(self) -> tuple[int, int | None]:
        """The value now, and the highest since ``mark``; ``None`` where this platform can't tell."""
        ...


class Tracer(Protocol):
    """Something that counts each allocation, exact and slow, so it is used on request only."""

    @property
    def name(self) -> str:
        """``tracemalloc`` or ``memray``."""
        ...

    @property
    def leaks(self) -> bool:
        """Whether it keeps memory of its own when it is done, so that growth beside it is an estimate."""
        ...

    def status(self) -> MeterStatus:
        """Whether it can be used here, else why not."""
        ...

    def start(self) -> None:
        """Begin to count; allocations from before don't count."""
        ...

    def forget_peak(self) -> None:
        """Let the peak begin anew, where that can be done."""
        ...

    def current(self) -> int:
        """Bytes allocated since the start and not freed yet; 0 where that can't be told before the end."""
        ...

    def tables_bytes(self, blocks_count: int) -> int:
        """Bytes of C heap that the tracer itself holds until it stops, up to a constant; 0 where that can't be told.

        Args:
            blocks_count: small blocks that are in use: the tracer remembers each that is new.
        """
        ...

    def stop(self, *, with_sites: bool = False) -> TracedUse:
        """End the count, and free all that the tracer itself holds; the allocating lines only on request."""
        ...


class TracedUse(Protocol):
    """What a tracer found.

    Attributes:
        peak_bytes: most memory allocated at one time since the start; ``None`` with ``why`` where it was disturbed.
        sites: lines whose allocations are still held, the largest first.
        why: the reason behind a missing peak.
    """

    @property
    def peak_bytes(self) -> int | None:
        """Most memory allocated at one time."""
        ...

    @property
    def sites(self) -> tuple[Site, ...]:
        """Allocating lines."""
        ...

    @property
    def why(self) -> str | None:
        """Why the peak is missing."""
        ...


def is_judged(meter: Meter) -> bool:
    """Whether a hunt for leaks judges what ``meter`` reads: what is exact, and is a count or says that it is to be hunted.

    Bytes are judged on request alone: those of an allocator's pool or of resident memory rise in clean runs.
    """
    hunted = getattr(meter, "hunted", meter.unit == Unit.COUNT)
    return bool(hunted) and meter.status().exact
