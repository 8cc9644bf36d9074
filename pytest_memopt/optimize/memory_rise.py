"""When resident memory rose so far that a look is worth its time; cheap enough to be asked after every test."""

from __future__ import annotations

from collections.abc import Callable
from mmap import PAGESIZE
from pathlib import Path
from time import perf_counter
from typing import Final

_STATM: Final = Path("/proc/self/statm")
_STATUS: Final = Path("/proc/self/status")
_HIGH_WATER: Final = "VmHWM:"
_KIB: Final = 1024
STEP_BYTES: Final = 32 * 1024**2
_STEP_RATIO: Final = 0.125
_INTERVAL_S: Final = 0.05


def resident_bytes(statm: Path = _STATM) -> int | None:
    """Resident memory now; ``None`` where there is no ``/proc``. 15 µs, and nothing is kept open."""
    try:
        return int(statm.read_bytes().split(None, 2)[1]) * PAGESIZE
    except (OSError, ValueError, IndexError):
        return None


def peak_resident_bytes(status: Path = _STATUS) -> int | None:
    """The most memory that this process had; ``None`` where there is no ``/proc``."""
    try:
        lines = status.read_text("ascii", "replace").splitlines()
        return next(int(line.split()[1]) * _KIB for line in lines if line.startswith(_HIGH_WATER))
    except (OSError, ValueError, IndexError, StopIteration):
        return None


class MemoryRise:
    """Tells when resident memory is a step above where it was when last told: 32 MiB, or an eighth of it if that is more.

    So however far memory rises, it is told so a few times only, and garbage never waits for longer than a step.
    """

    def __init__(
        self,
        read: Callable[[], int | None] = resident_bytes,
        clock: Callable[[], float] = perf_counter,
        *,
        step_bytes: int = STEP_BYTES,
        interval_s: float = _INTERVAL_S,
    ) -> None:
        """Begin at what is resident now.

        Args:
            read: gives resident bytes, or ``None`` where they can't be read: then nothing is ever due.
            clock: seconds.
            step_bytes: how far it has to rise at least.
            interval_s: asked again within that time it says no without a look.
        """
        self._read = read
        self._clock = clock
        self._step_bytes = step_bytes
        self._interval_s = interval_s
        self._looked_at_s = clock()
        self._base_bytes = read()

    @property
    def is_blind(self) -> bool:
        """Whether resident memory can't be read here, so that nothing is ever due."""
        return self._base_bytes is None

    def is_due(self) -> bool:
        """Whether it rose by a step."""
        if self._base_bytes is None or self._clock() - self._looked_at_s < self._interval_s:
            return False
        self._looked_at_s = self._clock()
        now_bytes = self._read() or 0
        self._base_bytes = min(self._base_bytes, now_bytes)
        return now_bytes - self._base_bytes >= max(self._step_bytes, self._base_bytes * _STEP_RATIO)

    def reset(self) -> None:
        """What is resident now is where it begins."""
        self._base_bytes = self._read()
