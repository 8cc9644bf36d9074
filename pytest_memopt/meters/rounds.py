"""Reading what may leak, at the settled end of each round of a repeated workload."""

from __future__ import annotations

from array import array
from atexit import _ncallbacks  # the only way to count them
from collections.abc import Callable, Iterable
from enum import Enum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from ..errors import MeterError
from .cache_clearing import clear_interpreter_caches, clear_type_cache
from .collector import Collector
from .environment import KeptEnvironment
from .instruments import Instruments
from .objects import mapped_bytes
from .originals import gc, sys, weakref
from .path_names import PathNames
from .protocol import Meter, Unit, is_judged
from .standard_streams import write_out_streams

if TYPE_CHECKING:
    from .processes import ChildProcesses

_YOUNG: Final = 1  # the oldest generation that was not looked at since everything was
_SETTLINGS: Final = 2  # what finalizers let go of falls only with the next collection


class LeakSignal(str, Enum):
    """What can leak; the value is the key in reports. All but the last two are counts that are kept exactly."""

    BLOCKS = "blocks"
    SMALL_BYTES = "small_bytes"
    HEAP_BYTES = "heap_bytes"
    MAPPED_BYTES = "mapped_bytes"
    FDS = "fds"
    THREADS = "threads"
    CALLBACKS = "callbacks"
    PROCESSES = "processes"
    TASKS = "tasks"
    OBJECTS = "objects"
    RSS_BYTES = "rss_bytes"

    @property
    def is_bytes(self) -> bool:
        """Whether it is measured in bytes (else it is a count)."""
        return self.value.endswith("_bytes")


class MeterSignal(NamedTuple):
    """What a meter of a plugin reads, where a steady rise of it is a leak.

    Attributes:
        value: the key in reports: the meter's name, with ``_bytes`` at the end where it measures bytes.
        is_bytes: whether it is measured in bytes (else it is a count).
    """

    value: str
    is_bytes: bool = False


AnySignal: TypeAlias = "LeakSignal | MeterSignal"


class Care(Enum):
    """How the process is settled at the end of each round, and what that costs."""

    QUICK = "quick"  # what was alive before the hunt stays frozen: a tenth of a millisecond
    THOROUGH = "thorough"  # everything is collected: tens of milliseconds
    CLEARED = "cleared"  # the caches of the interpreter and its library are cleared too, as its own leak tests do


SIGNALS: Final = tuple(LeakSignal)
_BLOCKS, _SMALL, _HEAP, _MAPPED, _FDS, _THREADS, _CALLBACKS, _PROCESSES, _TASKS, _OBJECTS, _RSS = range(len(SIGNALS))
# what need not be held by any container of Python's
OUTSIDE_SIGNALS: Final[frozenset[AnySignal]] = frozenset(
    {LeakSignal.FDS, LeakSignal.THREADS, LeakSignal.PROCESSES, LeakSignal.TASKS}
)
# what all allocators together have given out
BYTE_SIGNALS: Final[tuple[AnySignal, ...]] = (LeakSignal.SMALL_BYTES, LeakSignal.HEAP_BYTES, LeakSignal.MAPPED_BYTES)
_OWN_NAMES: Final = frozenset(signal.value for signal in SIGNALS)


