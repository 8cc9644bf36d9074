"""Fakes that more than one folder of unit tests needs: a clock, a process whose memory is a set of numbers, its meters."""

from __future__ import annotations

import gc
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from io import BytesIO, TextIOWrapper

import pytest
from hypothesis import settings

from pytest_memopt.meters import reader as reader_module
from pytest_memopt.meters import window as window_module
from pytest_memopt.meters.collector import GcMode
from pytest_memopt.meters.instruments import Instruments
from pytest_memopt.meters.measurement import Site
from pytest_memopt.meters.protocol import Unit
from pytest_memopt.meters.status import MeterStatus
from pytest_memopt.meters.traced import Traced
from pytest_memopt.meters.window import Window

# no assertion on time, which is Hypothesis's default: on a busy machine an example took 625 ms, and 8 ms the next time
settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@dataclass
class FakeClock:
    """A clock that goes on only when it is told to."""

    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s

    def pass_by(self, seconds: float) -> None:
        self.now_s += seconds


@dataclass
class ScriptedMeter:
    """A meter that gives the readings it was told to give, the last one for ever."""

    readings: list[int]
    name: str = "scripted"
    unit: Unit = Unit.COUNT
    highest: int | None = None
    marks: int = 0

    def status(self) -> MeterStatus:
        return MeterStatus(name=self.name, available=True, how="script")

    def read(self) -> int:
        return self.readings.pop(0) if len(self.readings) > 1 else self.readings[0]

    def mark(self) -> int:
        self.marks += 1
        return self.read()

    def end(self) -> tuple[int, int | None]:
        return self.read(), self.highest


@dataclass
class FakeTracer:
    """A tracer that found what it was told."""

    found: Traced = field(default_factory=lambda: Traced(1000, (Site("a.py", 3, "f", 10, 1),)))
    running: int = 0
    current_bytes: int = 0
    held_bytes: int = 0
    forgotten: int = 0
    name: str = "fake"
    leaks: bool = False
    asked_for_sites: list[bool] = field(default_factory=list)

    def status(self) -> MeterStatus:
        return MeterStatus(name="traced peak", available=True, how=self.name)

    def start(self) -> None:
        self.running += 1

    def forget_peak(self) -> None:
        self.forgotten += 1

    def current(self) -> int:
        return self.current_bytes

    def tables_bytes(self, blocks_count: int) -> int:
        return self.held_bytes

    def stop(self, *, with_sites: bool = False) -> Traced:
        self.running -= 1
        self.asked_for_sites.append(with_sites)
        return self.found


@dataclass
class FakeProcess:
    """A process whose memory is a few numbers; meters of it count how often they are read."""

    blocks: int = 10_000
    small_bytes: int = 640_000
    heap_bytes: int = 5_000_000
    objects: int = 0
    survivors: list[object] = field(default_factory=list)
    mean_block_bytes: float = 64.0
    is_exact: bool = True
    node_bytes: int = 0
    reads: Counter[str] = field(default_factory=Counter)

    def allocate(self, blocks: int = 0, small_bytes: int = 0, heap_bytes: int = 0, objects: int = 0) -> None:
        """Take memory; give it back where the numbers are negative."""
        self.blocks += blocks
        self.small_bytes += small_bytes
        self.heap_bytes += heap_bytes
        self.objects += objects

    def read(self) -> tuple[int, int]:
        self.reads["small"] += 1
        return self.blocks, self.small_bytes if self.is_exact else 0

    def read_heap(self) -> int:
        self.reads["heap"] += 1
        return self.heap_bytes

    def map_bytes(self) -> int:
        return self.node_bytes

    def level(self) -> None:
        self.reads["level"] += 1

    def trim(self) -> None:
        self.reads["trim"] += 1

    def instruments(self, **others: object) -> Instruments:
        """The meters of this process, and ``others``."""
        known = {
            "heap": self.read_heap,
            "level": self.level,
            "trim": self.trim,
        }
        return Instruments(**{"small": self, **known, **others})


@dataclass
class StillCollector:
    """Settles nothing, and says of itself what it is told."""

    lists_only_new: bool = True
    is_disclosed: bool = False
    mode: GcMode = GcMode.FREEZE
    calls: list[str] = field(default_factory=list)

    @property
    def why_not_only_new(self):
        return None if self.lists_only_new else "objects are not counted here"

    def leave_alone(self, *, alone: bool) -> None:
        self.calls.append("alone" if alone else "as before")
        self.mode = GcMode.OFF if alone else GcMode.FREEZE

    def settle_before(self) -> None:
        self.calls.append("before")

    def settle(self) -> None:
        self.calls.append("settle")

    def refresh(self) -> None:
        self.calls.append("refresh")

    def refresh_if_due(self) -> None:
        self.calls.append("refresh if due")

    def list_all(self):
        self.calls.append("list")
        return []

    def count_all(self) -> int:
        self.calls.append("count")
        return gc.get_freeze_count()


def _freeze() -> Iterator[None]:
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def frozen() -> Iterator[None]:
    """The collector as a window leaves it when it opens: all that is alive is frozen."""
    yield from _freeze()


@pytest.fixture(scope="module")
def frozen_module() -> Iterator[None]:
    """The same for all tests of a module; it also makes collections quick."""
    yield from _freeze()


@pytest.fixture
def clock() -> FakeClock:
    """A clock that stands at 0."""
    return FakeClock()


@pytest.fixture
def process() -> FakeProcess:
    """A process with some memory in use."""
    return FakeProcess()


@pytest.fixture
def collector() -> StillCollector:
    """A collector that lists what is new."""
    return StillCollector()


@pytest.fixture
def make_window(
    process: FakeProcess, collector: StillCollector, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Window]:
    """Makes windows on the process; the garbage collector's lists are the process's own as well."""
    monkeypatch.setattr(reader_module, "count_tracked", lambda: process.objects)
    monkeypatch.setattr(
        window_module,
        "survivors",
        lambda kept, found: [one for one in process.survivors if not any(one is its for its in kept)],
    )
    return lambda **others: Window(process.instruments(**others), collector)


@pytest.fixture
def tracer() -> FakeTracer:
    """A tracer that finds a peak of 1000 bytes."""
    return FakeTracer()


@pytest.fixture(scope="session")
def scripted() -> type[ScriptedMeter]:
    """Makes meters that give the readings they are told to give."""
    return ScriptedMeter


@pytest.fixture(scope="session")
def traced() -> type[Traced]:
    """Makes what a tracer finds."""
    return Traced


@pytest.fixture
def hold_back(monkeypatch):
    """Has standard output keep what is printed, as with ``pytest -s`` into a file; gives what was written of it."""

    def hold_back():
        written = BytesIO()
        monkeypatch.setattr(sys, "stdout", TextIOWrapper(written, encoding="utf-8"))
        return written

    return hold_back
