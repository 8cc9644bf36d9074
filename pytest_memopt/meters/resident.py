"""Resident memory: how much of the process is in RAM now, and the most that was since a mark was set."""

from __future__ import annotations

from array import array
from typing import Final

import psutil

from ..errors import MeterError
from .protocol import Unit
from .resident_sources import ResidentSource, source_of_platform
from .status import MeterStatus

_START, _HIGH, _IS_RESET = range(3)
_NEVER_FALLS: Final = "it never falls, so a peak is known only where it sets a record"


class ResidentMemory:
    """Resident memory of the process, and its peak since ``mark``.

    A peak is never below the values at its mark and at its end: kernels count resident pages in batches by CPU or
    thread, so that their high-water mark lags a little. Where it can't be made to fall, it still shows a peak that
    rises above all before; any other peak is unknown.
    """

    name: Final = "peak RSS"
    unit: Final = Unit.BYTES

    def __init__(self, source: ResidentSource | None = None) -> None:
        """Read from ``source``, or from the platform's own when ``None``."""
        self._state = array("q", [0, 0, 0])
        self._source: ResidentSource | None = None
        self._why = ""
        try:
            self._source = source_of_platform() if source is None else source
            self.mark()
        except (MeterError, OSError, psutil.Error) as error:
            self._source, self._why = None, str(error)

    @property
    def available(self) -> bool:
        """Whether ``read`` gives numbers."""
        return self._source is not None

    def status(self) -> MeterStatus:
        """Whether resident memory can be read here, and how its peak is known."""
        if self._source is None:
            return MeterStatus(name=self.name, available=False, how=self._why, exact=False)
        how = self._source.how
        if self._source.look()[1] is None:
            how = f"{how}; no peak"
        elif not self._state[_IS_RESET]:
            how = f"{how}; {_NEVER_FALLS}"
        return MeterStatus(name=self.name, available=True, how=how, exact=False)

    def read(self) -> int:
        """Resident bytes now.

        Raises:
            MeterError: where this platform doesn't tell.
        """
        return self._open_source().now()

    def mark(self) -> int:
        """Forget the peak so far, and give the resident bytes now.

        Raises:
            MeterError: where this platform doesn't tell.
        """
        source, state = self._open_source(), self._state
        state[_IS_RESET] = source.reset()
        state[_START], high = source.look()
        state[_HIGH] = high or 0
        return state[_START]

    def end(self) -> tuple[int, int | None]:
        """Resident bytes now, and the most since ``mark``; ``None`` where this platform can't tell.

        Raises:
            MeterError: where it could be read before, and no longer can.
        """
        state = self._state
        now, high = self._open_source().look()
        if high is None or not (state[_IS_RESET] or high > state[_HIGH]):
            return now, None
        # A mark that did not rise may lie above the truth since it was set, by what the kernel had not yet counted.
        return now, max(high if high > state[_HIGH] else 0, state[_START], now)

    def close(self) -> None:
        """Give back what is held open; ``read`` is an error from then on."""
        if self._source is not None:
            self._source.close()
        self._source, self._why = None, "closed"

    def _open_source(self) -> ResidentSource:
        if self._source is None:
            raise MeterError(f"{self.name}: {self._why}")
        return self._source
