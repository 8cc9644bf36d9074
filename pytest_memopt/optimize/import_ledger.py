"""The account of imports: which module each byte and each second is charged to, while they are being loaded."""

from __future__ import annotations

from collections.abc import Callable
from types import FrameType, ModuleType

from ..meters.originals import os, sys, threading, time
from .import_cost import ImportOutcome, ImportTree
from .import_record import ImportRecord, tree_of
from .import_site import site_of


class _Thread:
    """The imports that one thread is in the middle of, the innermost last, and when it was last charged."""

    __slots__ = ("charged_s", "open")

    def __init__(self) -> None:
        self.open: list[ImportRecord] = []
        self.charged_s = 0.0


class ImportLedger:
    """Charges what the heap grows between two events (an import begins, an import ends) to the innermost import.

    So each byte is charged once, also when threads import at the same time: then it goes to the import whose thread
    comes to its next event first, and what threads allocate that don't import goes to whichever import is going on.
    Seconds are each thread's own. What the account itself allocates, and the time that it takes, is left out: after an
    event everything is read anew.

    What a forked child imports isn't charged.
    """

    def __init__(
        self,
        read: Callable[[], int],
        clock: Callable[[], float] = time.perf_counter,
        thread: Callable[[], int] = threading.get_ident,
    ) -> None:
        """Start an account.

        Args:
            read: gives the bytes in use.
            clock: gives seconds.
            thread: gives the number of the thread that is running.
        """
        self._read = read
        self._clock = clock
        self._thread = thread
        self._lock = threading.RLock()  # what is collected while it is held may import something itself
        self._is_busy = False
        self._is_over = False
        self._process = os.getpid()
        self._threads: dict[int, _Thread] = {}
        self._records: list[ImportRecord] = []
        self._open: list[ImportRecord] = []
        self._asked_outside: set[str] = set()
        self._last_bytes = 0

    def begin(self, module: str, importer: FrameType | None) -> ImportRecord | None:
        """An import begins in this thread; ``None`` where it isn't charged.

        Args:
            module: its full name.
            importer: the frame that asks for it. It is made before this is called: as it goes with the code that it
                runs, it must come as that code's too.
        """
        if self._is_over or os.getpid() != self._process:
            return None
        with self._lock:
            if self._is_busy:
                return None
            self._is_busy = True
            try:
                thread = self._charge()
                record = ImportRecord(module, site_of(importer), thread.open[-1] if thread.open else None)
                thread.open.append(record)
                self._records.append(record)
                self._open.append(record)
                self._resume(thread)
            finally:
                self._is_busy = False
        return record

    def end(self, record: ImportRecord, outcome: ImportOutcome) -> None:
        """The import of ``record`` has ended in this thread."""
        if self._is_over or os.getpid() != self._process:
            return
        with self._lock:
            self._is_busy = True
            try:
                thread = self._charge()
                record.outcome = outcome
                if record in thread.open:
                    del thread.open[thread.open.index(record) :]
                self._open.remove(record)
                if outcome is ImportOutcome.LOADED:
                    record.same_as = self._loaded_inside(record)
                self._resume(thread)
            finally:
                self._is_busy = False

    def note(self, asked: object) -> None:
        """This thread has asked for a module and got it; remembered by name with the import that it is in the middle of."""
        if self._is_over or not issubclass(type(asked), ModuleType) or os.getpid() != self._process:
            return
        # the module's own string, so that remembering it takes none; asked for past lazy modules, which stay so
        name = object.__getattribute__(asked, "__dict__").get("__name__")
        if not isinstance(name, str):
            return
        with self._lock:
            if self._is_busy:
                return
            thread = self._threads.get(self._thread())
            names = thread.open[-1].asked if thread is not None and thread.open else self._asked_outside
            before_bytes = sys.getsizeof(names)
            names.add(name)
            self._last_bytes += sys.getsizeof(names) - before_bytes

    def finish(self) -> None:
        """Charge nothing any more: what is being imported yet, in other threads, stays unfinished."""
        self._is_over = True

    def tree(self, why: str = "") -> ImportTree:
        """All that was charged; to be asked once, after `finish`.

        Args:
            why: what makes the bytes an estimate; empty where they were counted.
        """
        return tree_of(self._records, self._asked_outside, is_exact=not why, why=why)

    def _charge(self) -> _Thread:
        """Charge what came since the last event, and give this thread's imports."""
        now_s, now_bytes = self._clock(), self._read()
        thread = self._threads.setdefault(self._thread(), _Thread())
        if thread.open:
            thread.open[-1].own_bytes += now_bytes - self._last_bytes
            thread.open[-1].own_s += now_s - thread.charged_s
        elif self._open:
            self._open[-1].own_bytes += now_bytes - self._last_bytes
        return thread

    def _resume(self, thread: _Thread) -> None:
        self._last_bytes = self._read()
        thread.charged_s = self._clock()

    def _loaded_inside(self, record: ImportRecord) -> ImportRecord | None:
        """The import that has loaded the same module since ``record`` began."""
        since = self._records[self._records.index(record) + 1 :]
        return next(
            (
                other
                for other in since
                if other.module == record.module and other.outcome is ImportOutcome.LOADED and _is_inside(other, record)
            ),
            None,
        )


def _is_inside(inner: ImportRecord, outer: ImportRecord) -> bool:
    parent = inner.parent
    while parent is not None and parent is not outer:
        parent = parent.parent
    return parent is outer
