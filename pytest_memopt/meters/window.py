"""The measuring window around one test: settle, read, run, settle, read, and say what stayed."""

from __future__ import annotations

import gc
from array import array
from collections.abc import Collection, Hashable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from .account import Account, Ledger, Signal, empty_reading
from .cache_clearing import clear_interpreter_caches, clear_type_cache
from .collector import Collector
from .instruments import Instruments
from .measurement import Measurement, Phase, PhaseUse, Site, TypeUse
from .objects import by_type, count_of_types, count_tracked, mapped_bytes, survivors
from .plan import Detail, Plan
from .runner_prices import RunnerPrices
from .weight import Weight

LEARNING_WINDOWS: Final = 16
_LEARNING_MOST: Final = 400
_BLOCKS_LEAN: Final = 3_000_000  # from here on a reading of the blocks takes 90 microseconds and more
_SMALL_BYTES: Final = 512
_RUNNER_TYPES: Final = ("pytest_memopt.", "_pytest.")
_PASSES_UNTIL_UNTRACKED: Final = 3
_TRIM_WHEN_RISEN_BYTES: Final = 8 * 1024**2
_ACCOUNTS: Final = {Phase.SETUP: Account.SETUP, Phase.CALL: Account.CALL, Phase.TEARDOWN: Account.TEARDOWN}
WEIGHTLESS: Final = Weight()
_NOTHING: Final[Mapping[Phase, float]] = MappingProxyType({})
_FDS, _THREADS, _RSS, _FROZEN, _TRACED_OVERHEAD, _THREADS_END, _ALL_END, _EXTRA = range(8)


