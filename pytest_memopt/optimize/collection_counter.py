"""How often the interpreter looks for garbage, how long that takes, and how much of the new survives it."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from gc import callbacks as _callbacks
from gc import get_count as _get_count
from time import perf_counter_ns
from typing import Final, NamedTuple

_GENERATIONS_COUNT: Final = 3
_NS: Final = 1e-9

# What is where in the counter's figures; counts and times are one for each generation. No enum: each of its members is
# a look-up, and the callback has to be quick.
_COUNT, _NANOSECONDS, _NEW, _FOUND, _STARTED = 0, 3, 6, 7, 8
_CELLS_COUNT: Final = 9


class CollectionStatistics(NamedTuple):
    """The collections of a stretch of time.

    Attributes:
        counts: how many there were, by generation, the youngest first.
        seconds: how long they took together, by generation.
        new_count: objects that were made and not freed by themselves before a collection saw them for the first time.
        found_count: objects that turned out to be garbage.
        elapsed_s: how long the stretch was.
    """

    counts: tuple[int, int, int]
    seconds: tuple[float, float, float]
    new_count: int
    found_count: int
    elapsed_s: float

    @property
    def share_ratio(self) -> float:
        """The share of the time that went into collections, from 0 to 1."""
        return sum(self.seconds) / self.elapsed_s if self.elapsed_s else 0.0

    @property
    def survival_ratio(self) -> float:
        """The share of the new objects that were no garbage, from 0 to 1; 1 where nothing was new."""
        return max(0.0, 1 - self.found_count / self.new_count) if self.new_count else 1.0

    @property
    def new_per_s(self) -> float:
        """Objects made, and not freed by themselves, in a second."""
        return self.new_count / self.elapsed_s if self.elapsed_s else 0.0

    @property
    def s_per_million_new(self) -> float:
        """Seconds in collections for each million of new objects: what can be compared between stretches."""
        return sum(self.seconds) / self.new_count * 1e6 if self.new_count else 0.0


class CollectionCounter:
    """Counts and times collections by a callback in ``gc.callbacks``, which is there from ``start`` to ``stop``.

    The callback takes 2 microseconds for both ends of a collection, and allocates nothing that stays.
    """

    def __init__(self, clock_ns: Callable[[], int] = perf_counter_ns) -> None:
        """Time collections by ``clock_ns``, which gives nanoseconds."""
        self._clock_ns = clock_ns
        self._figures = array("q", [0]) * _CELLS_COUNT
        self._began_ns = self._ended_ns = self._clock_ns()

    @property
    def is_counting(self) -> bool:
        """Whether the callback is in place."""
        return any(each == self._note for each in _callbacks)

    def start(self) -> None:
        """Begin to count, from 0; one that counts already begins anew."""
        self.forget()
        if not self.is_counting:
            _callbacks.append(self._note)

    @property
    def counts(self) -> tuple[int, int, int]:
        """Collections since ``start``, by generation: the quick part of ``read``."""
        return self._figures[0], self._figures[1], self._figures[2]

    def forget(self) -> None:
        """Begin anew with 0, and count on where it counts."""
        self._figures = array("q", [0]) * _CELLS_COUNT
        self._began_ns = self._ended_ns = self._clock_ns()

    def stop(self) -> None:
        """Count no longer; what was counted can still be read."""
        if self.is_counting:
            _callbacks.remove(self._note)
            self._ended_ns = self._clock_ns()

    def read(self) -> CollectionStatistics:
        """What was counted since ``start``, up to now or to ``stop``."""
        figures = self._figures
        ended_ns = self._clock_ns() if self.is_counting else self._ended_ns
        count, ns = (figures[cell : cell + _GENERATIONS_COUNT] for cell in (_COUNT, _NANOSECONDS))
        return CollectionStatistics(
            (count[0], count[1], count[2]),
            (ns[0] * _NS, ns[1] * _NS, ns[2] * _NS),
            figures[_NEW],
            figures[_FOUND],
            (ended_ns - self._began_ns) * _NS,
        )

    def _note(self, phase: str, info: dict[str, int]) -> None:
        figures = self._figures
        if phase == "start":
            # what the interpreter counts is net of what was freed by itself; a negative one has more freed than made
            new_count = _get_count()[0]
            if new_count > 0:
                figures[_NEW] += new_count
            figures[_STARTED] = self._clock_ns()
        elif figures[_STARTED]:
            took_ns = self._clock_ns() - figures[_STARTED]
            generation = info["generation"]
            figures[generation] += 1
            figures[_NANOSECONDS + generation] += took_ns
            figures[_FOUND] += info["collected"]
            figures[_STARTED] = 0
