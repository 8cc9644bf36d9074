"""Strategies tried at points of rest of a suite, each measured; those that helped before on this machine first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ..meters.originals import sys, time
from .cleanup import Cleanup
from .compaction import Compaction
from .effect import Effect
from .experience import Experience, most_promising_first
from .outcome import Outcome
from .readings import ProcessReader, Reader, measure_noise
from .strategy import MemoryState, OptimizationStrategy
from .suite_effect import StrategyEffect
from .thresholds import Thresholds
from .trial import try_strategy

KINDS: Final[Mapping[str, Callable[[], OptimizationStrategy]]] = {"cleanup": Cleanup, "compact": Compaction}
UNCALLED: Final = "nothing called for it"


class Housekeeper:
    """Tries strategies whose effect is on memory, whenever it is called; what they do need not be put back.

    Each trial is measured as `MemoryOptimizer` does: what helped counts, what did not is told as such.
    """

    def __init__(
        self,
        strategies: Iterable[OptimizationStrategy],
        known: Mapping[str, Experience],
        reader: Reader | None = None,
        count_entries: Callable[[], int] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        """Choose what is tried.

        Args:
            strategies: those that may be.
            known: how they did before.
            reader: reads memory; that of this process when ``None``.
            count_entries: tells how many entries the caches have that ``cleanup`` clears.
            clock: seconds.
        """
        self._strategies = most_promising_first(strategies, known)
        self._reader = ProcessReader() if reader is None else reader
        self._count_entries = count_cached_entries if count_entries is None else count_entries
        self._clock = clock
        self._outcomes: list[tuple[Outcome, int]] = []
        self.spent_s = 0.0

    def visit(self) -> None:
        """Look at the memory, and try what it calls for."""
        started_s = self._clock()
        reading, noise = measure_noise(self._reader)
        for strategy in self._strategies:
            entries_count = self._count_entries()
            state = MemoryState(reading, 0, Thresholds())
            outcome = try_strategy(strategy, state, self._reader, noise)
            if outcome is not None:
                self._outcomes.append((outcome, max(0, entries_count - self._count_entries())))
                reading = outcome.after
        self.spent_s += self._clock() - started_s

    def effects(self) -> tuple[StrategyEffect, ...]:
        """One for each strategy; of what did not help no figure is told."""
        return tuple(self._effect(strategy.name) for strategy in self._strategies)

    def _effect(self, name: str) -> StrategyEffect:
        tried = [(outcome, count) for outcome, count in self._outcomes if outcome.strategy == name]
        if not tried:
            return StrategyEffect(name, Effect.NO_EFFECT, UNCALLED)
        helped = [(outcome, count) for outcome, count in tried if outcome.effect is Effect.HELPED]
        told = max(helped, key=lambda one: one[0].judgement.saved_resident_bytes) if helped else tried[-1]
        return StrategyEffect(
            name,
            told[0].effect,
            told[0].why,
            applied_count=len(tried),
            freed_rss_bytes=sum(outcome.judgement.saved_resident_bytes for outcome, _ in helped),
            cleared_count=sum(count for _, count in helped) if name == Cleanup.name else 0,
            took_s=round(sum(outcome.duration_s for outcome, _ in tried), 4),
        )


def count_cached_entries() -> int:
    """Entries of the interpreter's caches that can be counted: sources of files, and compiled patterns."""
    places = (("linecache", "cache"), ("re", "_cache"), ("re", "_cache2"), ("inspect", "modulesbyfile"))
    return sum(len(getattr(sys.modules.get(module), name, ())) for module, name in places)