class Window:
    """Measures one test after the other; one instance per process, its buffers allocated once.

    Between ``open`` and ``close`` every reading belongs to one account: ``switch`` reads, charges what changed to the
    account that was current, and makes another one current. What is charged to set-up, call and teardown is the test's.

    Not thread-safe: windows don't nest and don't overlap.

    Attributes:
        is_open: whether a test is being measured.
        sites: allocating lines of the last traced window whose plan asked for them.
    """

    def __init__(self, instruments: Instruments, collector: Collector) -> None:
        self._read = instruments
        self._collector = collector
        self._ledger = Ledger()
        self._prices = RunnerPrices()
        self._small_start: int | None = None
        self._last = empty_reading()
        self._now = empty_reading()
        self._start: array[int] = array("q", [0] * (_EXTRA + len(instruments.extra)))
        self._plan = Plan()
        self._detail = Detail.FULL
        self._account = Account.SETUP
        self._learning_left = LEARNING_WINDOWS
        self._learning_spent = 0
        self._rss_bytes = self._trimmed_rss_bytes = 0
        self._types_before: Mapping[str, int] = {}
        self._notes: list[str] = []
        self._peak_bytes: int | None = None
        self._is_tracing = False
        self.is_open = False
        self.sites: tuple[Site, ...] = ()

    def open(self, plan: Plan) -> None:
        """Settle, take the first reading and make ``SETUP`` the current account."""
        self._plan = plan
        self._collector.leave_alone(alone=plan.gc_off)
        self._detail = self._choose_detail(plan.detail)
        self._account = Account.SETUP
        self._notes, self._peak_bytes, self.sites = [], None, ()
        self._types_before = count_of_types(plan.types) if plan.types else {}
        self._ledger.clear()
        self._trim_if_risen()
        if plan.clears_caches:
            clear_interpreter_caches()
            self._collector.refresh()
        if plan.net_objects:
            # each collection stops tracking the tuples whose contents the one before stopped tracking
            for _ in range(_PASSES_UNTIL_UNTRACKED):
                self._collector.refresh()
        self._collector.settle_before()
        self._read_start()
        self.is_open = True
        if plan.traced and self._read.tracer is not None:
            self._read.tracer.start()
        self._is_tracing = False
        self._take_heap(self._last)
        self._take(self._last)
        self._start[_FROZEN] = gc.get_freeze_count() if self._plan.net_objects else 0
        self._is_tracing = plan.traced
        can_count = self._read.small.is_exact and self._detail is not Detail.LEAN
        self._small_start = self._read.small.read_bytes() if can_count else None
        self._last[Signal.SMALL] = self._small_start or 0

    def mark_peak(self) -> None:
        """Forget the peaks so far: what comes now is the test's own."""
        self.forget_traced_peak()
        self._mark_rss()

    def forget_traced_peak(self) -> None:
        """Forget the traced peak so far: it was pytest's."""
        if self._plan.traced and self._read.tracer is not None:
            self._read.tracer.forget_peak()

    def _mark_rss(self) -> None:
        if self._read.rss is not None:
            self._start[_RSS] = self._read.rss.mark()

    def switch(self, account: Account) -> None:
        """Charge what changed since the last reading, then make ``account`` the current one.

        Only an exact window reads between the test and pytest; in others both are charged alike, and pytest's share,
        known by its shape, is taken off in the end.
        """
        if self._detail is not Detail.EXACT and Account.SHARED not in (account, self._account):
            return
        self._charge(with_heap=True)
        self._account = account

    def refund(self, kept: Weight) -> None:
        """Take from the test what was weighed as kept by pytest."""
        amounts = (kept.blocks, kept.heap_bytes, kept.objects, kept.small_bytes)
        for signal, amount in zip((Signal.BLOCKS, Signal.HEAP, Signal.OBJECTS, Signal.SMALL), amounts, strict=True):
            self._ledger.charge_one(Account.TEARDOWN, signal, -amount)
            self._ledger.charge_one(Account.RUNNER, signal, amount)

    def weight_of(self, account: Account) -> Weight:
        """What ``account`` was charged in this window so far."""
        total = self._ledger.total
        return Weight(
            blocks=total(account, Signal.BLOCKS),
            small_bytes=total(account, Signal.SMALL),
            heap_bytes=total(account, Signal.HEAP),
            objects=total(account, Signal.OBJECTS),
        )

    def traced_bytes(self) -> int:
        """Bytes that the tracer counts as allocated now; 0 in a window that isn't traced."""
        return self._read.tracer.current() if self._plan.traced and self._read.tracer is not None else 0

    def discount_peak(self, overhead_bytes: int) -> None:
        """Take ``overhead_bytes``, which are pytest's, off the traced peak."""
        self._start[_TRACED_OVERHEAD] = overhead_bytes

    @property
    def reads_phases(self) -> bool:
        """Whether this window reads between the phases."""
        return self._detail is Detail.EXACT

    @property
    def rss_bytes(self) -> int:
        """Resident memory when the last window was closed; 0 where it can't be read."""
        return self._rss_bytes

    def growth_of(self, account: Account) -> int:
        """Bytes that ``account`` was charged in this window so far (small blocks where they were read, and C heap)."""
        return self._ledger.total(account, Signal.SMALL) + self._ledger.total(account, Signal.HEAP)

    def close(self) -> None:
        """Settle and take the last reading; whatever is allocated from now on is nobody's."""
        self._stop_tracer()
        self._start[_THREADS_END] = self._count_threads()
        if self._plan.clears_caches:
            clear_interpreter_caches()
        self._charge(with_heap=True)
        if self._plan.net_objects:
            self._start[_ALL_END] = self._collector.count_all()
        self.is_open = False

    def measurement(
        self,
        durations_s: Mapping[Phase, float] = _NOTHING,
        kept_by_runner: Collection[object] = (),
        shape: Hashable = None,
        kept: Weight = WEIGHTLESS,
    ) -> Measurement:
        """What the test left behind, of the window that was closed last; to be called once.

        Args:
            durations_s: seconds of each phase, passed on.
            kept_by_runner: objects of pytest's (reports), so that they aren't listed among the test's survivors.
            shape: what tells how much pytest's reports on this test weigh.
            kept: the weight of what else pytest keeps of it.
        """
        is_priced = self._settle_runner(shape)
        self.refund(kept)
        small_bytes, is_counted = self._small_bytes()
        objects = self._net_objects()
        types, mapped = self._survivors(objects, kept_by_runner)
        self._plan_learning(is_priced=is_priced)
        is_exact = is_counted and is_priced and self._read.heap is not None
        return self._assemble(durations_s, (small_bytes, mapped, is_exact), objects, types)

    def learn_anew(self) -> None:
        """Look closely again for a while: what was learned so far was learned on nothing."""
        self._learning_left = LEARNING_WINDOWS

    def abandon(self) -> None:
        """Leave the window without a measurement: the test was interrupted, or stopped halfway."""
        if self.is_open:
            self._stop_tracer()
            self.is_open = False

    def _choose_detail(self, wanted: Detail) -> Detail:
        if wanted is Detail.EXACT or (self._learning_left and self._collector.lists_only_new):
            return Detail.EXACT
        if self._last[Signal.BLOCKS] > _BLOCKS_LEAN or not self._collector.lists_only_new:
            return Detail.LEAN
        return wanted

    def _take(self, into: array[int]) -> None:
        """One reading; nothing that is allocated here stays alive.

        It begins with a collection, which also empties the interpreter's free lists: what lies on them counts as in use.
        """
        if self._detail is Detail.EXACT:
            clear_type_cache()  # it keeps the attribute names that were looked up last
        self._collector.settle()
        into[Signal.OBJECTS] = count_tracked() if self._collector.lists_only_new else 0
        into[Signal.BLOCKS] = self._read.blocks()

    def _take_heap(self, into: array[int]) -> None:
        """The C heap too: the C library walks its free pieces for it, which may take as long as all else together."""
        # not while the tracer counts: levelling allocates 180 KB for a moment, which would be the test's peak
        if self._detail is not Detail.LEAN and self._read.level is not None and not self._is_tracing:
            self._read.level()
            if self._detail is Detail.EXACT and self._read.level_small is not None:
                self._read.level_small()
        into[Signal.HEAP] = self._read.heap() if self._read.heap is not None else 0

    def _charge(self, *, with_heap: bool) -> None:
        now, before = self._now, self._last
        self._collector.settle()
        if self._detail is Detail.EXACT:
            self._collector.settle()  # what finalizers let go of (ctypes' classes) falls only now
        if with_heap:
            self._take_heap(now)
        else:
            now[Signal.HEAP] = before[Signal.HEAP]
        self._take(now)
        moved = now[Signal.BLOCKS] != before[Signal.BLOCKS]
        now[Signal.SMALL] = (
            self._read.small.read_bytes() if moved and self._small_start is not None else before[Signal.SMALL]
        )
        self._ledger.charge(self._account, before, now)
        self._now, self._last = before, now

    def _settle_runner(self, shape: Hashable) -> bool:
        """Learn pytest's share in this window, or take it off by its price; whether that is known."""
        if self._detail is Detail.EXACT:
            runner = self.weight_of(Account.RUNNER)
            if abs(runner.heap_bytes) <= _SMALL_BYTES:
                # reports are Python objects, which come to `malloc` only beyond 512 bytes: this is the C library's own
                # coming and going, which evens out between the window's ends
                self.refund(Weight(heap_bytes=-runner.heap_bytes))
                runner = replace(runner, heap_bytes=0)
            self._prices.learn(shape, runner)
            return True
        self.refund(self._prices.price(shape))
        return self._prices.knows(shape)

    def _small_bytes(self) -> tuple[int, bool]:
        """Net bytes of the test's small blocks, and whether they were counted."""
        if self._small_start is not None:
            return self._ledger.of_test(Signal.SMALL), True
        return round(self._ledger.of_test(Signal.BLOCKS) * self._read.small.mean_block_bytes), False

    def _read_start(self) -> None:
        start, read = self._start, self._read
        start[_FDS] = read.fds.read() if read.fds is not None else 0
        start[_THREADS] = read.threads.read() if read.threads is not None else 0
        start[_TRACED_OVERHEAD] = 0
        for column, meter in enumerate(read.extra, start=_EXTRA):
            start[column] = meter.read()
        self._mark_rss()

    def _trim_if_risen(self) -> None:
        if self._read.trim is None or self._read.rss is None:
            return
        if self._plan.trim or self._rss_bytes - self._trimmed_rss_bytes > _TRIM_WHEN_RISEN_BYTES:
            self._read.trim()
            self._rss_bytes = self._trimmed_rss_bytes = self._read.rss.read()

    def _stop_tracer(self) -> None:
        self._is_tracing = False
        if self._plan.traced and self._read.tracer is not None:
            traced = self._read.tracer.stop(with_sites=self._plan.sites)
            self.sites = traced.sites
            if traced.peak_bytes is not None:
                self._peak_bytes = max(0, traced.peak_bytes - self._start[_TRACED_OVERHEAD])
            if traced.why:
                self._notes.append(traced.why)

    def _plan_learning(self, *, is_priced: bool) -> None:
        if self._learning_left:
            self._learning_left -= 1
        elif not is_priced and self._learning_spent < _LEARNING_MOST:
            self._learning_left = 1
            self._learning_spent += 1

    def _net_objects(self) -> int | None:
        if not self._collector.lists_only_new:
            return None
        net = self._ledger.of_test(Signal.OBJECTS)
        if not self._plan.net_objects:
            return net
        died = self._start[_FROZEN] + self._last[Signal.OBJECTS] - self._start[_ALL_END]
        return net - died

    def _survivors(self, objects: int | None, kept: Collection[object]) -> tuple[tuple[TypeUse, ...], int]:
        if not self._collector.lists_only_new:
            return (), 0
        found = survivors(kept) if objects or self._plan.types else []
        types, mapped = (
            tuple(use for use in by_type(found) if not use.type.startswith(_RUNNER_TYPES)),
            mapped_bytes(found),
        )
        del found
        if self._plan.types:
            types = (*self._net_types(), *(use for use in types if use.type not in self._plan.types))
        return types, mapped

    def _net_types(self) -> tuple[TypeUse, ...]:
        counts = count_of_types(self._plan.types)
        return tuple(TypeUse(name, counts[name] - self._types_before[name], 0) for name in self._plan.types)

    def _assemble(
        self,
        durations_s: Mapping[Phase, float],
        small_and_mapped: tuple[int, int, bool],
        objects: int | None,
        types: tuple[TypeUse, ...],
    ) -> Measurement:
        small_bytes, mapped, is_exact = small_and_mapped
        read, start, ledger = self._read, self._start, self._ledger
        heap_bytes = self._heap_bytes(objects)
        rss_end = read.rss.read() if read.rss is not None else None
        self._rss_bytes = rss_end or 0
        rss_peak = read.rss.peak() if read.rss is not None else None
        return Measurement(
            growth_bytes=small_bytes + heap_bytes + mapped,
            exact=is_exact,
            blocks=ledger.of_test(Signal.BLOCKS),
            small_bytes=small_bytes,
            heap_bytes=heap_bytes if read.heap is not None else None,
            mapped_bytes=mapped,
            objects=objects,
            fds=read.fds.read() - start[_FDS] if read.fds is not None else None,
            threads=self._net_threads(),
            rss_start_bytes=start[_RSS] if read.rss is not None else None,
            rss_end_bytes=rss_end,
            peak_rss_bytes=max(0, rss_peak - start[_RSS]) if rss_peak is not None else None,
            peak_bytes=self._peak_bytes,
            phases={phase: self._phase(phase, durations_s.get(phase, 0.0)) for phase in Phase},
            types=types,
            extra={m.name: m.read() - start[column] for column, m in enumerate(read.extra, start=_EXTRA)},
            notes=tuple(self._notes),
        )

    def _count_threads(self) -> int:
        """Threads now; one that was joined frees its state a moment later, so this comes before the last reading."""
        if self._read.threads is None:
            return 0
        settled = self._read.threads_settled
        return settled(self._start[_THREADS]) if settled is not None else self._read.threads.read()

    def _net_threads(self) -> int | None:
        return self._start[_THREADS_END] - self._start[_THREADS] if self._read.threads is not None else None

    def _heap_bytes(self, objects: int | None) -> int:
        """Net bytes of C heap; where nothing else moved, what lies within glibc's uncertainty is none.

        glibc counts up to seven freed blocks of each small size as in use. Exact windows even that out, which takes too
        long to be done around every test.
        """
        heap_bytes = self._ledger.of_test(Signal.HEAP)
        is_still = not objects and not self._ledger.of_test(Signal.BLOCKS)
        return 0 if is_still and self._detail is not Detail.EXACT and abs(heap_bytes) <= _SMALL_BYTES else heap_bytes

    def _phase(self, phase: Phase, duration_s: float) -> PhaseUse:
        is_read = self._detail is Detail.EXACT
        return PhaseUse(self.growth_of(_ACCOUNTS[phase]) if is_read else None, duration_s)
