"""Clues to the lines behind a leak: tracemalloc for what Python allocates, watching each line for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from time import perf_counter
from typing import Final, NamedTuple

from ..meters.allocation_lines import (
    FRAMES,
    Frames,
    frames_of_each,
    frames_of_what_is_left,
    lines_are_remembered,
    most_common,
    remembered_lines,
    site_at,
)
from ..meters.rounds import LeakSignal
from ..meters.traced_peak import TRACING_LEAKS
from .finding import Origin
from .growing_line import growing_line
from .native_stack import native_stack
from .survivors import EXTRA_ROUNDS

_BUDGET_S: Final = 10.0
_REMEMBERED_SHARE: Final = 0.5  # of the time: for the rounds in which lines are remembered


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
    """Finds the lines that led to something, and tells them as people write lines, below ``root`` relative to it.

    Attributes:
        ran_out: whether time ran out before something that was asked for was found.
    """

    def __init__(  # noqa: PLR0913 - what a test replaces
        self,
        run: Callable[[], object],
        counters: Mapping[LeakSignal, Callable[[], int]],
        root: Path,
        fixtures: Sequence[Stretch] = (),
        *,
        budget_s: float = _BUDGET_S,
        round_s: float = 0.0,
        clock: Callable[[], float] = perf_counter,
        on_step: Callable[[float], object] | None = None,
    ) -> None:
        """Prepare.

        Args:
            run: one round of the workload.
            counters: what can be read between two lines.
            root: the folder that paths are shown below.
            fixtures: those that the workload may set up.
            budget_s: seconds from now on for all that is asked; a round that was begun with lines remembered is finished.
            round_s: seconds that a round takes when nothing is watched.
            clock: seconds.
            on_step: told before what may take long how many seconds are left; never while something is watched.
        """
        self._run = run
        self._counters = counters
        self._root = root
        self._fixtures = fixtures
        self._noted: dict[int, Frames] = {}
        self._rest: Frames = ()
        self._budget_s = budget_s
        self._round_s = round_s
        self._clock = clock
        self._started_s = self._remembered_s = clock()
        self._on_step = on_step
        self._is_remembering = False
        self.ran_out = False
        self._ends_tracing = False
        self._is_watching = True

    def unwatched(self) -> LineClues:
        """The same, but that nothing is watched, and no lines are found."""
        plain = LineClues(self._run, {}, self._root, self._fixtures, clock=self._clock, on_step=self._on_step)
        plain._is_watching = False
        return plain

    @property
    def may_be_of_tracing(self) -> bool:
        """Whether the workload uses tracemalloc itself, which leaks in this version of the interpreter."""
        return TRACING_LEAKS and self._ends_tracing

    def remembered(self, *, is_wanted: bool = True) -> AbstractContextManager[None]:
        """A block in which new objects are known by the lines that made them; one without where there is no time for it.

        Args:
            is_wanted: whether anything is to be known of objects; a round is run to see how much there is time for.
        """
        self._tell()
        if not self._is_watching:
            return nullcontext()
        frames = self._frames_for_time() if is_wanted else 0
        self._is_remembering = frames > 0
        self.ran_out = is_wanted and not frames and not self._ends_tracing
        self._remembered_s = self._clock()
        return remembered_lines(frames, self._remembering_s) if frames else nullcontext()

    def _frames_for_time(self) -> int:
        """How many lines that led to an object can be remembered in time, going by a round with only the innermost ones.

        Each costs about the same for every object that is made, be it kept or not: with all of them a round that makes a
        million numbers takes two hundred times as long.
        """
        started_s, most_s = self._clock(), self._remembering_s / 2
        with remembered_lines(1, most_s):
            self._run()
            is_whole = lines_are_remembered()
        if not is_whole:
            # before its time was up it was not the alarm that ended it
            self._ends_tracing = self._clock() - started_s < most_s
            return 0
        each_s = max(self._clock() - started_s - self._round_s, 0.0)
        left_s = max(self._remembering_s / EXTRA_ROUNDS - self._round_s, 0.0)
        return FRAMES if each_s * FRAMES <= left_s else max(int(left_s / each_s), 1)

    def has_time_to_remember(self, done: int, rounds: int) -> bool:
        """Whether ``rounds`` rounds in the block take no more than their time, going by the ``done`` first ones."""
        if not self._is_remembering:
            return True
        took_s = self._clock() - self._remembered_s
        has_time = took_s * rounds / done <= self._remembering_s and lines_are_remembered()
        self.ran_out = self.ran_out or not has_time
        return has_time

    def note(self, objects: Iterable[object]) -> None:
        """Note in this block the lines that led to ``objects``, for as long as these are alive."""
        self._noted |= frames_of_each(objects)

    def note_newest(self, container: object, newest: object) -> None:
        """Note in this block the lines that led to the newest element of ``container`` as those of the container too."""
        self.note([newest])
        self._noted[id(container)] = self._noted[id(newest)]

    def note_rest(self, bytes_per_round: float, rounds: int) -> None:
        """Note the lines that led to what is left of this block, where they explain what each of its ``rounds`` leaves."""
        if lines_are_remembered():
            self._rest = frames_of_what_is_left(bytes_per_round, rounds)
        else:
            self.ran_out = self.ran_out or self._is_remembering

    def led_to(self, objects: Iterable[object]) -> Frames:
        """The lines that led to most of ``objects``, as far as they were noted."""
        return most_common(self._noted.get(id(one), ()) for one in objects)

    def led_to_rest(self) -> Frames:
        """The lines that led to what was left, where they were noted."""
        return self._rest

    def led_to_growth(self, signal: LeakSignal, per_round: float) -> Frames:
        """The lines during which ``signal`` grows by ``per_round``; runs the workload a few times more."""
        counter = self._counters.get(signal)
        if counter is None:
            return ()
        sought = growing_line(
            self._run, counter, per_round, budget_s=self._left_s, clock=self._clock, on_round=self._tell
        )
        self.ran_out = self.ran_out or sought.is_late
        return sought.frames

    def native_calls(self, bytes_per_round: float) -> tuple[str, ...]:
        """The native calls behind C memory that stays; runs the workload a few times more where memray is installed."""
        self._tell()
        if not self._is_watching:
            return ()
        return native_stack(self._run, bytes_per_round, budget_s=self._left_s, clock=self._clock)

    def origin(self, frames: Frames) -> Origin:
        """Where that is, in words."""
        site = site_at(frames)
        inside = (one.fixture for path, line in frames for one in self._fixtures if _is_in(one, path, line))
        return Origin(site.below(self._root).place if site is not None else None, next(inside, None))

    @property
    def _remembering_s(self) -> float:
        return self._budget_s * _REMEMBERED_SHARE

    @property
    def _left_s(self) -> float:
        return max(self._started_s + self._budget_s - self._clock(), 0.0)

    def _tell(self) -> None:
        if self._on_step is not None:
            self._on_step(self._left_s)


def _is_in(stretch: Stretch, path: str, line: int) -> bool:
    return path == stretch.path and stretch.first_line <= line <= stretch.last_line
