"""What is read at both ends of a window and belongs to no account: descriptors, threads, resident memory, added meters."""

from __future__ import annotations

from array import array
from typing import Final, NamedTuple

from .instruments import Instruments

_FDS, _THREADS, _RSS, _THREADS_END, _EXTRA = range(5)
_TRIM_WHEN_RISEN_BYTES: Final = 8 * 1024**2


class Around(NamedTuple):
    """The net change of what surrounds a test; ``None`` where this platform can't tell."""

    fds: int | None
    threads: int | None
    rss_start_bytes: int | None
    rss_end_bytes: int | None
    peak_rss_bytes: int | None
    extra: dict[str, int]


class Surroundings:
    """Remembers the readings at the start of a window, in an array that is allocated once.

    Attributes:
        rss_bytes: resident memory when the last window was closed; 0 where it can't be read.
    """

    def __init__(self, instruments: Instruments) -> None:
        self._read = instruments
        self._start: array[int] = array("q", [0] * (_EXTRA + len(instruments.extra)))
        self._trimmed_rss_bytes = 0
        self.rss_bytes = 0

    def start(self) -> None:
        """Take the first readings."""
        start, read = self._start, self._read
        if read.fds is not None:
            start[_FDS] = read.fds.read()
        if read.threads is not None:
            start[_THREADS] = read.threads.read()
        for column, meter in enumerate(read.extra, start=_EXTRA):
            start[column] = meter.read()
        self.mark_rss()

    def mark_rss(self) -> None:
        """Forget the peak of resident memory so far."""
        if self._read.rss is not None:
            self._start[_RSS] = self._read.rss.mark()

    def trim_if_risen(self, *, wanted: bool) -> None:
        """Give freed memory back when that is ``wanted``, or when resident memory rose by much since it was done."""
        read = self._read
        if read.trim is None or read.rss is None:
            return
        if wanted or self.rss_bytes - self._trimmed_rss_bytes > _TRIM_WHEN_RISEN_BYTES:
            read.trim()
            self.rss_bytes = self._trimmed_rss_bytes = read.rss.read()

    def wait_for_threads(self) -> None:
        """Count the threads; one that was joined frees its state a moment later, so this comes before the last reading."""
        read, start = self._read, self._start
        if read.threads is None:
            return
        settled = read.threads_settled
        start[_THREADS_END] = settled(start[_THREADS]) if settled is not None else read.threads.read()

    def end(self) -> Around:
        """Take the last readings."""
        start, read = self._start, self._read
        rss_end, rss_peak = read.rss.end() if read.rss is not None else (None, None)
        self.rss_bytes = rss_end or 0
        return Around(
            fds=read.fds.read() - start[_FDS] if read.fds is not None else None,
            threads=start[_THREADS_END] - start[_THREADS] if read.threads is not None else None,
            rss_start_bytes=start[_RSS] if read.rss is not None else None,
            rss_end_bytes=rss_end,
            peak_rss_bytes=max(0, rss_peak - start[_RSS]) if rss_peak is not None else None,
            extra={meter.name: meter.read() - start[column] for column, meter in enumerate(read.extra, start=_EXTRA)},
        )
