"""The hunt: repeat a workload until its series decide, first quickly, then thoroughly."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Final

from ..meters.originals import gc
from ..meters.rounds import Care
from .catch import Catch, Patience, Rounds
from .census import Census, Follower, Grown
from .finding import INTERRUPTED
from .interned import WHY, interned_count, only_texts_grew
from .ruling import (
    ROUNDS_TO_CONFIRM,
    LeakKind,
    Ruling,
    flat_rounds,
    goes_on,
    grows_each_time,
    is_flat,
    rule,
    trips_evenly,
    trips_over,
)
from .series import Levels, changes_of
from .standing import Standing, standing_of

_QUICK_ROUNDS: Final = 6
_QUICK_MOST: Final = 2  # times as many rounds as are wanted at least
_WARM_UPS: Final = 2
_ROUNDS_PER_LEAK: Final = 3  # as many are wanted as three times those in which a rare leak shows once
_THOROUGH_ROUNDS: Final = 48
_THOROUGH_MOST: Final = 3
# rows after which it is looked whether they stand: a round that makes garbage of what is old mostly does so at once
_CHECKED: Final = (1, 8)


class Hunt:
    """One hunt of one workload."""

    def __init__(  # noqa: PLR0913 - what a test replaces
        self,
        run: Callable[[], object],
        meter: Rounds,
        patience: Patience = Patience(),  # noqa: B008 - it is frozen
        clock: Callable[[], float] = perf_counter,
        census: Callable[[], Census] = Census,
        suspects: Sequence[object] = (),
        *,
        first_run: Callable[[Callable[[], object]], object] | None = None,
    ) -> None:
        """Prepare a hunt.

        Args:
            run: one round of the workload; what it raises ends the hunt.
            meter: reads the signals.
            patience: how long it may take.
            clock: seconds.
            census: counts all containers.
            suspects: containers that are known to leak: a workload that trips over one of them is decided quickly.
            first_run: is to run the first thorough round, and its reading, which aren't judged, and may prepare the
                interpreter for those that are.
        """
        self._run = run
        self._first_run = first_run
        self._meter = meter
        self._patience = patience
        self._clock = clock
        self._census = census
        self._suspects = suspects
        self._on_round: Callable[[Standing], object] | None = None
        self._started_s = clock()
        self._quick = max(_QUICK_ROUNDS, _QUICK_MOST * patience.least)
        self._most = max(_THOROUGH_ROUNDS, _THOROUGH_MOST * patience.least)
        self._warm_ups = max(_WARM_UPS, -(-patience.least // _ROUNDS_PER_LEAK))  # a census sees what grows within them
        self._signals = meter.signals
        self._levels = array("q", [0] * (max(self._quick, self._most) + 1) * len(self._signals))
        self._earlier: tuple[tuple[int, ...], ...] = ((),) * len(self._signals)
        # a number above 256 is an object, and would be one more than before: so those that live during a reading are there
        self._numbers = tuple(range(max(self._quick, self._most) + 1))
        self._rounds_done = array("q", [0])
        self._judged = 0
        self._natural: Catch | None = None
        self._interned_count: int | None = None

    @property
    def rounds(self) -> int:
        """How many times the workload was run so far."""
        return self._rounds_done[0]

    @property
    def elapsed_s(self) -> float:
        """Seconds since the hunt was prepared."""
        return self._clock() - self._started_s

    def pursue(self, on_round: Callable[[Standing], object] | None = None) -> Catch:
        """Repeat the workload until its memory is decided, or the time is up.

        Args:
            on_round: told between two rounds how a long hunt stands; what it allocates must not stay.
        """
        self._on_round = on_round
        try:
            return self._pursue_quickly() or self._pursue_thoroughly()
        finally:
            self._meter.end()

    def break_off(self) -> Catch:
        """What was read until the hunt was interrupted, which is inconclusive."""
        ruling = Ruling(LeakKind.INCONCLUSIVE, why=f"{INTERRUPTED} in run {self.rounds + 1}")
        if self._natural is not None:  # with the caches cleared it could only have been confirmed
            return self._natural._replace(ruling=ruling, rounds=self.rounds, duration_s=self.elapsed_s)
        return self._catch(ruling, self._judged + 1)

    def _pursue_quickly(self) -> Catch | None:
        """That the workload is flat, that it trips over a known leak, or that the time is up; else ``None``."""
        self._meter.begin(Care.QUICK)
        self._round()
        follower = Follower(list(self._suspects), self._quick + 1)
        least, row = flat_rounds(self._patience.least), 0
        self._meter.read(self._levels, 0)
        follower.read(0)
        while row < self._quick:  # a range would be one object more after the first reading than before
            row = self._numbers[row + 1]
            self._round()
            self._meter.read(self._levels, row)
            follower.read(row)
            self._judged = row
            if row >= self._patience.least and (ruling := self._quick_ruling(row, follower, least)):
                return self._catch(ruling, row + 1, follower)
            if self._is_late():
                return self._catch(Ruling(LeakKind.INCONCLUSIVE, why=self._excuse(row)), row + 1)
        self._earlier = tuple(changes_of(one.levels) for one in self._series(row + 1))
        return None

    def _quick_ruling(self, row: int, follower: Follower, least: int) -> Ruling | None:
        series = self._series(row + 1)
        if is_flat(series, least=least):
            return Ruling(LeakKind.CLEAN)
        if not self._suspects:
            return None
        trips = trips_over if row == self._quick else trips_evenly
        return trips(series, follower.growths(row + 1))

    def _pursue_thoroughly(self) -> Catch:
        """The ruling on thorough rounds; a leak must show with the interpreter's caches left alone, and cleared."""
        self._natural = natural = self._pursue_with(Care.THOROUGH)
        kind = natural.ruling.kind
        if kind in (LeakKind.CLEAN, LeakKind.FRAGMENTATION) or self._is_late():
            return natural
        if kind is LeakKind.LEAK and self._goes_on_cleared(natural):
            return natural._replace(rounds=self.rounds, duration_s=self.elapsed_s)
        cleared = self._pursue_with(Care.CLEARED, shown=natural if kind is LeakKind.LEAK else None)
        if cleared.ruling.kind is LeakKind.CLEAN:
            why = cleared.ruling.why or "only caches of the interpreter grew"
            return cleared._replace(ruling=Ruling(LeakKind.CLEAN, why=why))
        if kind is LeakKind.LEAK and cleared.ruling.kind is not LeakKind.LEAK:
            return cleared
        return natural._replace(rounds=cleared.rounds, duration_s=cleared.duration_s)

    def _goes_on_cleared(self, natural: Catch) -> bool:
        """Whether a leak of every round goes on when the caches are cleared: then no container need be counted again."""
        if not grows_each_time(natural.series, natural.ruling.signals):
            return False
        self._begin_thorough(Care.CLEARED)
        self._warm_up(_WARM_UPS)
        row = self._read_anew()
        while row < ROUNDS_TO_CONFIRM and grows_each_time(self._series(row + 1), natural.ruling.signals):
            row = self._numbers[row + 1]
            self._round()
            self._meter.read(self._levels, row)
            self._judged = row
        return goes_on(self._series(row + 1), natural.series, natural.ruling.signals) and self._meter.stands()

    def _pursue_with(self, care: Care, shown: Catch | None = None) -> Catch:
        self._begin_thorough(care)
        census = self._census()
        self._warm_up(self._warm_ups)
        follower = Follower([one.container for one in census.grown_since()], self._most + 1)
        row, ruling = self._read_anew(follower), None  # until now the rows of the phase before stood in the table
        while ruling is None and row < self._most and not self._is_late():
            row = self._numbers[row + 1]
            self._round()
            self._meter.read(self._levels, row)
            follower.read(row)
            self._judged = row
            series = self._series(row + 1)
            if shown is not None and goes_on(series, shown.series, shown.ruling.signals):
                ruling = shown.ruling
            else:
                ruling = rule(series, follower.growths(row + 1), least=self._patience.least)
            del series
            if (ruling is not None or row in _CHECKED) and not self._meter.stands():
                row, ruling = self._read_anew(follower), None
        if ruling is None:
            ruling = Ruling(LeakKind.INCONCLUSIVE, why=self._excuse(row))
        ruling = self._explained(ruling, row)
        # one that grows now and then was not among those that grew at once
        late: Sequence[Grown] = ()
        if ruling.kind is LeakKind.LEAK and not ruling.containers:
            self._meter.thaw()
            late = census.grown_since()
        return self._catch(ruling, row + 1, follower, late)

    def _read_anew(self, follower: Follower | None = None) -> int:
        """Begin the rows of a phase again with the levels of now, which are the first row."""
        self._meter.read(self._levels, 0)
        if follower is not None:
            follower.read(0)
        self._judged = 0
        self._interned_count = interned_count()
        return 0

    def _explained(self, ruling: Ruling, row: int) -> Ruling:
        """The ruling; of a leak with the reason, where the interpreter alone keeps what grew since `_read_anew`."""
        now_count = interned_count()
        if ruling.kind is not LeakKind.LEAK or now_count is None or self._interned_count is None:
            return ruling
        is_of_texts = only_texts_grew(ruling, self._series(row + 1), now_count - self._interned_count)
        return ruling._replace(why=WHY) if is_of_texts else ruling

    def _begin_thorough(self, care: Care) -> None:
        self._meter.begin(care)
        if self._first_run is None:
            self._round()
        else:
            self._first_run(self._round_and_reading)
            self._meter.thaw()  # a census looks at all there is

    def _round_and_reading(self) -> None:
        self._round()
        self._meter.read(self._levels, 0)

    def _warm_up(self, rounds: int) -> None:
        """Rounds before those that are judged; where that matters the last begin as those do, right after a collection.

        It empties the interpreter's lists of free objects: CPython 3.10 keeps other frames where it took them from there.
        """
        for left in range(rounds, 0, -1):
            if self._first_run is not None and left <= _WARM_UPS:
                gc.collect()
            self._round()

    def _round(self) -> None:
        # before the round, as all rounds begin with it, those too that are not judged: the first time costs the most
        if self._on_round is not None and self.elapsed_s >= self._patience.silent_s:
            budget_s = self._patience.budget_s
            self._on_round(
                standing_of(self._levels, self._judged, self.rounds, self.elapsed_s, budget_s, self._signals)
            )
        self._run()
        self._rounds_done[0] += 1

    def _is_late(self) -> bool:
        return self.elapsed_s > self._patience.budget_s

    def _excuse(self, rounds: int) -> str:
        if rounds < self._most:
            return f"undecided after {self.rounds} rounds and {self._patience.budget_s:g} s"
        return f"undecided after {self.rounds} rounds: it neither rests nor grows steadily"

    def _series(self, rows: int) -> tuple[Levels, ...]:
        width = len(self._signals)
        return tuple(
            Levels(signal, tuple(self._levels[column : rows * width : width]), self._earlier[column])
            for column, signal in enumerate(self._signals)
        )

    def _catch(self, ruling: Ruling, rows: int, follower: Follower | None = None, late: Sequence[Grown] = ()) -> Catch:
        return Catch(
            ruling=ruling,
            rounds=self.rounds,
            series=self._series(rows),
            containers=follower.growths(rows) if follower is not None else (),
            followed=tuple(follower.followed) if follower is not None else (),
            late=tuple(late),
            duration_s=self.elapsed_s,
        )
