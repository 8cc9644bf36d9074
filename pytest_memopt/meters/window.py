"""The measuring window around one test: settle, read, run, settle, read, and say what stayed."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Hashable, Mapping
from types import MappingProxyType
from typing import Final

from .account import TEST_ACCOUNTS, Account, Ledger, Signal, empty_reading
from .cache_clearing import clear_interpreter_caches
from .collector import Collector, GcMode
from .instruments import Instruments
from .measurement import Measurement, Phase, PhaseUse, Site, TypeUse
from .objects import by_type, count_of_types, mapped_bytes, new_objects, survivors
from .plan import Detail, Plan
from .protocol import Tracer
from .reader import Reader, frozen_count
from .runner_prices import RunnerPrices
from .surroundings import Surroundings
from .weight import Weight

_LEARNING_MOST: Final = 1000
_RUNNER_TYPES: Final = ("pytest_memopt.", "_pytest.")
_LISTED_FROM_BYTES: Final = 4096
_LISTED_FROM_OBJECTS: Final = 32
_ACCOUNTS: Final = ((Phase.SETUP, Account.SETUP), (Phase.CALL, Account.CALL), (Phase.TEARDOWN, Account.TEARDOWN))
_NOTHING: Final[Mapping[Phase, float]] = MappingProxyType({})
_FROZEN, _ALL_END, _TRACED_OVERHEAD, _TABLES = range(4)


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
        self._reader = Reader(instruments, collector)
        self._surroundings = Surroundings(instruments)
        self._ledger = Ledger()
        self._prices = RunnerPrices()
        self._last = empty_reading()
        self._now = empty_reading()
        self._shared_before = empty_reading()
        self._noted = array("q", [0, 0, 0, 0])
        self._new_ids = array("Q")
        self._plan = Plan()
        self._account = Account.SETUP
        self._is_learning = True
        self._learning_spent = 0
        self._types_before: Mapping[str, int] = {}
        self._notes: list[str] = []
        self._peak_bytes: int | None = None
        self._has_traced = False
        self.is_open = False
        self.sites: tuple[Site, ...] = ()

    def open(self, plan: Plan) -> None:
        """Settle, take the first reading and make ``SETUP`` the current account."""
        self._plan = plan
        self._collector.leave_alone(alone=plan.gc_off)
        self._reader.detail = self._wanted_detail(plan.detail)
        self._account = Account.SETUP
        self._notes, self._peak_bytes, self.sites = [], None, ()
        self._types_before = count_of_types(plan.types) if plan.types else {}
        self._ledger.clear()
        self._surroundings.trim_if_risen(wanted=plan.trim)
        if plan.clears_caches:
            clear_interpreter_caches()
            self._collector.refresh()
        if plan.net_objects:
            # collects twice: the second stops tracking the tuples whose contents the first stopped tracking
            self._collector.refresh()
        if plan.traced and not self._has_traced:
            self._rehearse_tracing()
        self._noted[_TRACED_OVERHEAD] = 0
        self._surroundings.start()
        self.is_open = True
        self._reader.read_first(self._last)
        self._noted[_FROZEN] = frozen_count(wanted=plan.net_objects)
        if plan.traced and self._read.tracer is not None:
            # after the reading: its tables are gone again at the last one
            self._read.tracer.start()
            self._noted[_TABLES] = self._read.tracer.tables_bytes(self._last[Signal.BLOCKS])
            self._reader.is_traced = True

    def mark_peak(self) -> None:
        """Forget the peaks so far: what comes now is the test's own."""
        self.forget_traced_peak()
        self._surroundings.mark_rss()

    def forget_traced_peak(self) -> None:
        """Forget the traced peak so far: it was pytest's."""
        if self._plan.traced and self._read.tracer is not None:
            self._read.tracer.forget_peak()

    def switch(self, account: Account) -> None:
        """Charge what changed since the last reading, then make ``account`` the current one.

        Only an exact window reads between the test and pytest; in others both are charged alike, and pytest's share,
        known by its shape, is taken off in the end.
        """
        if self._reader.detail is not Detail.EXACT and Account.SHARED not in (account, self._account):
            return
        self._charge()
        self._account = account

    def note_shared(self) -> None:
        """Remember what `Account.SHARED` was charged so far, for `return_shrinkage`."""
        for signal in Signal:
            self._shared_before[signal] = self._ledger.total(Account.SHARED, signal)

    def return_shrinkage(self, taker: Account) -> None:
        """Give ``taker`` what shared ground has lost since `note_shared`: it was taken there before."""
        lost = (min(self._ledger.total(Account.SHARED, signal) - self._shared_before[signal], 0) for signal in Signal)
        self._ledger.move(Account.SHARED, taker, tuple(lost))

    def refund(self, kept: Weight, taker: Account = Account.KEPT) -> None:
        """Charge what was weighed as kept by pytest to ``taker`` instead of the test."""
        self._ledger.move(Account.TEARDOWN, taker, (kept.blocks, kept.heap_bytes, kept.objects, kept.small_bytes))

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
        self._noted[_TRACED_OVERHEAD] = overhead_bytes

    @property
    def reads_phases(self) -> bool:
        """Whether this window reads between the phases."""
        return self._reader.detail is Detail.EXACT

    @property
    def rss_bytes(self) -> int:
        """Resident memory when the last window was closed; 0 where it can't be read."""
        return self._surroundings.rss_bytes

    def growth_of(self, account: Account) -> int:
        """Bytes that ``account`` was charged in this window so far (small blocks where they were read, and C heap)."""
        return self._ledger.total(account, Signal.SMALL) + self._ledger.total(account, Signal.HEAP)

    def close(self) -> None:
        """Settle and take the last reading; whatever is allocated from now on is nobody's."""
        self._stop_tracer()
        self._surroundings.wait_for_threads()
        if self._plan.clears_caches:
            clear_interpreter_caches()
        self._charge()
        if why := self._collector.why_not_only_new:
            self._notes.append(why)
        elif self._plan.net_objects:
            # an array is not tracked, so that it is not counted itself
            self._new_ids = array("Q", map(id, new_objects()))
            self._noted[_ALL_END] = self._collector.count_all()
        self.is_open = False

    def measurement(
        self,
        durations_s: Mapping[Phase, float] = _NOTHING,
        kept_by_runner: Collection[object] = (),
        shape: Hashable = None,
    ) -> Measurement:
        """What the test left behind, of the window that was closed last; to be called once.

        Args:
            durations_s: seconds of each phase, passed on.
            kept_by_runner: objects of pytest's (reports), so that they aren't listed among the test's survivors.
            shape: what tells how much pytest's reports on this test weigh.
        """
        is_priced = self._settle_runner(shape)
        self._plan_learning(shape)
        objects = self._net_objects()
        is_listed = self._is_worth_listing(objects)
        found = self._alive() if is_listed or objects else []
        types = self._types_of(survivors([*kept_by_runner, kept_by_runner, durations_s], found)) if is_listed else ()
        mapped = mapped_bytes(found) if objects else 0  # a memory map is one object, whatever its size
        return self._assemble(durations_s, mapped, objects, types, is_priced=is_priced)

    def learn_anew(self) -> None:
        """Look closely at the next window: what was learned so far was learned on nothing."""
        self._is_learning = True

    def abandon(self) -> None:
        """Leave the window without a measurement: the test was interrupted, or stopped halfway."""
        if self.is_open:
            self.is_open = False
            self._stop_tracer()

    def _wanted_detail(self, wanted: Detail) -> Detail:
        return Detail.EXACT if self._is_learning and self._collector.mode is not GcMode.OFF else wanted

    def _charge(self) -> None:
        now, before = self._now, self._last
        self._reader.read_next(now)
        self._ledger.charge(self._account, before, now)
        self._now, self._last = before, now
        if self._reader.is_traced and self._read.tracer is not None:
            self._charge_tables(self._read.tracer)

    def _charge_tables(self, tracer: Tracer) -> None:
        """Have the test pay for the tracer's tables until they are freed, which will be in its teardown."""
        grown_bytes = tracer.tables_bytes(self._last[Signal.BLOCKS]) - self._noted[_TABLES]
        self._noted[_TABLES] += grown_bytes
        # pytest pays for its own where the tracer leaks: tables and leak about even out in the test's account
        if self._account is Account.SHARED or (self._account not in TEST_ACCOUNTS and not tracer.leaks):
            self._ledger.move(self._account, Account.TEARDOWN, (0, grown_bytes))

    def _settle_runner(self, shape: Hashable) -> bool:
        """Learn pytest's share in this window, or take it off by its price; whether that is known."""
        if self._reader.detail is Detail.EXACT:
            if not (self._plan.traced or self._collector.is_disclosed):
                self._prices.learn(shape, self.weight_of(Account.RUNNER))
            return True
        self.refund(self._prices.price(shape), Account.RUNNER)
        return self._prices.knows(shape)

    def _small_bytes(self) -> int:
        """Net bytes of the test's small blocks, estimated by their number where they are not counted."""
        if self._read.small.is_exact:
            return self._ledger.of_test(Signal.SMALL)
        return round(self._ledger.of_test(Signal.BLOCKS) * self._read.small.mean_block_bytes)

    def _rehearse_tracing(self) -> None:
        """Start and stop the tracer once: the first time it takes a megabyte that it keeps."""
        self._has_traced = True
        if self._read.tracer is not None:
            self._read.tracer.start()
            self._read.tracer.stop(with_sites=True)

    def _stop_tracer(self) -> None:
        if self._plan.traced and self._read.tracer is not None:
            traced = self._read.tracer.stop(with_sites=self._plan.sites)
            self._reader.is_traced = False
            self.sites = traced.sites
            if traced.peak_bytes is not None:
                self._peak_bytes = max(0, traced.peak_bytes - self._noted[_TRACED_OVERHEAD])
            if traced.why:
                self._notes.append(traced.why)

    def _plan_learning(self, shape: Hashable) -> None:
        """Look closely at the next window when what was learned may not be the last word on reports of ``shape``."""
        self._is_learning = not self._prices.is_settled(shape) and self._learning_spent < _LEARNING_MOST
        self._learning_spent += self._is_learning

    def _net_objects(self) -> int | None:
        if not self._collector.lists_only_new:
            return None
        net = self._ledger.of_test(Signal.OBJECTS)
        if not self._plan.net_objects:
            return net
        died = self._noted[_FROZEN] + self._last[Signal.OBJECTS] - self._noted[_ALL_END]
        return net - died

    def _alive(self) -> list[object]:
        """What was made in the window and is alive, listed where nothing of ours is alive but what is on the stack."""
        return self._of_ids(set(self._new_ids)) if self._plan.net_objects else new_objects()

    def _of_ids(self, ids: set[int]) -> list[object]:
        return [one for one in self._collector.list_all() if id(one) in ids]

    def _types_of(self, found: list[object]) -> tuple[TypeUse, ...]:
        types = tuple(use for use in by_type(found) if not use.type.startswith(_RUNNER_TYPES))
        if self._plan.types:
            types = (*self._net_types(), *(use for use in types if use.type not in self._plan.types))
        return types

    def _is_worth_listing(self, objects: int | None) -> bool:
        """Whether somebody will look at the survivors: in a lean window a handful of them is not told by type."""
        if not self._collector.lists_only_new:
            return False
        if self.reads_phases:
            return bool(objects or self._plan.types)
        return (objects or 0) >= _LISTED_FROM_OBJECTS or self._held_bytes() >= _LISTED_FROM_BYTES

    def _held_bytes(self) -> int:
        return self._ledger.of_test(Signal.SMALL) + self._ledger.of_test(Signal.HEAP)

    def _net_types(self) -> tuple[TypeUse, ...]:
        counts = count_of_types(self._plan.types)
        return tuple(TypeUse(name, counts[name] - self._types_before[name], 0) for name in self._plan.types)

    def _assemble(
        self,
        durations_s: Mapping[Phase, float],
        mapped: int,
        objects: int | None,
        types: tuple[TypeUse, ...],
        *,
        is_priced: bool,
    ) -> Measurement:
        ledger, around = self._ledger, self._surroundings.end()
        small_bytes, heap_bytes = self._small_bytes(), ledger.of_test(Signal.HEAP)
        has_heap = self._read.heap is not None
        # what was garbage before, frozen while it was alive, was collected in this window when it was thawed
        is_blurred = self._plan.traced or self._collector.is_disclosed
        return Measurement(
            growth_bytes=small_bytes + heap_bytes + mapped,
            exact=self._read.small.is_exact and is_priced and has_heap and not is_blurred,
            blocks=ledger.of_test(Signal.BLOCKS),
            small_bytes=small_bytes,
            heap_bytes=heap_bytes if has_heap else None,
            mapped_bytes=mapped,
            objects=objects,
            fds=around.fds,
            threads=around.threads,
            rss_start_bytes=around.rss_start_bytes,
            rss_end_bytes=around.rss_end_bytes,
            peak_rss_bytes=around.peak_rss_bytes,
            peak_bytes=self._peak_bytes,
            phases=self._phases(durations_s),
            types=types,
            extra=around.extra,
            notes=tuple(self._notes),
        )

    def _phases(self, durations_s: Mapping[Phase, float]) -> dict[Phase, PhaseUse]:
        return {
            phase: PhaseUse(self.growth_of(account) if self.reads_phases else None, durations_s.get(phase, 0.0))
            for phase, account in _ACCOUNTS
        }
