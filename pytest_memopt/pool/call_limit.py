"""An end to calls that hang: an alarm interrupts them in the main thread, where the system has alarms."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from ..errors import CallTimeout

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them


class CallLimit:
    """A block that ends in `CallTimeout` when it takes longer than ``limit_s``.

    It can be interrupted only in the main thread of a POSIX system, and not while somebody else has set the alarm; elsewhere
    the block runs as long as it does. What was set before is put back.

    Args:
        limit_s: seconds.
        what: what takes too long, as "reset of resource type 'db'".
    """

    __slots__ = ("_before", "_is_set", "_limit_s", "_what")

    def __init__(self, limit_s: float, what: str) -> None:
        self._limit_s = limit_s
        self._what = what
        self._is_set = False
        self._before: Any = None

    def __enter__(self) -> None:
        if can_interrupt():
            self._before = signal.signal(signal.SIGALRM, self._ring)
            self._is_set = True
            signal.setitimer(signal.ITIMER_REAL, self._limit_s)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_set:
            return
        self._is_set = False
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
        finally:
            signal.signal(signal.SIGALRM, self._before)

    def _ring(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_set:
            raise overran(self._what, self._limit_s)


def overran(what: str, limit_s: float) -> CallTimeout:
    """``what`` took longer than allowed."""
    return CallTimeout(f"the {what} took longer than {limit_s:g} s, and was interrupted")


def can_interrupt() -> bool:
    """Whether a call can be interrupted here and now."""
    return (
        hasattr(signal, "setitimer")
        and threading.current_thread() is threading.main_thread()
        and signal.getitimer(signal.ITIMER_REAL)[0] == 0
        and signal.getsignal(signal.SIGALRM) is not None  # one that C code has set could not be put back
    )
