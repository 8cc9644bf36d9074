"""Being called when a block takes too long."""

import signal
import threading
from math import inf

import pytest

from pytest_memopt.meters.alarm import alarm

LONG_S = 1000.0


def test_it_rings():
    """With nothing faked: it is called in the midst of a loop, once."""
    rung = []
    with alarm(0.0, lambda: rung.append(1)):
        while not rung:
            pass
    assert rung == [1]


@pytest.mark.parametrize("after_s", [LONG_S, inf, 1e300])
def test_a_block_that_ends_in_time_is_left_alone(after_s):
    """Nothing is called, then or later, also when the block raises."""
    rung = []
    with alarm(after_s, lambda: rung.append(1)):
        pass
    with pytest.raises(ZeroDivisionError), alarm(after_s, lambda: rung.append(1)):
        raise ZeroDivisionError
    assert rung == []


def test_neither_threads_nor_signals_show_it():
    """A program that counts its threads, or puts its signals back, meets nothing of it."""
    before = threading.enumerate(), [signal.getsignal(number) for number in signal.valid_signals()]
    with alarm(LONG_S, int):
        assert (threading.enumerate(), [signal.getsignal(number) for number in signal.valid_signals()]) == before


def test_it_rings_for_other_threads_too():
    """Any thread may have such a block."""
    rung = []

    def wait():
        with alarm(0.0, lambda: rung.append(1)):
            while not rung:
                pass

    thread = threading.Thread(target=wait)
    thread.start()
    thread.join()
    assert rung == [1]
