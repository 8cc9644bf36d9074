"""The optimizer: applies what the state of the process calls for, measures each, keeps what helped and reverts what did not."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from ..errors import OptimizationError, UsageError
from ..flags import Flag, is_enabled
from ..meters.naming import type_name
from ..meters.objects import count_tracked
from ..meters.originals import threading, time
from .cleanup import Cleanup, RegisteredCache
from .collection_counter import CollectionCounter
from .collector_tuning import CollectorTuning
from .compaction import Compaction
from .effect import Effect
from .experience import Memory, ProcessMemory, learned, most_promising_first
from .outcome import Change, Optimization, Outcome, judge
from .pool_sizing import PoolSizing
from .readings import Noise, ProcessReader, Reader, Reading, measure_noise
from .strategy import MemoryState, OptimizationStrategy
from .thresholds import Thresholds
from .trial import revert, try_strategy

_GARBAGE: Final = "collect"
_GARBAGE_MIN_BYTES: Final = 1024**2


class MemoryOptimizer:
    """Applies strategies, each for as long as it is not reverted, and owns what they altered.

    It may be used by several threads; one optimises at a time. What other threads allocate meanwhile falls into the
    readings: optimise where the program rests.
    """

    def __init__(
        self,
        strategies: Sequence[OptimizationStrategy] | None = None,
        thresholds: Thresholds = Thresholds(),  # noqa: B008 - frozen
        history: Memory | None = None,
        *,
        reader: Reader | None = None,
        counter: CollectionCounter | None = None,
    ) -> None:
        """Choose what is tried, and by what it is judged.

        Args:
            strategies: those of ``default_strategies`` when ``None``.
            thresholds: from where on memory is a problem.
            history: remembers which strategies helped, which are tried first then; this object's own when ``None``.
            reader: reads memory; that of this process when ``None``.
            counter: counts collections while ``watch`` runs, for the thresholds of the collector.

        Raises:
            UsageError: where one of the strategies is none, or two have the same name.
        """
        self._counter = CollectionCounter() if counter is None else counter
        self._strategies = default_strategies(self._counter) if strategies is None else _checked(strategies)
        self._thresholds = thresholds
        self._memory = ProcessMemory() if history is None else history
        self._reader = reader
        self._kept: list[OptimizationStrategy] = []
        self._lock = threading.RLock()

    @property
    def strategies(self) -> tuple[OptimizationStrategy, ...]:
        """All that may be tried."""
        return tuple(self._strategies)

    @property
    def kept(self) -> tuple[str, ...]:
        """Names of the strategies in force, which helped or are to be judged by a later call, in the order in which they were applied."""
        return tuple(strategy.name for strategy in self._kept)

    def register_cache(
        self,
        name: str,
        clear: Callable[[], object],
        size: Callable[[], int] | None = None,
        restore: Callable[[], object] | None = None,
    ) -> None:
        """Have the strategy ``cleanup`` clear a cache of the program's.

        Args:
            name: how outcomes call it; one that was registered by that name before is forgotten.
            clear: empties it.
            size: tells how many entries it has.
            restore: fills it again after the cleanup was reverted; without one it fills by use.

        Raises:
            UsageError: where the name is empty, a function can't be called, or no strategy clears caches.
        """
        for strategy in self._strategies:
            if isinstance(strategy, Cleanup):
                strategy.register(RegisteredCache(name, clear, size, restore))
                return
        raise UsageError(f"cache {name!r}: no strategy of this optimizer clears caches; give it a Cleanup")

    @contextmanager
    def watch(self) -> Generator[CollectionCounter, None, None]:
        """Count the collections of the program's usual work, from which the collector's thresholds are chosen."""
        if is_enabled(Flag.OPTIMIZATION):
            self._counter.start()
        try:
            yield self._counter
        finally:
            self._counter.stop()

    def optimize(self) -> Optimization:
        """Try what the state calls for: apply, measure, keep what helped, revert what did not.

        A strategy that raises is reverted and told as failed; the others go on. Garbage that was waiting is told as the
        outcome ``collect``, so that no strategy gets the credit for it. Empty where ``ENABLE_MEMORY_OPTIMIZATION`` is off.

        Raises:
            UsageError: where that variable is neither on nor off.
        """
        if not is_enabled(Flag.OPTIMIZATION):
            return Optimization(is_enabled=False)
        with self._lock:
            started_s = time.perf_counter()
            reader = self._reader = self._reader or ProcessReader()
            as_it_was, state, noise = self._look(reader)
            outcomes, uncalled = self._try_all(state, noise, reader)
            garbage = _outcome_of_garbage(as_it_was, state.reading, noise)
            return Optimization((*garbage, *outcomes), uncalled, time.perf_counter() - started_s)

    def revert(self) -> None:
        """Put back all that the strategies in force altered, the last one first.

        Raises:
            OptimizationError: naming the strategies that could not be reverted, when all others are.
        """
        with self._lock:
            kept, self._kept = self._kept, []
            problems = [problem for strategy in reversed(kept) if (problem := revert(strategy))]
        if problems:
            raise OptimizationError("; ".join(problems))

    @contextmanager
    def applied(self) -> Generator[Optimization, None, None]:
        """Optimise for the time of a ``with`` statement; at its end all is put back, also when its body raises.

        Raises:
            OptimizationError: naming the strategies that could not be reverted; not where the body raised.
        """
        try:
            yield self.optimize()
        except BaseException as error:
            try:
                self.revert()
            except OptimizationError as problem:
                _add_note(error, str(problem))
            raise
        self.revert()

    def _look(self, reader: Reader) -> tuple[Reading, MemoryState, Noise]:
        """The memory with the garbage in it, the state without, and the noise of such readings."""
        counted = self._counter.read()
        before = reader.read()
        tracked_count = count_tracked()
        as_it_was = reader.read()
        reading, noise = measure_noise(reader)
        # to count the objects they are listed, in pages that a trim would give back: that is nobody's saving
        noise = noise.with_resident(as_it_was.resident_above(before))
        collections = counted if any(counted.counts) else None
        return as_it_was, MemoryState(reading, tracked_count, self._thresholds, collections), noise

    def _try_all(self, state: MemoryState, noise: Noise, reader: Reader) -> tuple[list[Outcome], tuple[str, ...]]:
        known = self._memory.load()
        outcomes, uncalled = [], []
        for strategy in most_promising_first(self._strategies, known):
            outcome = try_strategy(strategy, state, reader, noise)
            if outcome is None:
                uncalled.append(strategy.name)
                continue
            outcomes.append(outcome)
            is_kept = outcome.stays
            state = state._replace(reading=outcome.after if is_kept else reader.read_settled())
            self._kept = [kept for kept in self._kept if kept is not strategy]
            if is_kept:
                self._kept.append(strategy)
        self._memory.store(learned(known, [one for one in outcomes if not one.is_open]))
        return outcomes, tuple(uncalled)


def default_strategies(counter: CollectionCounter | None = None) -> list[OptimizationStrategy]:
    """All that there are, in the order in which they serve each other: free, give back, freeze the rest; then the pools."""
    return [Cleanup(), Compaction(), CollectorTuning(counter), PoolSizing()]


@cache
def process_optimizer() -> MemoryOptimizer:
    """This process's optimizer, of which ``optimize_memory`` makes use: made by the first call."""
    return MemoryOptimizer()


