"""Watching memory over time: a thread that samples it, at a cost that is shown."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol, final

from ..errors import UsageError
from ..meters.originals import os, threading, time
from .growth import MemoryTrend
from .probe import Probe
from .samples import Sample, Samples

if TYPE_CHECKING:
    from types import TracebackType

    from ..bounded_series import Point

THREAD_NAME: Final = "memopt-monitor"


class MonitorCost(NamedTuple):
    """What a monitor itself took.

    Attributes:
        cpu_s: processor seconds of its thread.
        elapsed_s: seconds that it ran.
    """

    cpu_s: float
    elapsed_s: float

    @property
    def core_ratio(self) -> float:
        """Its share of one processor core: 0.005 is half a percent."""
        return self.cpu_s / self.elapsed_s if self.elapsed_s > 0 else 0.0


class Prober(Protocol):
    """What a monitor reads."""

    def read(self) -> Sample:
        """The memory now."""
        ...

    def close(self) -> None:
        """Give back what is held open."""
        ...


class Signal(Protocol):
    """What ends a watch: a ``threading.Event``."""

    def wait(self, timeout: float) -> bool:
        """Wait so many seconds; ``True`` when it was set meanwhile."""
        ...


class Watch:
    """One run of a monitor: when it began, and what it cost until now.

    The thread holds it and nothing else of the monitor, so that a monitor that is dropped can go.
    """

    def __init__(self, samples: Samples, prober: Prober, began_s: float, clock: Callable[[], float]) -> None:
        self._samples = samples
        self._prober = prober
        self._began_s = began_s
        self._clock = clock
        self.cpu_s = 0.0
        self.elapsed_s = 0.0

    def run(self, stop: Signal, interval_s: float) -> None:
        """Sample at once, every ``interval_s`` seconds, and a last time when ``stop`` is set."""
        try:
            self._sample()
            while not stop.wait(interval_s):
                self._sample()
            self._sample()
        finally:
            self._prober.close()

    def _sample(self) -> None:
        self.elapsed_s = self._clock() - self._began_s
        self._samples.add(self.elapsed_s, self._prober.read())
        self.cpu_s = time.thread_time()


@final
class MemoryMonitor:
    """Samples resident memory and allocated blocks in a thread, for as long as it runs, in bounded memory.

    It is a context manager::

        with MemoryMonitor(interval_s=0.1) as monitor:
            work()
        print(monitor.peak_rss_bytes, monitor.trend().verdict.value, monitor.cost.core_ratio)

    Nothing of the process is altered but for the thread, which is a daemon and ends with ``stop``, with the block, or
    when the monitor is dropped. It can be started again; what it sampled then begins anew. A child that is forked finds
    it stopped and empty, whatever the parent's does.
    """

    def __init__(
        self,
        interval_s: float = 1.0,
        *,
        prober: Callable[[], Prober] = Probe,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare to sample every ``interval_s`` seconds.

        Args:
            interval_s: seconds between two samples, above 0; the cost of ten a second is shown in docs/analysis.md.
            prober: makes what is read.
            clock: tells the seconds.

        Raises:
            UsageError: for an interval that isn't a number of seconds above 0.
        """
        if not 0 < interval_s < float("inf"):
            raise UsageError(f"interval_s: {interval_s!r} is not a number of seconds above 0")
        self.interval_s = interval_s
        self._prober = prober
        self._clock = clock
        self._pid = os.getpid()
        self._samples = Samples()
        self._watch: Watch | None = None
        self._thread: threading.Thread | None = None
        self._dismiss: Callable[[], object] | None = None

    def start(self) -> MemoryMonitor:
        """Begin to sample; nothing happens when it does already.

        Returns:
            The monitor itself.
        """
        if not self.is_running:
            self._begin_anew()
            self._watch = Watch(self._samples, self._prober(), self._clock(), self._clock)
            stop = threading.Event()
            dismiss = weakref.finalize(self, _end, stop, self._pid)
            dismiss.atexit = False  # a daemon ends with the process
            self._dismiss = dismiss
            self._thread = threading.Thread(
                target=self._watch.run, args=(stop, self.interval_s), name=THREAD_NAME, daemon=True
            )
            self._thread.start()
        return self

    def stop(self) -> None:
        """Take a last sample and end the thread; nothing happens when it isn't running."""
        if self.is_running and self._thread is not None and self._dismiss is not None:
            self._dismiss()
            self._thread.join()
        self._thread = None

    def __enter__(self) -> MemoryMonitor:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def is_running(self) -> bool:
        """Whether it samples, in this process."""
        self._notice_fork()
        return self._thread is not None and self._thread.is_alive()

    @property
    def samples_count(self) -> int:
        """How many samples were taken since it was started."""
        return self._own().count

    @property
    def peak_rss_bytes(self) -> int | None:
        """The highest resident memory that was sampled; what lies between two samples isn't seen."""
        highest = max((point.value for point in self.rss()), default=None)
        return None if highest is None else round(highest)

    @property
    def cost(self) -> MonitorCost:
        """What the sampling itself took until its last sample."""
        self._notice_fork()
        watch = self._watch
        return MonitorCost(0.0, 0.0) if watch is None else MonitorCost(watch.cpu_s, watch.elapsed_s)

    def rss(self) -> tuple[Point, ...]:
        """Resident bytes over the seconds since the start: at most 400 points, the extremes among them."""
        return self._own().rss()

    def blocks(self) -> tuple[Point, ...]:
        """Allocated blocks over the same time."""
        return self._own().blocks()

    def trend(self) -> MemoryTrend:
        """How resident memory moved since the start."""
        return self._own().trend()

    def _own(self) -> Samples:
        self._notice_fork()
        return self._samples

    def _notice_fork(self) -> None:
        """In a child there is no thread, and a lock that it held would never be let go of."""
        if self._pid != os.getpid():
            self._begin_anew()

    def _begin_anew(self) -> None:
        self._pid = os.getpid()
        self._samples = Samples()
        self._watch = self._thread = self._dismiss = None


def _end(stop: threading.Event, pid: int) -> None:
    """Have the thread end; in a forked child there is none, and the lock of ``stop`` may be held for ever."""
    if os.getpid() == pid:
        stop.set()
