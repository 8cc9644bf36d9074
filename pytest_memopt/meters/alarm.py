"""Being called when a block takes too long, in the midst of whatever it does then."""

from __future__ import annotations

from _thread import TIMEOUT_MAX, allocate_lock, start_new_thread
from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import isfinite


@contextmanager
def alarm(after_s: float, act: Callable[[], object]) -> Generator[None, None, None]:
    """A block in which ``act`` is called once, in another thread, when it has taken ``after_s`` seconds.

    By a thread that ``threading`` doesn't know of, and not by a signal: a program that puts all signals back to what they
    were would be ended by it.
    """
    if not isfinite(after_s):
        yield
        return
    is_over, has_ended = allocate_lock(), allocate_lock()
    is_over.acquire()
    has_ended.acquire()

    def wait() -> None:
        try:
            if not is_over.acquire(timeout=min(max(after_s, 0.0), TIMEOUT_MAX)):
                act()
        finally:
            has_ended.release()

    start_new_thread(wait, ())
    try:
        yield
    finally:
        is_over.release()
        has_ended.acquire()
