"""Calibration: the instrument's own footprint, measured on windows in which nothing happens."""

from __future__ import annotations

from time import perf_counter

from .account import Account
from .plan import Plan
from .status import Floor
from .window import Window

_WARM_UP_WINDOWS = 3
_WINDOWS = 8


def calibrate(window: Window, windows: int = _WINDOWS) -> Floor:
    """Measure ``windows`` empty windows, each with all the switches of a real test, and give the worst reading.

    The first few are left out: they fill free lists and the interpreter's caches.
    """
    worst = Floor(windows=windows)
    costs_s = []
    for number in range(-_WARM_UP_WINDOWS, windows):
        started_s = perf_counter()
        window.open(Plan())
        window.switch(Account.RUNNER)
        window.switch(Account.CALL)
        window.switch(Account.RUNNER)
        window.switch(Account.TEARDOWN)
        window.close()
        measured = window.measurement()
        if number >= 0:
            costs_s.append(perf_counter() - started_s)
            worst = Floor(
                growth_bytes=max(worst.growth_bytes, abs(measured.growth_bytes)),
                blocks=max(worst.blocks, abs(measured.blocks or 0)),
                objects=max(worst.objects, abs(measured.objects or 0)),
                windows=windows,
                cost_s=sorted(costs_s)[len(costs_s) // 2],
            )
        del measured
    window.learn_anew()
    return worst