class RoundMeter:
    """Reads all signals into a row of an array that is allocated once, so that a hunt doesn't see itself.

    Attributes:
        signals: what is read, in the order of a row: those of every process, then the meters of plugins.
    """

    def __init__(self, instruments: Instruments, collector: Collector) -> None:
        self._read = instruments
        self._collector = collector
        self._care = Care.QUICK
        self._environment: KeptEnvironment | None = None
        self._may_hold = self._is_holding = False
        self._finders: frozenset[str] = frozenset()
        self._children: ChildProcesses | None = None
        self._count_tasks: Callable[[Iterable[object]], int] | None = None
        self._added = tuple(meter for meter in instruments.extra if is_judged(meter))
        self.signals: tuple[AnySignal, ...] = (*SIGNALS, *map(_signal_of, self._added))
        self._now = array("q", [0] * len(self.signals))
        self._path_names = PathNames()

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
            LeakSignal.PROCESSES: self._children.read if self._children is not None else None,
            LeakSignal.TASKS: self._pending if self._count_tasks is not None else None,
        }
        return {signal: counter for signal, counter in found.items() if counter is not None}

    def _pending(self) -> int:
        return self._count_tasks(()) if self._count_tasks is not None else 0

    def begin(self, care: Care) -> None:
        """Settle before the first round: what is alive is frozen for quick rounds, and thawed for others."""
        self._care = care
        if self._children is None:  # imported by the first hunt: a run without one reads none of them
            from .processes import ChildProcesses
            from .tasks import count_pending

            self._children, self._count_tasks = ChildProcesses(), count_pending
        self._finders = frozenset(sys.path_importer_cache)
        if self._environment is None:
            self._environment = KeptEnvironment(self._read.heap)
        self._environment.watch()
        self._path_names.pass_by()
        self._may_hold, self._is_holding = care is not Care.QUICK, False
        if care is Care.QUICK:
            self._collector.settle_before()
        else:
            self._collector.release()

    def stands(self) -> bool:
        """Whether the rows since the first count for what they are: nothing that was alive by then had become garbage.

        Where it has, it was collected just now, the rows hold what it took, and are to be read anew: from now on
        everything is collected in each round.
        """
        if not self._is_holding:
            return True
        self._collector.release()
        self._may_hold = not gc.collect()
        self._is_holding = self._may_hold and self._collector.hold()
        return self._may_hold

    def thaw(self) -> None:
        """Let the collector list everything again."""
        if self._is_holding:
            self._is_holding = False
            self._collector.release()

    def end(self) -> None:
        """The last round is over."""
        self.thaw()
        self._path_names.put_back()
        if self._environment is not None:
            self._environment.unwatch()

    def read(self, into: array[int], row: int) -> None:
        """Settle, and note every signal in ``into``, from ``row * len(signals)`` on; 0 for what can't be read here.

        Raises:
            MeterError: when the meter of a plugin can't be read.
        """
        read, now = self._read, self._now
        if read.threads is not None:
            threads = read.threads_settled
            now[_THREADS] = threads(into[_THREADS]) if threads is not None and row else read.threads.read()
        self._settle()
        if self._added:
            self._read_added(now)
        if self._children is not None:
            children = self._children
            now[_PROCESSES] = children.settled(into[_PROCESSES]) if row else children.read()
        tracked = gc.get_objects()
        now[_OBJECTS] = len(tracked) + (gc.get_freeze_count() if self._care is not Care.QUICK else 0)
        now[_MAPPED] = mapped_bytes(tracked) if "mmap" in sys.modules else 0
        now[_TASKS] = self._count_tasks(tracked) if self._count_tasks is not None else 0
        del tracked
        now[_FDS] = read.fds.read() if read.fds is not None else 0
        now[_CALLBACKS] = _ncallbacks() + len(weakref.finalize._registry)  # type: ignore[attr-defined] # noqa: SLF001
        now[_RSS] = read.rss.read() if read.rss is not None else 0
        if read.level is not None:
            read.level()
        now[_BLOCKS], now[_SMALL] = read.small.read()
        kept_bytes = self._environment.kept[0] if self._environment is not None else 0
        now[_HEAP] = read.heap() - kept_bytes if read.heap is not None else 0
        at = row * len(self.signals)  # only now: a number above 256 is a block while it is in use
        into[at : at + len(self.signals)] = now
        self._hold(has_none=not (now[_MAPPED] or now[_TASKS]))

    def _hold(self, *, has_none: bool) -> None:
        """Leave what is alive out of the next collections; not where it has what is looked for among what is listed."""
        if self._may_hold and has_none and not self._is_holding:
            self._is_holding = self._collector.hold()

    def _read_added(self, now: array[int]) -> None:
        name = ""
        try:
            for column, meter in enumerate(self._added, start=len(SIGNALS)):
                name = meter.name
                now[column] = meter.read()
        except Exception as error:  # noqa: BLE001 - whatever goes wrong in another plugin's meter
            raise MeterError(f"the meter {name!r} can't be read: {error!r}") from None
        gc.collect()  # what others made for a reading, and let go of, may lie on the interpreter's free lists

    def _settle(self) -> None:
        write_out_streams()
        if self._care is Care.CLEARED:
            clear_interpreter_caches()
            for path in sys.path_importer_cache.keys() - self._finders:
                sys.path_importer_cache.pop(path, None)
        else:
            clear_type_cache()
        if self._care is not Care.QUICK and not self._is_holding:
            gc.collect(_YOUNG)  # what the rounds left: another look at everything, which takes long, is mostly spared
        for _ in range(_SETTLINGS):
            if not gc.collect():
                break  # without garbage nothing was finalized


def _signal_of(meter: Meter) -> MeterSignal:
    is_bytes = meter.unit == Unit.BYTES
    name = f"{meter.name}_bytes" if is_bytes and not meter.name.endswith("_bytes") else meter.name
    return MeterSignal(f"{name} (meter)" if name in _OWN_NAMES else name, is_bytes)
