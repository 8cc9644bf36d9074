"""Clues to the lines behind a leak: tracemalloc for what Python allocates, watching each line for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from ..meters.allocation_lines import (
    Frames,
    frames_of_each,
    frames_of_what_is_left,
    most_common,
    remembered_lines,
    site_at,
)
from ..meters.originals import tracemalloc
from ..meters.rounds import LeakSignal
from ..meters.traced_peak import TRACING_LEAKS
from .finding import Origin
from .growing_line import growing_line
from .native_stack import native_stack


class Stretch(NamedTuple):
    """The lines of a fixture.

    Attributes:
        fixture: its name.
        path: the file that defines it.
        first_line: of its function, from 1.
        last_line: of its function.
    """

    fixture: str
    path: str
    first_line: int
    last_line: int


class LineClues:
    """Finds the lines that led to something, and tells them as people write lines, below ``root`` relative to it."""

    def __init__(
        self,
        run: Callable[[], object],
        counters: Mapping[LeakSignal, Callable[[], int]],
        root: Path,
        fixtures: Sequence[Stretch] = (),
    ) -> None:
        """Prepare.

        Args:
            run: one round of the workload.
            counters: what can be read between two lines.
            root: the folder that paths are shown below.
            fixtures: those that the workload may set up.
        """
        self._run = run
        self._counters = counters
        self._root = root
        self._fixtures = fixtures
        self._noted: dict[int, Frames] = {}
        self._rest: Frames = ()
        self._ends_tracing = False

    @property
    def may_be_of_tracing(self) -> bool:
        """Whether the workload uses tracemalloc itself, which leaks in this version of the interpreter."""
        return TRACING_LEAKS and self._ends_tracing

    def remembered(self) -> AbstractContextManager[None]:
        """A block in which new objects are known by the lines that made them."""
        return remembered_lines()

    def note(self, objects: Iterable[object]) -> None:
        """Note in this block the lines that led to ``objects``, for as long as these are alive."""
        self._noted |= frames_of_each(objects)

    def led_to(self, objects: Iterable[object]) -> Frames:
        """The lines that led to most of ``objects``, as far as they were noted."""
        return most_common(self._noted.get(id(one), ()) for one in objects)

    def note_rest(self, bytes_per_round: float, rounds: int) -> None:
        """Note the lines that led to what is left of this block, where they explain what each of its ``rounds`` leaves."""
        self._ends_tracing = not tracemalloc.is_tracing()
        self._rest = frames_of_what_is_left(bytes_per_round, rounds)

    def led_to_rest(self) -> Frames:
        """The lines that led to what was left, where they were noted."""
        return self._rest

    def led_to_growth(self, signal: LeakSignal, per_round: float) -> Frames:
        """The lines during which ``signal`` grows by ``per_round``; runs the workload a few times more."""
        counter = self._counters.get(signal)
        return growing_line(self._run, counter, per_round) if counter is not None else ()

    def native_calls(self, bytes_per_round: float) -> tuple[str, ...]:
        """The native calls behind C memory that stays; runs the workload a few times more where memray is installed."""
        return native_stack(self._run, bytes_per_round)

    def origin(self, frames: Frames) -> Origin:
        """Where that is, in words."""
        site = site_at(frames)
        inside = (one.fixture for path, line in frames for one in self._fixtures if _is_in(one, path, line))
        return Origin(site.below(self._root).place if site is not None else None, next(inside, None))


def _is_in(stretch: Stretch, path: str, line: int) -> bool:
    return path == stretch.path and stretch.first_line <= line <= stretch.last_line
