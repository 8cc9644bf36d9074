"""The C heap: one number of two, its absence, and glibc's cache of freed blocks."""

import gc
import sys
from array import array
from itertools import pairwise
from types import SimpleNamespace

import psutil
import pytest

from pytest_memopt.errors import MeterError
from pytest_memopt.meters.heap import CHeap, c_library, level_sizes
from pytest_memopt.meters.protocol import Meter, Unit

HAS_HEAP = hasattr(psutil, "heap_info")
IS_GLIBC = HAS_HEAP and c_library().startswith("glibc")


def fake_info():
    """What psutil tells, made up."""
    return SimpleNamespace(heap_used=700, mmap_used=300)


def test_reads_heaps_and_maps_together():
    """One reading is the sum of what psutil tells apart."""
    heap = CHeap(fake_info)
    assert isinstance(heap, Meter)
    assert (heap.read(), heap.used_bytes(), heap.mapped_bytes()) == (1000, 700, 300)
    assert (heap.name, heap.unit, heap.status().available) == ("C heap", Unit.BYTES, True)


def test_missing_function_is_told_and_refused():
    """Where psutil has no heap_info (musl, an old psutil) the status says so and a reading is an error."""
    heap = CHeap(None, None)
    assert not heap.available
    assert "glibc" in heap.status().how
    with pytest.raises(MeterError, match="C heap"):
        heap.read()


def test_failing_function_is_told():
    """A function that is there but fails counts as missing, with its reason."""

    def refuse():
        raise OSError(38, "not implemented")

    heap = CHeap(refuse)
    assert not heap.available
    assert "not implemented" in heap.status().how


def test_trim_calls_psutil_where_it_can():
    """Trimming is passed on, and is nothing where there is no such function."""
    calls = []
    CHeap(fake_info, lambda: calls.append("trim")).trim()
    CHeap(fake_info, None).trim()
    assert calls == ["trim"]


@pytest.mark.parametrize(
    ("libc", "per_class"), [("glibc 2.36", 7), ("glibc 2.41", 7), ("glibc 2.42", 16), ("glibc 3.0", 16), ("glibc", 7)]
)
def test_level_fills_each_size_of_glibc(libc, per_class):
    """One set of blocks for each of the 33 sizes from 513 to 1032 bytes."""
    sizes = level_sizes(libc)
    assert len(sizes) == 33 * per_class
    assert (min(sizes) + 33, max(sizes) + 33) == (513, 1025)


@pytest.mark.parametrize("libc", ["", "musl 1.2"])
def test_level_is_nothing_without_glibc(libc):
    """Other C libraries have no such cache, or another one."""
    heap = CHeap(fake_info, libc=libc)
    heap.level()
    assert level_sizes(libc) == ()


def test_library_that_is_not_told_is_empty(monkeypatch):
    """Systems other than Linux have no name for it to give."""
    monkeypatch.setattr("os.confstr", lambda name: (_ for _ in ()).throw(ValueError(name)))
    assert c_library() == ""


@pytest.mark.skipif(not IS_GLIBC, reason="the cache is glibc's")
def test_level_shows_a_lone_block_of_the_cached_sizes():
    """A kept object of 900 bytes is read as such, although glibc takes it out of its cache of freed blocks."""
    heap = CHeap()
    readings = array("q", [0] * 6)
    kept = []
    gc.disable()
    try:
        for turn in range(5):
            heap.level()
            readings[turn] = heap.read()
            kept.append(bytes(900))
        heap.level()
        readings[5] = heap.read()
    finally:
        gc.enable()
    steps = [after - before for before, after in pairwise(readings)]
    assert 933 <= sorted(steps)[2] <= 933 + 24


@pytest.mark.skipif(not HAS_HEAP, reason="psutil can't ask this C library")
def test_readings_keep_nothing_alive():
    """Reading and levelling leave the number of small blocks as it was."""
    heap = CHeap()
    counts, kept = array("q", [0, 0]), array("q", [0] * 5)
    gc.disable()
    try:
        for turn in range(5):
            heap.read()
            heap.level()
            counts[0] = sys.getallocatedblocks()
            heap.read()
            heap.level()
            counts[1] = sys.getallocatedblocks()
            kept[turn] = counts[1] - counts[0]
    finally:
        gc.enable()
    assert min(kept, key=abs) == 0
