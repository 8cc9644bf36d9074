"""The C heap: one number of two, its absence, and glibc's cache of freed blocks."""

import gc
import sys
from array import array
from dataclasses import dataclass
from itertools import pairwise
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pytest_memopt.meters.heap as heap_module
from pytest_memopt.errors import MeterError
from pytest_memopt.meters.heap import CHeap, c_library, level_sizes
from pytest_memopt.meters.protocol import Meter, Unit

HAS_HEAP = hasattr(psutil, "heap_info")
IS_GLIBC = HAS_HEAP and c_library().startswith("glibc")


@dataclass
class FakeCache:
    """A cache of freed blocks that holds what it is told to hold, or can't be seen into."""

    is_known: bool = True
    kept_bytes: int = 0

    def read(self):
        return self.kept_bytes


UNKNOWN = FakeCache(is_known=False)


def fake_info():
    """What psutil tells, made up."""
    return SimpleNamespace(heap_used=700, mmap_used=300)


def test_reads_heaps_and_maps_together():
    """One reading is the sum of what psutil tells apart."""
    heap = CHeap(fake_info, cache=UNKNOWN)
    assert isinstance(heap, Meter)
    assert heap.read() == 1000
    assert (heap.name, heap.unit, heap.status().available) == ("C heap", Unit.BYTES, True)


def test_what_is_not_to_be_counted_is_asked_each_time():
    """What is in use and nobody's is taken off as it is at that moment."""
    nobodys = [64, 300]
    heap = CHeap(fake_info, cache=UNKNOWN, beside=lambda: nobodys.pop(0))
    assert [heap.read(), heap.read()] == [936, 700]


@given(heap_used=st.integers(0, 2**40), mmap_used=st.integers(0, 2**40), kept_bytes=st.integers(0, 2**20))
def test_what_is_kept_for_later_is_not_in_use(heap_used, mmap_used, kept_bytes):
    """Freed blocks in the cache are taken off what the C library counts as in use, as they are at that moment."""
    use, cache = SimpleNamespace(heap_used=heap_used, mmap_used=mmap_used), FakeCache()
    heap = CHeap(lambda: use, cache=cache)
    assert heap.read() == heap_used + mmap_used
    cache.kept_bytes = kept_bytes
    assert heap.read() == heap_used + mmap_used - kept_bytes


@pytest.mark.parametrize(
    ("cache", "libc", "needs_level"),
    [
        (FakeCache(), "glibc 2.36", False),
        (UNKNOWN, "glibc 2.36", True),
        (UNKNOWN, "glibc 2.42", True),
        (UNKNOWN, "musl 1.2", False),
        (UNKNOWN, "", False),
    ],
)
def test_levelling_is_for_a_cache_that_can_not_be_counted(monkeypatch, cache, libc, needs_level):
    """Only where glibc's cache is there and can't be seen into is it filled, at the price of 33 sizes of blocks."""
    heap = CHeap(fake_info, cache=cache, libc=libc)
    assert heap.needs_level == needs_level
    assert bool(heap._levels) == needs_level
    heap.level()


def test_the_process_s_own_cache_is_looked_for(monkeypatch):
    """By default it is this process's cache that is taken off."""
    monkeypatch.setattr(heap_module, "ThreadCache", lambda: FakeCache(kept_bytes=40))
    assert (CHeap(fake_info).read(), CHeap(fake_info, libc="glibc 2.36").needs_level) == (960, False)


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
    able, unable = CHeap(fake_info, lambda: calls.append("trim")), CHeap(fake_info, None)
    able.trim()
    unable.trim()
    assert calls == ["trim"]
    assert (able.can_trim, unable.can_trim) == (True, False)


@pytest.mark.parametrize(
    ("libc", "per_class"), [("glibc 2.36", 7), ("glibc 2.41", 7), ("glibc 2.42", 16), ("glibc 3.0", 16), ("glibc", 7)]
)
def test_level_fills_each_size_of_glibc(libc, per_class):
    """One set of blocks for each of the 33 sizes from 513 to 1032 bytes."""
    sizes = level_sizes(libc)
    assert len(sizes) == 33 * per_class
    assert (min(sizes) + 33, max(sizes) + 33) == (513, 1025)


@pytest.mark.parametrize("libc", ["", "musl 1.2"])
def test_there_is_nothing_to_fill_without_glibc(libc):
    """Other C libraries have no such cache, or another one."""
    assert level_sizes(libc) == ()


def test_library_that_is_not_told_is_empty(monkeypatch):
    """Systems other than Linux have no name for it to give."""
    monkeypatch.setattr("os.confstr", lambda name: (_ for _ in ()).throw(ValueError(name)))
    assert c_library() == ""


@pytest.mark.skipif(not IS_GLIBC, reason="the cache is glibc's")
def test_level_shows_a_lone_block_of_the_cached_sizes():
    """A kept object of 900 bytes is read as such, although its block comes out of a cache that can't be counted."""
    heap = CHeap(cache=UNKNOWN)
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
    assert 933 <= sorted(steps)[2] <= 933 + 256  # blocks of smaller sizes, which nobody levels, come and go


@pytest.mark.skipif(not HAS_HEAP, reason="psutil can't ask this C library")
@pytest.mark.parametrize("cache", [None, UNKNOWN], ids=["own", "unknown"])
def test_readings_keep_nothing_alive(cache):
    """Reading and levelling leave the number of small blocks as it was."""
    heap = CHeap(cache=cache)
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
