"""Being called when the process has computed for so long."""

import signal
import sys
import threading
from math import inf

import pytest

from pytest_memopt.meters.cpu_alarm import alarm

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there is no such clock")
LONG_S = 1000.0


def at_rest():
    """Whether the clock is as it is in a process that doesn't use it."""
    return signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL and not any(signal.getitimer(signal.ITIMER_VIRTUAL))


def test_it_rings():
    """With nothing faked: it is called in the midst of a loop."""
    rung = []
    with alarm(0.0, lambda: rung.append(1)):
        while not rung:
            pass
    assert at_rest()


def test_nothing_stays():
    """The clock is stopped at the end of the block, also when that raises."""
    with alarm(LONG_S, int):
        assert signal.getitimer(signal.ITIMER_VIRTUAL)[0] > 0
    assert at_rest()
    with pytest.raises(ZeroDivisionError), alarm(LONG_S, int):
        raise ZeroDivisionError
    assert at_rest()


def test_who_uses_the_clock_keeps_it():
    """A handler or a timer of somebody else's is left alone."""
    before = signal.signal(signal.SIGVTALRM, lambda number, frame: None)
    try:
        with alarm(LONG_S, int):
            assert not any(signal.getitimer(signal.ITIMER_VIRTUAL))
    finally:
        signal.signal(signal.SIGVTALRM, before)
    signal.setitimer(signal.ITIMER_VIRTUAL, LONG_S)
    try:
        with alarm(LONG_S, int):
            assert signal.getsignal(signal.SIGVTALRM) is signal.SIG_DFL
        assert any(signal.getitimer(signal.ITIMER_VIRTUAL))
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def test_without_end_or_in_another_thread_it_never_rings():
    """Only the main thread is told of signals."""
    calm = []

    def look(after_s):
        with alarm(after_s, int):
            calm.append(at_rest())

    look(inf)
    thread = threading.Thread(target=look, args=(LONG_S,))
    thread.start()
    thread.join()
    assert calm == [True, True]