def optimize_memory() -> dict[str, Any]:
    """Apply what the state of this process calls for, and tell in plain values what came of it.

    What helped stays in force; ``process_optimizer().revert()`` puts it back, ``process_optimizer().optimize()`` gives
    the same as typed values.

    Returns:
        ``total_memory_saved_mb`` (in steps of 1000; only what helped counts, and only beyond the noise), ``outcomes``
        (one dictionary a strategy), ``duration_s``, and more; the same keys, and nothing in them, where
        ``ENABLE_MEMORY_OPTIMIZATION`` is off.
    """
    return process_optimizer().optimize().to_dict()


def _checked(strategies: Sequence[OptimizationStrategy]) -> list[OptimizationStrategy]:
    names: set[str] = set()
    for strategy in strategies:
        if not isinstance(strategy, OptimizationStrategy):
            raise UsageError(
                f"strategies: {type_name(type(strategy))} is none; it needs `name`, `is_called_for`, `apply` and `revert`"
            )
        if strategy.name in names:
            raise UsageError(f"strategies: two are called {strategy.name!r}; give each a name of its own")
        names.add(strategy.name)
    return list(strategies)


def _outcome_of_garbage(as_it_was: Reading, settled: Reading, noise: Noise) -> tuple[Outcome, ...]:
    change = Change(("garbage that was waiting was collected",))
    # less than that may well be of our own modules, which were imported just now
    much = Noise(max(_GARBAGE_MIN_BYTES, noise.in_use_bytes), max(_GARBAGE_MIN_BYTES, noise.resident_bytes))
    judgement = judge(as_it_was, settled, much, change)
    if judgement.effect is not Effect.HELPED:
        return ()
    return (Outcome(_GARBAGE, judgement, as_it_was, settled, changed=change.done),)


def _add_note(error: BaseException, note: str) -> None:
    """Python 3.10 has no notes: there the error goes without."""
    if sys.version_info >= (3, 11):
        error.add_note(note)
