"""Reading what may leak, at the settled end of each round of a repeated workload."""

from __future__ import annotations

from array import array
from atexit import _ncallbacks  # the only way to count them
from collections.abc import Callable
from enum import Enum
from typing import Final

from .cache_clearing import clear_interpreter_caches, clear_type_cache
from .collector import Collector
from .environment import KeptEnvironment
from .instruments import Instruments
from .objects import mapped_bytes
from .originals import gc, sys, weakref

_SETTLINGS: Final = 2  # what finalizers let go of falls only with the next collection


class LeakSignal(str, Enum):
    """What can leak; the value is the key in reports. The first seven are counts that the process keeps exactly."""

    BLOCKS = "blocks"
    SMALL_BYTES = "small_bytes"
    HEAP_BYTES = "heap_bytes"
    MAPPED_BYTES = "mapped_bytes"
    FDS = "fds"
    THREADS = "threads"
    CALLBACKS = "callbacks"
    OBJECTS = "objects"
    RSS_BYTES = "rss_bytes"

    @property
    def is_bytes(self) -> bool:
        """Whether it is measured in bytes (else it is a count)."""
        return self.value.endswith("_bytes")


class Care(Enum):
    """How the process is settled at the end of each round, and what that costs."""

    QUICK = "quick"  # what was alive before the hunt stays frozen: a tenth of a millisecond
    THOROUGH = "thorough"  # everything is collected: tens of milliseconds
    CLEARED = "cleared"  # the caches of the interpreter and its library are cleared too, as its own leak tests do


SIGNALS: Final = tuple(LeakSignal)
_BLOCKS, _SMALL, _HEAP, _MAPPED, _FDS, _THREADS, _CALLBACKS, _OBJECTS, _RSS = range(len(SIGNALS))


class RoundMeter:
    """Reads all signals into a row of an array that is allocated once, so that a hunt doesn't see itself."""

    def __init__(self, instruments: Instruments, collector: Collector) -> None:
        self._read = instruments
        self._collector = collector
        self._care = Care.QUICK
        self._environment: KeptEnvironment | None = None
        self._finders: frozenset[str] = frozenset()

    @property
    def is_exact(self) -> bool:
        """Whether bytes are counted, so that a single one can't be missed."""
        return self._read.small.is_exact and self._read.heap is not None

    @property
    def counters(self) -> dict[LeakSignal, Callable[[], int]]:
        """What can be read at any moment, without settling: what grows outside Python."""
        read = self._read
        found = {
            LeakSignal.FDS: read.fds.read if read.fds is not None else None,
            LeakSignal.THREADS: read.threads.read if read.threads is not None else None,
            LeakSignal.HEAP_BYTES: read.heap,
        }
        return {signal: counter for signal, counter in found.items() if counter is not None}

    def begin(self, care: Care) -> None:
        """Settle before the first round: what is alive is frozen for quick rounds, and thawed for others."""
        self._care = care
        self._finders = frozenset(sys.path_importer_cache)
        if self._environment is None:
            self._environment = KeptEnvironment(self._read.heap)
        self._environment.watch()
        if care is Care.QUICK:
            self._collector.settle_before()
        else:
            self._collector.release()

    def end(self) -> None:
        """The last round is over."""
        if self._environment is not None:
            self._environment.unwatch()

    def read(self, into: array[int], row: int) -> None:
        """Settle, and note every signal in ``into`` from ``row * len(SIGNALS)`` on; 0 for what can't be read here."""
        read, at = self._read, row * len(SIGNALS)
        if read.threads is not None:
            threads = read.threads_settled
            into[at + _THREADS] = threads(into[_THREADS]) if threads is not None and row else read.threads.read()
        self._settle()
        tracked = gc.get_objects()
        into[at + _OBJECTS] = len(tracked)
        into[at + _MAPPED] = mapped_bytes(tracked) if "mmap" in sys.modules else 0
        del tracked
        into[at + _FDS] = read.fds.read() if read.fds is not None else 0
        into[at + _CALLBACKS] = _ncallbacks() + len(weakref.finalize._registry)  # type: ignore[attr-defined] # noqa: SLF001
        into[at + _RSS] = read.rss.read() if read.rss is not None else 0
        if read.level is not None:
            read.level()
        into[at + _BLOCKS], into[at + _SMALL] = read.small.read()
        kept_bytes = self._environment.kept[0] if self._environment is not None else 0
        into[at + _HEAP] = read.heap() - kept_bytes if read.heap is not None else 0

    def _settle(self) -> None:
        if self._care is Care.CLEARED:
            clear_interpreter_caches()
            for path in sys.path_importer_cache.keys() - self._finders:
                sys.path_importer_cache.pop(path, None)
        else:
            clear_type_cache()
        for _ in range(_SETTLINGS):
            gc.collect()
