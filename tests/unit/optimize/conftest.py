"""Fakes of the optimizer's tests (a memory that is three numbers, strategies that do as told), and packages for one test."""

from __future__ import annotations

import gc
import importlib
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from pytest_memopt.optimize.import_cost import ImportOutcome, ImportSite
from pytest_memopt.optimize.import_record import ImportRecord, tree_of
from pytest_memopt.optimize.outcome import Change
from pytest_memopt.optimize.readings import Reading
from pytest_memopt.optimize.strategy import MemoryState

MIB = 1024**2


@dataclass
class FakeMemory:
    """A process whose memory is a few numbers; garbage goes when a reading settles."""

    in_use: int = 100 * MIB
    resident: int = 300 * MIB
    garbage: int = 0
    free_ratio: float = 0.5

    def read(self) -> Reading:
        return Reading(self.in_use + self.garbage, self.resident + self.garbage, self.free_ratio)

    def read_settled(self) -> Reading:
        self.garbage = 0
        return self.read()


def _nothing() -> Change:
    return Change()


@dataclass
class FakeStrategy:
    """Does what it is told, and notes that it was asked."""

    name: str
    deed: Callable[[], object] = _nothing
    undo: Callable[[], object] = _nothing
    reason: str | None = "always"
    calls: list[str] = field(default_factory=list)
    states: list[MemoryState] = field(default_factory=list)

    def is_called_for(self, state: MemoryState) -> str | None:
        self.states.append(state)
        return self.reason

    def apply(self) -> Change:
        self.calls.append("apply")
        return self.deed()

    def revert(self) -> None:
        self.calls.append("revert")
        self.undo()


@pytest.fixture
def memory() -> FakeMemory:
    """A process with 100 MiB in use."""
    return FakeMemory()


@pytest.fixture
def make_strategy() -> type[FakeStrategy]:
    """Makes strategies that do what they are told."""
    return FakeStrategy


@pytest.fixture
def saver(memory: FakeMemory) -> Callable[..., FakeStrategy]:
    """Makes strategies that free so many bytes, in use and resident."""

    def make(name: str, in_use: int = 0, resident: int = 0) -> FakeStrategy:
        def deed() -> Change:
            memory.in_use -= in_use
            memory.resident -= resident
            return Change((f"{name} did it",))

        return FakeStrategy(name, deed)

    return make


@pytest.fixture
def collector_kept() -> Iterator[None]:
    """The garbage collector begins thawed with thresholds that are known, and is left by the test as it was found."""
    gc.unfreeze()
    gc.collect()
    before = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    found = (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), list(gc.callbacks), gc.get_debug())
    yield
    gc.collect()
    left = (gc.isenabled(), gc.get_threshold(), gc.get_freeze_count(), list(gc.callbacks), gc.get_debug())
    gc.unfreeze()
    gc.set_threshold(*before)
    assert left == found


@pytest.fixture
def packages(tmp_path, monkeypatch):
    """Writes modules, whose names begin with ``made_``, where they can be imported; they are forgotten after the test."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(files):
        for name, text in files.items():
            target = tmp_path / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(textwrap.dedent(text), encoding="utf-8")
        importlib.invalidate_caches()
        return tmp_path

    yield write
    for name in [name for name in sys.modules if name.startswith("made_")]:
        del sys.modules[name]


@pytest.fixture
def grow():
    """Makes the tree of imports that are written as nested dictionaries: ``{"a": (own_bytes, own_s, {...})}``."""

    def build(nested, asked=(), why=""):
        records = []

        def add(modules, parent):
            for name, (own_bytes, own_s, inner) in modules.items():
                line = len(records) + 1
                record = ImportRecord(name, ImportSite("app", "/work/tests/test_x.py", line), parent)
                record.own_bytes, record.own_s, record.outcome = own_bytes, own_s, ImportOutcome.LOADED
                records.append(record)
                add(inner, record)

        add(nested, None)
        outside = [module for importer, module in asked if importer is None]
        for record in records:
            record.asked |= {module for importer, module in asked if importer == record.module}
        return tree_of(records, outside, is_exact=not why, why=why)

    return build
