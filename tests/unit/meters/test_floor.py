"""Calibration on windows in which nothing happens."""

import gc

import pytest

from pytest_memopt.meters.collector import Collector, GcMode
from pytest_memopt.meters.floor import calibrate
from pytest_memopt.meters.measurement import Phase
from pytest_memopt.meters.plan import Plan
from pytest_memopt.meters.window import Window


@pytest.fixture(autouse=True)
def _thawed():
    """Nothing stays frozen."""
    yield
    gc.unfreeze()


def test_a_quiet_process_has_no_floor(process):
    """Where nothing moves, every reading is 0, and the cost of a window is known."""
    floor = calibrate(Window(process.instruments(), Collector(GcMode.COLLECT)), windows=5)
    assert (floor.growth_bytes, floor.blocks, floor.windows) == (0, 0, 5)
    assert floor.cost_s > 0


def test_the_worst_window_is_the_floor(process):
    """What an empty window reads, up or down, is told; the first few, which warm up, don't count."""
    amounts = iter([9000, 9000, 9000, 0, 700, -800, 0, 0])
    window = Window(process.instruments(), Collector(GcMode.COLLECT))
    close = window.close

    def stir():
        process.allocate(heap_bytes=next(amounts))
        close()

    window.close = stir
    assert calibrate(window, windows=5).growth_bytes == 800


def test_calibration_is_no_lesson(process):
    """After it the window looks closely again, since what it saw was nothing."""
    window = Window(process.instruments(), Collector(GcMode.FREEZE))
    calibrate(window)
    window.open(Plan())
    window.close()
    assert window.measurement().phases[Phase.CALL].growth_bytes is not None
