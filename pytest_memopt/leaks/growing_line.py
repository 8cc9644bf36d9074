"""The line of Python during which something outside Python grows: C memory, descriptors, threads, processes, tasks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from time import perf_counter
from types import FrameType
from typing import Any, Final, TypeAlias

from ..meters.allocation_lines import LEAST_SHARE, Frames
from ..meters.originals import sys
from ..meters.traced import is_runner

_ROUNDS: Final = 3
_BUDGET_S: Final = 10.0

Line: TypeAlias = "tuple[str, int]"


def growing_line(
    run: Callable[[], object],
    count: Callable[[], int],
    per_round: float,
    *,
    budget_s: float = _BUDGET_S,
    clock: Callable[[], float] = perf_counter,
) -> Frames:
    """The line that gains what a round leaves, and those that led to it; none where none does, or it took too long to see.

    What another thread gains is nobody's.

    Args:
        run: one round of the workload.
        count: reads what grows.
        per_round: what a round leaves of it.
        budget_s: seconds for the rounds that are watched.
        clock: seconds.
    """
    deadline_s = clock() + budget_s
    rounds: list[LineWatch] = []
    for _ in range(_ROUNDS):
        watch = LineWatch(count, deadline_s, clock)
        watch.watch(run)
        if watch.is_late:
            return ()
        rounds.append(watch)
    return _closest(rounds, per_round)


def _closest(rounds: Sequence[LineWatch], per_round: float) -> Frames:
    """Of the lines that gain something in every round, the one whose gain is most like what a round leaves."""
    gains = {
        line: min(watch.gains.get(line, 0) for watch in rounds)
        for line in rounds[0].gains
        if all(watch.gains.get(line, 0) > 0 for watch in rounds)
    }
    best = min(gains, key=lambda line: abs(gains[line] - per_round), default=None)
    if best is None or gains[best] < LEAST_SHARE * per_round:
        return ()
    return rounds[0].led_to[best]


class LineWatch:
    """Charges what there is more of at each line of one round to the line that ran before it.

    Attributes:
        gains: what each line gained, or freed, in the round.
        led_to: the lines that led to each of them the first time, itself included, the innermost first.
        is_late: whether the round took too long, and was not watched to its end.
    """

    def __init__(self, count: Callable[[], int], deadline_s: float, clock: Callable[[], float]) -> None:
        self._count = count
        self._deadline_s = deadline_s
        self._clock = clock
        self._frame: FrameType | None = None
        self._line = 0
        self._last = 0
        self._is_runner: dict[str, bool] = {}
        self.gains: dict[Line, int] = {}
        self.led_to: dict[Line, Frames] = {}
        self.is_late = False

    def watch(self, run: Callable[[], object]) -> None:
        """Run it once, line by line; a debugger, or coverage, is let in again afterwards."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            run()
        finally:
            sys.settrace(before)
            self._frame = None

    def _enter(self, frame: FrameType, _event: str, _arg: Any) -> Callable[[FrameType, str, Any], Any] | None:
        self._charge()
        self._go_on_with(frame)
        return None if self._frame is None else self._step

    def _step(self, frame: FrameType, event: str, _arg: Any) -> Callable[[FrameType, str, Any], Any]:
        self._charge()
        self._go_on_with(frame.f_back if event == "return" else frame)
        return self._step

    def _go_on_with(self, frame: FrameType | None) -> None:
        """What is gained from now on is gained by this frame's line."""
        if self.is_late or frame is None or self._belongs_to_runner(frame):
            self._frame = None
            return
        if self._frame is None:
            self._last = self._count()
        self._frame, self._line = frame, frame.f_lineno

    def _charge(self) -> None:
        """The line that ran last pays for what there is more of."""
        if self._frame is None:
            return
        gained = self._count() - self._last
        if gained:
            line = (self._frame.f_code.co_filename, self._line)
            if line not in self.led_to:
                self.led_to[line] = (line, *_callers_of(self._frame))
            self.gains[line] = self.gains.get(line, 0) + gained
            self._last = self._count()  # writing it down may have taken memory
        self.is_late = self._clock() > self._deadline_s
        if self.is_late:
            sys.settrace(None)

    def _belongs_to_runner(self, frame: FrameType) -> bool:
        path = frame.f_code.co_filename
        known = self._is_runner.get(path)
        if known is None:
            known = self._is_runner[path] = is_runner(path)
        return known


def _callers_of(frame: FrameType) -> Iterator[tuple[str, int]]:
    caller = frame.f_back
    while caller is not None:
        yield caller.f_code.co_filename, caller.f_lineno
        caller = caller.f_back
