"""Charging what grows to the functions, or lines, that run meanwhile: one round of a workload, watched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FrameType
from typing import Any, Final, NamedTuple, TypeAlias

from ..meters.allocation_lines import Frames
from ..meters.originals import sys
from ..meters.traced import is_runner

_QUIET_FROM: Final = 100  # times that something ran, and nothing changed: in a hurry it isn't looked at again

_BEGIN: Final = -1  # of a function, in place of a line
_NOBODYS: Final = -2

Line: TypeAlias = "tuple[str, int]"
TraceFunction: TypeAlias = "Callable[[FrameType, str, Any], Any]"


class Pace(NamedTuple):
    """How much time there is for a round.

    Attributes:
        hurried_s: when it begins to be short: what ran often, and changed nothing, is passed over from then on.
        deadline_s: when it is up.
        clock: seconds.
    """

    hurried_s: float
    deadline_s: float
    clock: Callable[[], float]


class LineWatch:
    """Charges what there is more of at each line, or call and return, of one round to what ran before it.

    Attributes:
        gains: what each line gained, or freed, in the round.
        led_to: the lines that led to each of them the first time, itself included, the innermost first.
        changing: the functions in which there came to be more or less, by identity.
        is_late: whether the round took too long, and was not watched to its end.
    """

    def __init__(
        self,
        count: Callable[[], int],
        pace: Pace,
        functions: Mapping[int, CodeType] | None = None,
        *,
        by_line: bool = True,
    ) -> None:
        """Prepare for one round.

        Args:
            count: reads what grows; it may take long.
            pace: how much time there is.
            functions: the only ones that are looked at, by identity; what others do counts as their callers'.
            by_line: whether their lines are looked at; else only where they begin and end, which is much faster.
        """
        self._count = count
        self._pace = pace
        self._functions = functions
        self._by_line = by_line
        self._trace: TraceFunction | None = self._step  # one object, by which frames that are watched are known
        self._frame: FrameType | None = None
        self._line = 0
        self._last = 0
        self._is_hurried = False
        self._is_runner: dict[str, bool] = {}
        self._runs: dict[tuple[int, int], int] = {}
        self.gains: dict[Line, int] = {}
        self.led_to: dict[Line, Frames] = {}
        self.changing: dict[int, CodeType] = {}
        self.is_late = False

    def watch(self, run: Callable[[], object]) -> None:
        """Run it once, watched; a debugger, or coverage, is let in again afterwards."""
        before = sys.gettrace()
        sys.settrace(self._enter)
        try:
            run()
        finally:
            sys.settrace(before)
            self._frame = self._trace = None

    def _enter(self, frame: FrameType, _event: str, _arg: Any) -> TraceFunction | None:
        is_runners = self._belongs_to_runner(frame)
        if not is_runners and self._is_passed_over(frame.f_code):
            return None
        self._charge()
        if self.is_late:
            return None
        self._go_on_with(frame)
        if not self._by_line:
            self._note_run(frame.f_code, _BEGIN)
        frame.f_trace_lines = self._by_line and not is_runners
        return self._trace

    def _step(self, frame: FrameType, event: str, _arg: Any) -> TraceFunction | None:
        if event == "line" and frame is self._frame and self._is_quiet(frame.f_code, frame.f_lineno):
            self._charge()
            self._line = _NOBODYS
            return self._trace
        self._charge()
        if event == "return":  # or yields: whoever traces it next wants its lines
            frame.f_trace_lines = True
        self._go_on_with(self._watched_caller(frame) if event == "return" else frame)
        if event == "line":
            self._note_run(frame.f_code, frame.f_lineno)
        return self._trace

    def _is_passed_over(self, code: CodeType) -> bool:
        """Whether what this function does is its caller's."""
        if self._functions is not None:
            return id(code) not in self._functions
        return not self._by_line and self._is_quiet(code, _BEGIN) and id(code) not in self.changing

    def _is_quiet(self, code: CodeType, line: int) -> bool:
        """Whether time is short, and this has run often enough without any change."""
        if not self._is_hurried or (code.co_filename, line) in self.gains:
            return False
        return self._runs.get((id(code), line), 0) >= _QUIET_FROM

    def _note_run(self, code: CodeType, line: int) -> None:
        key = id(code), line
        runs = self._runs.get(key, 0)
        self._runs[key] = runs + 1
        if not runs and self._frame is not None:
            self._last = self._count()  # the table may have grown

    def _watched_caller(self, frame: FrameType) -> FrameType | None:
        """The one that goes on: those between that are passed over have no events of their own."""
        caller = frame.f_back
        while caller is not None and caller.f_trace is not self._trace and not self._belongs_to_runner(caller):
            caller = caller.f_back
        return caller

    def _go_on_with(self, frame: FrameType | None) -> None:
        """What is gained from now on is gained by this frame's line."""
        if self.is_late or frame is None or self._belongs_to_runner(frame):
            self._frame = None
            return
        if self._frame is None or self._line == _NOBODYS:
            self._last = self._count()
        self._frame, self._line = frame, frame.f_lineno

    def _charge(self) -> None:
        """The line that ran last pays for what there is more of; a line that was passed over is none."""
        if self._frame is None or self._line == _NOBODYS:
            return
        gained = self._count() - self._last
        if gained:
            code = self._frame.f_code
            line = (code.co_filename, self._line)
            self.changing[id(code)] = code
            if line not in self.led_to:
                self.led_to[line] = (line, *_callers_of(self._frame))
            self.gains[line] = self.gains.get(line, 0) + gained
            self._last = self._count()  # writing it down may have taken memory
        now_s = self._pace.clock()
        self._is_hurried = now_s > self._pace.hurried_s
        self.is_late = now_s > self._pace.deadline_s
        if self.is_late:
            sys.settrace(None)
            self._let_go_of(self._frame)

    def _let_go_of(self, frame: FrameType | None) -> None:
        """Have all lines of what runs now told again, to whoever traces it next: no event of theirs will come any more."""
        while frame is not None:
            if frame.f_trace is self._trace:
                frame.f_trace, frame.f_trace_lines = None, True
            frame = frame.f_back

    def _belongs_to_runner(self, frame: FrameType) -> bool:
        path = frame.f_code.co_filename
        known = self._is_runner.get(path)
        if known is None:
            self._charge()
            known = self._is_runner[path] = is_runner(path)
            if self._frame is not None:
                self._last = self._count()  # as above
        return known


def _callers_of(frame: FrameType) -> Iterator[tuple[str, int]]:
    caller = frame.f_back
    while caller is not None:
        yield caller.f_code.co_filename, caller.f_lineno
        caller = caller.f_back
