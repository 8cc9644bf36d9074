"""Giving back what the allocators keep."""

import pytest

from pytest_memopt.optimize import compaction
from pytest_memopt.optimize.arenas import ArenaUse
from pytest_memopt.optimize.compaction import FREE_MIN_BYTES, Compaction
from pytest_memopt.optimize.readings import Reading
from pytest_memopt.optimize.strategy import MemoryState, OptimizationStrategy

MIB = 1024**2


class Heap:
    """A C heap that notes what it is told."""

    def __init__(self, *, can_trim=True):
        self.can_trim = can_trim
        self.trims = 0

    def trim(self):
        self.trims += 1


class Arenas:
    """Tells how many arenas there are, one number after the other."""

    def __init__(self, *counts):
        self.counts = list(counts)

    def read(self):
        count = self.counts.pop(0)
        return None if count is None else ArenaUse(count, count * MIB, 0, ())


@pytest.fixture(autouse=True)
def garbage(monkeypatch):
    """How much garbage a collection finds."""
    found = [0]
    monkeypatch.setattr(compaction.gc, "collect", lambda: found[0])
    return found


def state(*figures):
    """A state with this reading."""
    return MemoryState(Reading(*figures), 0)


def test_it_is_called_for_by_what_lies_free():
    """Bytes that are held, resident and not used call for it from 4 MiB on."""
    strategy = Compaction(Heap(), Arenas())
    assert isinstance(strategy, OptimizationStrategy)
    assert strategy.is_called_for(state(8 * MIB, 50 * MIB, 0.5)) == (
        "the allocators hold 8.0 MiB that nobody uses, 50% of all"
    )
    assert strategy.is_called_for(state(FREE_MIN_BYTES - 1, 50 * MIB, 0.5)) is None
    assert strategy.is_called_for(state(8 * MIB, 50 * MIB, 0.0)) is None


def test_what_a_trim_gave_back_does_not_call_again():
    """What is held but no longer resident can't be given back twice."""
    assert Compaction(Heap(), Arenas()).is_called_for(state(8 * MIB, 11 * MIB, 0.9)) is None


@pytest.mark.parametrize("figures", [(None, 9, 0.5), (9, None, 0.5), (9, 9, None)])
def test_where_nobody_can_tell_it_is_tried(figures):
    """Where a figure can't be read, the trial tells."""
    assert "can't be read" in Compaction(Heap(), Arenas()).is_called_for(state(*figures))


def test_it_collects_and_trims(garbage):
    """Garbage, the trim and arenas that were released are told, and what stays open."""
    garbage[0] = 1200
    heap = Heap()
    strategy = Compaction(heap, Arenas(9, 6))
    change = strategy.apply()
    strategy.revert()
    assert heap.trims == 1
    assert change.done == (
        "garbage was collected: 1 200 objects",
        "malloc was told to give back the pages that it doesn't use",
        "3 of 9 arenas were released",
    )
    assert change.obstacle.startswith("6 arenas of small blocks")


def test_what_it_cannot_do_is_told():
    """Where the C library can't give back, that is the obstacle."""
    change = Compaction(Heap(can_trim=False), Arenas(None, None)).apply()
    assert change.done == ()
    assert change.obstacle == "the C library has no means to give back what it holds"


def test_by_default_it_is_this_process():
    """Without arguments it works on this process's own heap and arenas."""
    assert Compaction().apply().done
