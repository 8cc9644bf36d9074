"""Bytes in use as one number, and what makes it an estimate."""

from __future__ import annotations

from typing import NamedTuple

import pytest

from pytest_memopt.meters.heap import CHeap
from pytest_memopt.optimize import heap_bytes
from pytest_memopt.optimize.heap_bytes import HeapBytes


class Used(NamedTuple):
    """What the C library tells."""

    heap_used: int
    mmap_used: int


class Small:
    """Small blocks that a test sets."""

    mean_block_bytes = 50.0

    def __init__(self, *, is_exact):
        self.is_exact = is_exact

    def read(self):
        return 10, 700 if self.is_exact else 0


class NoCache:
    """No blocks wait in the C library."""

    is_known = True

    def read(self):
        return 0


def _heap():
    return CHeap(lambda: Used(1000, 30_000), cache=NoCache())


def test_all_allocators_are_added_up():
    """Small blocks, C heap and memory maps."""
    reading = HeapBytes(Small(is_exact=True), _heap())
    assert (reading.read(), reading.why) == (31_700, "")


def test_what_is_missing_is_told():
    """Without bytes of small blocks they are estimated, and without a C heap it is left out: both are said."""
    reading = HeapBytes(Small(is_exact=False), CHeap(None, cache=NoCache()))
    assert reading.read() == 500
    assert reading.why.startswith("small blocks are counted, and their bytes estimated; no C heap (psutil can't ask")


def test_what_tracemalloc_holds_is_taken_off(monkeypatch):
    """Its tables grow with all that is allocated: they are not of the imports, and what remains is an estimate."""
    monkeypatch.setattr(heap_bytes.tracemalloc, "is_tracing", lambda: True)
    monkeypatch.setattr(heap_bytes.tracemalloc, "get_tracemalloc_memory", lambda: 600)
    reading = HeapBytes(Small(is_exact=True), _heap())
    assert (reading.read(), reading.why) == (31_100, "tracemalloc allocates beside all that is allocated")


@pytest.mark.parametrize("count_bytes", [100, 5000, 3_000_000])
def test_this_process_is_read(count_bytes):
    """What is held is in the number, by whatever allocator it came."""
    reading = HeapBytes()
    reading.read()
    before_bytes = reading.read()
    kept = bytearray(count_bytes)
    grown_bytes = reading.read() - before_bytes
    if not reading.why:
        assert count_bytes <= grown_bytes < count_bytes + 9000
    del kept
