"""Being called when the process has computed for so long, in the midst of whatever it does then."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from math import isfinite
from typing import Final

from .originals import signal, threading

_SIGNAL: Final = getattr(
    signal, "SIGVTALRM", None
)  # that of the clock which nobody else uses: pytest-timeout's is another
_LEAST_S: Final = 0.001  # zero would be no alarm


@contextmanager
def alarm(after_s: float, act: Callable[[], object]) -> Generator[None, None, None]:
    """A block in which ``act`` is called once, when the process has computed for ``after_s`` seconds.

    Never where there is no such clock (on Windows, outside the main thread), or where somebody else uses it.
    """
    if _SIGNAL is None or not isfinite(after_s) or not _is_free(_SIGNAL):
        yield
        return
    signal.signal(_SIGNAL, lambda _number, _frame: act())
    signal.setitimer(signal.ITIMER_VIRTUAL, max(after_s, _LEAST_S))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(_SIGNAL, signal.SIG_DFL)


def _is_free(number: int) -> bool:
    is_ours = threading.current_thread() is threading.main_thread()
    return is_ours and signal.getsignal(number) is signal.SIG_DFL and not any(signal.getitimer(signal.ITIMER_VIRTUAL))
