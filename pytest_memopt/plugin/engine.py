"""The engine of a process: meters chosen for this platform, one window, one recorder, put together once."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from ..meters.choice import choose_meters
from ..meters.collector import Collector, GcMode
from ..meters.floor import calibrate
from ..meters.protocol import Meter, Tracer
from ..meters.resident import ResidentMemory
from ..meters.rounds import RoundMeter
from ..meters.status import Floor, MeterStatus
from ..meters.traced import TracemallocTracer
from ..meters.window import Window
from ..settings import Settings, TracerChoice
from .recorder import Recorder


class Engine(NamedTuple):
    """All that measures in this process.

    Attributes:
        recorder: follows the tests.
        collector: owns what is done to the garbage collector.
        floor: what empty windows read.
        meters: what is in use, for the header.
        resident: resident memory, for the journal.
        rounds: reads what may leak, for hunts.
    """

    recorder: Recorder
    collector: Collector
    floor: Floor
    meters: tuple[MeterStatus, ...]
    resident: ResidentMemory
    rounds: RoundMeter

    def close(self) -> None:
        """Give back what was borrowed from the process."""
        self.recorder.abandon()
        self.collector.give_back()
        self.resident.close()


def build_engine(config: pytest.Config, settings: Settings) -> Engine:
    """Choose the meters, calibrate the window on nothing, and put everything together.

    Raises:
        pytest.UsageError: when a plugin's meters are not meters, or the chosen tracer can't be used.
    """
    tracer = _choose_tracer(settings)
    extra = _extra_meters(config)
    collector = Collector(GcMode(settings.gc.value))
    collector.take_over()
    choice = choose_meters(extra, tracer)
    instruments = choice.instruments
    window = Window(instruments, collector)
    floor = calibrate(window)
    recorder = Recorder(window, collector, config.rootpath)
    collector.release()  # what is imported and collected before the first test may look at all objects
    return Engine(recorder, collector, floor, choice.statuses, choice.resident, RoundMeter(instruments, collector))


def _choose_tracer(settings: Settings) -> Tracer:
    if settings.tracer is TracerChoice.TRACEMALLOC:
        return TracemallocTracer()
    from ..meters.memray_tracer import MemrayTracer

    tracer = MemrayTracer()
    status = tracer.status()
    if not status.available:
        raise pytest.UsageError(f"--memopt-tracer: memray can't be used: {status.how}")
    return tracer


def _extra_meters(config: pytest.Config) -> tuple[Meter, ...]:
    try:
        given = [meter for meters in config.hook.pytest_memopt_meters(config=config) for meter in meters or ()]
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in another plugin's hook
        raise pytest.UsageError(f"pytest_memopt_meters: {error!r}; it must return a list of meters") from None
    names: set[str] = set()
    for meter in given:
        if not isinstance(meter, Meter):
            raise pytest.UsageError(
                f"pytest_memopt_meters: {meter!r} is not a meter; it needs name, unit, status() and read()"
            )
        if meter.name in names:
            raise pytest.UsageError(f"pytest_memopt_meters: two meters are called {meter.name!r}")
        names.add(meter.name)
    return tuple(meter for meter in given if _reads(meter))


def _reads(meter: Meter) -> bool:
    """Whether a plugin's meter is available; it is read once, so that a broken one is told before the first test."""
    try:
        if not meter.status().available:
            return False
        value = meter.read()
    except Exception as error:  # noqa: BLE001 - whatever goes wrong in another plugin's meter
        raise pytest.UsageError(f"pytest_memopt_meters: {meter.name!r} can't be read: {error!r}") from None
    hunted = getattr(meter, "hunted", True)
    if not isinstance(hunted, bool):
        raise pytest.UsageError(
            f"pytest_memopt_meters: 'hunted' of {meter.name!r} is {hunted!r}; it must be True or False"
        )
    if not isinstance(value, int):
        raise pytest.UsageError(f"pytest_memopt_meters: {meter.name!r} read {value!r}, which is not a whole number")
    return True
