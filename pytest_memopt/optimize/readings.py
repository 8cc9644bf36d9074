"""Readings around an optimisation: bytes in use and resident memory at a settled point, and how far two of them may differ by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple, Protocol

from ..errors import MeterError
from ..meters.allocators import Allocators
from ..meters.heap import CHeap
from ..meters.originals import gc, sys
from ..meters.resident import ResidentMemory

_ROLLUP: Final = "/proc/self/smaps_rollup"
_RESIDENT: Final = "Rss:"
_KIB: Final = 1024
_CONTROLS: Final = 2
_SAFETY: Final = 2
_OPTIMIZING: Final = ("pytest_memopt.optimize.", "pytest_memopt.meters.")
IN_USE_FLOOR_BYTES: Final = 16 * _KIB
RESIDENT_FLOOR_BYTES: Final = 256 * _KIB


class Reading(NamedTuple):
    """The memory of this process at one moment; what can't be read here is ``None``.

    Attributes:
        in_use_bytes: bytes that the allocators have handed out: small Python blocks, and the C heap with its maps.
        resident_bytes: bytes of the process that are in RAM (RSS).
        fragmentation_ratio: the share of what the allocators hold that nobody uses, from 0 to 1.
    """

    in_use_bytes: int | None = None
    resident_bytes: int | None = None
    fragmentation_ratio: float | None = None

    def resident_above(self, other: Reading) -> int:
        """Resident bytes above those of ``other``; 0 where there are less, or nobody knows."""
        if self.resident_bytes is None or other.resident_bytes is None:
            return 0
        return max(0, self.resident_bytes - other.resident_bytes)


class Noise(NamedTuple):
    """How far two readings may differ though nothing was done between them.

    Attributes:
        in_use_bytes, resident_bytes: twice the widest difference seen among control readings, and never less than
            what a report of our own takes (16 KiB), or a few pages (256 KiB).
    """

    in_use_bytes: int = IN_USE_FLOOR_BYTES
    resident_bytes: int = RESIDENT_FLOOR_BYTES

    def with_resident(self, more_bytes: int) -> Noise:
        """The same, with so many resident bytes more."""
        return self._replace(resident_bytes=self.resident_bytes + more_bytes)


class Reader(Protocol):
    """What an optimizer measures by."""

    def read(self) -> Reading:
        """The memory now, as it is."""
        ...

    def read_settled(self) -> Reading:
        """The memory now, after a full garbage collection."""
        ...


class ProcessReader:
    """Reads the memory of this process, by the same counts that tests are measured by.

    Resident memory is asked of ``smaps_rollup`` where Linux has it: that walks the page tables, while the counter in
    ``statm`` lags behind by a batch of pages for each CPU.
    """

    def __init__(self, rollup: str = _ROLLUP) -> None:
        """Bind what reads; ``rollup`` is Linux' summary of the page tables."""
        self._heap = CHeap()
        self._allocators = Allocators(heap=self._heap)
        self._rollup = Path(rollup)

    def read(self) -> Reading:
        """The memory now, as it is."""
        resident_bytes = self._resident_bytes()
        self._heap.level()
        use = self._allocators.read()
        return Reading(use.in_use_bytes, resident_bytes, use.fragmentation_ratio)

    def read_settled(self) -> Reading:
        """The memory now, after a full garbage collection."""
        gc.collect()
        return self.read()

    def _resident_bytes(self) -> int | None:
        try:
            return resident_in_rollup(self._rollup.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return _resident_by_counter()


def resident_in_rollup(text: str) -> int:
    """Resident bytes by the text of ``/proc/self/smaps_rollup``.

    Raises:
        ValueError: for a text without them.
    """
    lines = (line for line in text.splitlines() if line.startswith(_RESIDENT))
    line = next(lines, None)
    if line is None:
        raise ValueError(f"{_ROLLUP}: no line begins with {_RESIDENT}")
    return int(line.split()[1]) * _KIB


def measure_noise(reader: Reader) -> tuple[Reading, Noise]:
    """A settled reading, and how far such readings differ by themselves: three in a row, with nothing done between."""
    if sys.version_info < (3, 11):  # the frames of what runs next, for the first time, would be what it costs
        from ..meters.spare_frames import lay_out_loaded

        lay_out_loaded(_OPTIMIZING)
    readings = [reader.read_settled() for _ in range(_CONTROLS + 1)]
    in_use = [reading.in_use_bytes for reading in readings if reading.in_use_bytes is not None]
    resident = [reading.resident_bytes for reading in readings if reading.resident_bytes is not None]
    # the first one settles what was not: it is no control
    return readings[-1], Noise(
        max(IN_USE_FLOOR_BYTES, _SAFETY * _widest(in_use[1:])),
        max(RESIDENT_FLOOR_BYTES, _SAFETY * _widest(resident[1:])),
    )


def _widest(values: list[int]) -> int:
    return max(values) - min(values) if values else 0


def _resident_by_counter() -> int | None:
    memory = ResidentMemory()
    try:
        return memory.read()
    except MeterError:
        return None
    finally:
        memory.close()
