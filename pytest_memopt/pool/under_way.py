"""The calls into user code that are running now: what, since when and for whom, so that one that hangs can be named."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Final

from .hooks import Operation

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them

_TOLD_MOST: Final = 3


class Call:
    """One call into user code, and the context around it.

    Attributes:
        operation: what is called.
        label: who borrows or gives back (a test's id), or ``None`` where nobody says.
        thread_id: where it runs.
        began_s: since when, by the pool's clock.
        is_told: whether it was told of, having taken too long.
    """

    __slots__ = ("_around", "_calls", "began_s", "is_told", "label", "operation", "thread_id")

    def __init__(
        self,
        calls: set[Call],
        around: AbstractContextManager[object] | None,
        operation: Operation,
        label: str | None,
        began_s: float,
    ) -> None:
        self._calls = calls
        self._around = around
        self.operation = operation
        self.label = label
        self.thread_id = threading.get_ident()
        self.began_s = began_s
        self.is_told = False

    def __enter__(self) -> None:
        if self._around is not None:
            self._around.__enter__()
        self._calls.add(self)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        self._calls.discard(self)
        return self._around.__exit__(kind, error, trace) if self._around is not None else None

    def spell(self, now_s: float) -> str:
        """What runs, for how long and for whom."""
        return f"its {self.operation.value} has been running for {now_s - self.began_s:.3g} s{self._whose}"

    @property
    def _whose(self) -> str:
        if self.label is not None:
            return f" for {self.label}"
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        return f" in thread {names[self.thread_id]!r}" if self.thread_id in names else ""


class CallsUnderWay:
    """Knows the calls of one pool; adding and taking away are single steps, so that threads need no lock for it."""

    def __init__(self, clock: Callable[[], float], label: Callable[[], str | None] | None) -> None:
        self._clock = clock
        self._label = label
        self._calls: set[Call] = set()

    def watched(self, operation: Operation, around: AbstractContextManager[object] | None) -> Call:
        """A context for one call, with ``around`` inside of it."""
        label = self._label() if self._label is not None else None
        return Call(self._calls, around, operation, label, self._clock())

    def running(self) -> list[Call]:
        """Those that haven't returned, the longest first."""
        return sorted(self._calls.copy(), key=lambda call: call.began_s)

    def find_slow(self, now_s: float, threshold_s: float | None) -> list[Call]:
        """Those that take longer than ``threshold_s`` and were not told of."""
        if threshold_s is None:
            return []
        slow = [call for call in self.running() if not call.is_told and now_s - call.began_s > threshold_s]
        for call in slow:
            call.is_told = True
        return slow

    def spell(self, now_s: float) -> str:
        """The longest of them, as the continuation of a sentence; empty where there is none."""
        running = self.running()
        more = len(running) - _TOLD_MOST
        told = [call.spell(now_s) for call in running[:_TOLD_MOST]]
        return "".join(f", {one}" for one in told) + (f" and {more} more" if more > 0 else "")

    def forget(self) -> None:
        """In a forked child: the threads of the parent don't run there."""
        self._calls.clear()
