"""Glibc's cache of freed blocks: where it is found, where it isn't, and what the C heap reads without it."""

import ctypes
import gc
import os
import sys
import threading
from array import array
from collections import Counter
from functools import partial
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pytest_memopt.meters.thread_cache as thread_cache_module
from pytest_memopt.meters.heap import CHeap, c_library
from pytest_memopt.meters.thread_cache import _CHUNK_SIZE, _TRIED_BYTES, ThreadCache, array_of_sizes
from pytest_memopt.meters.weight import Scales

BINS = 64
LIBRARY, _, VERSION = c_library().partition(" ")
HAS_TABLE = (
    LIBRARY == "glibc"
    and (2, 30) <= tuple(map(int, VERSION.split(".")[:2])) <= (2, 41)
    and sys.maxsize > 2**32
    and bool(sys.getallocatedblocks())  # else the interpreter's own objects come and go in the table while it is tried
    and "GLIBC_TUNABLES" not in os.environ
)
needs_table = pytest.mark.skipif(not HAS_TABLE, reason="glibc 2.30-2.41 on 64 bits has this table, others don't")
TURNS = 5


def chunk_bytes(size_bytes):
    """What a block of so many bytes takes, with its header."""
    return max(32, (size_bytes + 8 + 15) // 16 * 16)


class Malloc:
    """The C library's own, which may give a larger block than was asked for: a free piece has no use for 16 bytes."""

    def __init__(self):
        libc = ctypes.PyDLL(None)
        self._malloc, self.free, self._usable = libc.malloc, libc.free, libc.malloc_usable_size
        self._malloc.argtypes, self._malloc.restype = (ctypes.c_size_t,), ctypes.c_void_p
        self.free.argtypes, self.free.restype = (ctypes.c_void_p,), None
        self._usable.argtypes, self._usable.restype = (ctypes.c_void_p,), ctypes.c_size_t
        self._held = []

    def __call__(self, size_bytes):
        return self._malloc(size_bytes)

    def exact(self, size_bytes):
        """A block of the right size; those that are larger are held until the end."""
        while True:
            block = self(size_bytes)
            if self._usable(block) + 8 == chunk_bytes(size_bytes):
                return block
            self._held.append(block)

    def drain(self, size_bytes):
        """Use up all free pieces that are not much larger, then leave seven blocks of this size in the cache."""
        held = [self(size_bytes) for _ in range(5000)]
        blocks = [self.exact(size_bytes) for _ in range(7)]
        self._held += held
        for block in blocks:
            self.free(block)

    def release(self):
        """Free what is held."""
        for block in self._held:
            self.free(block)


@pytest.fixture
def malloc():
    """The C library's own; what it gave is freed in the end."""
    library = Malloc()
    yield library
    library.release()


class Library:
    """A C library whose cache is this table, and whose heap gives some larger blocks of each size first."""

    def __init__(self, counts, larger=0):
        self._counts = counts
        self._larger = larger
        self._given = Counter()
        self._next = 0x1000
        self.chunks = {}

    def malloc(self, size_bytes):
        size = chunk_bytes(size_bytes)
        if self._counts[size // 16 - 2]:
            self._counts[size // 16 - 2] -= 1
        else:
            self._given[size] += 1
            size += 16 * (self._given[size] <= self._larger)
        self._next += 2048
        self.chunks[self._next] = size
        return self._next

    def free(self, block):
        number = self.chunks.pop(block) // 16 - 2
        if number < BINS and self._counts[number] < 7:
            self._counts[number] += 1

    def malloc_usable_size(self, block):
        return self.chunks[block] - 8


class FakeHeap:
    """Memory that begins as the main heap of glibc does: a chunk of the table's size, with the counts in front."""

    def __init__(self, chunk_size=_CHUNK_SIZE):
        self._memory = ctypes.create_string_buffer(4096)
        self.start = ctypes.addressof(self._memory)
        ctypes.c_size_t.from_address(self.start + 8).value = chunk_size
        self.counts = (ctypes.c_uint16 * BINS).from_address(self.start + 16)

    def line(self, size_bytes=4096, protection="rw-p", name="[heap]"):
        """Its line in the list of maps."""
        return f"{self.start:x}-{self.start + size_bytes:x} {protection} 00000000 00:00 0      {name}\n"


@pytest.fixture
def maps(tmp_path):
    """Writes a list of maps, and gives its path."""

    def write(*lines):
        path = tmp_path / "maps"
        path.write_bytes(b"".join(line if isinstance(line, bytes) else line.encode() for line in lines))
        return str(path)

    return write


@pytest.fixture
def library(monkeypatch):
    """Makes the C library that blocks are had from: its cache is the given table."""

    def make(counts, **others):
        own = Library(counts, **others)
        names = ("malloc", "free", "malloc_usable_size")
        # functions of a library have types of their arguments set, which methods have no room for
        functions = SimpleNamespace(**{name: partial(getattr(own, name)) for name in names})
        monkeypatch.setattr(ctypes, "PyDLL", lambda name: functions)
        return own

    return make


@pytest.fixture
def trusting(monkeypatch):
    """Every table is taken for one that behaves as it should; the sizes it was tried with."""
    tried = []
    monkeypatch.setattr(thread_cache_module, "_is_counted", lambda read, size_bytes: tried.append(size_bytes) or True)
    return tried


def test_blocks_come_in_steps_of_16():
    """The 64 bins are for blocks of 32 to 1040 bytes, headers included."""
    sizes = array_of_sizes()
    assert (len(sizes), sizes[0], sizes[1], sizes[-1]) == (BINS, 32, 48, 1040)


@needs_table
def test_it_is_found_where_glibc_has_it(malloc):
    """The process's own table is found, tried and read, each time anew."""
    for size_bytes in _TRIED_BYTES:
        malloc.drain(size_bytes)
    cache, again = ThreadCache(), ThreadCache()
    assert (cache.is_known, again.is_known) == (True, True)
    assert 0 <= cache.read() <= sum(array_of_sizes()) * 7


@needs_table
@pytest.mark.parametrize("size_bytes", [24, 25, 500, 520, 1000, 1032])
def test_freed_blocks_are_counted(malloc, trusting, size_bytes):
    """A block that is freed lies in the cache, one that is had from it doesn't, each with its header of 8 bytes."""
    malloc.drain(size_bytes)
    cache, readings = ThreadCache(), array("q", [0, 0, 0])
    for _ in range(3):
        malloc.free(malloc.exact(size_bytes))
        readings[0] = cache.read()
        block = malloc(size_bytes)
        readings[1] = cache.read()
        malloc.free(block)
        readings[2] = cache.read()
    expected_bytes = chunk_bytes(size_bytes)
    assert [readings[0] - readings[1], readings[2] - readings[1]] == [expected_bytes, expected_bytes]


@needs_table
def test_another_thread_has_another():
    """The main heap's table is the main thread's: seen from another one its counts stand still, so it isn't believed."""
    found = []
    thread = threading.Thread(target=lambda: found.append(ThreadCache().is_known))
    thread.start()
    thread.join()
    assert found == [False]


def test_without_maps_it_is_not_found(tmp_path):
    """Systems without a list of maps have no such table, or none that can be found: nothing is taken off."""
    cache = ThreadCache(str(tmp_path / "missing"))
    assert (cache.is_known, cache.read()) == (False, 0)


@pytest.mark.parametrize(
    "make_line",
    [
        lambda heap: "",
        lambda heap: heap.line(name=""),
        lambda heap: heap.line(name="[heap] (deleted)"),
        lambda heap: heap.line(name="[stack]"),
        lambda heap: heap.line(protection="---p"),
        lambda heap: heap.line(protection="r--p"),
        lambda heap: heap.line(size_bytes=_CHUNK_SIZE - 1),
        lambda heap: "not-hexadecimal rw-p 00000000 00:00 0 [heap]\n",
    ],
    ids=["empty", "unnamed", "deleted", "stack", "guarded", "read-only", "too short", "no address"],
)
def test_without_a_heap_in_the_maps_it_is_not_found(maps, trusting, make_line):
    """No line of a heap that can be written and holds the table: no memory is looked into."""
    heap = FakeHeap()
    heap.counts[0] = 3
    cache = ThreadCache(maps("00400000-00401000 r-xp 00000000 08:01 1 /bin/python\n", make_line(heap)))
    assert (cache.is_known, cache.read()) == (False, 0)


@pytest.mark.parametrize("chunk_size", [0, 0x251, 0x290, 0x295, 0x391, 2**63])
def test_a_heap_that_begins_otherwise_has_no_table(maps, trusting, chunk_size):
    """An older or newer glibc, and other libraries, have something else there."""
    heap = FakeHeap(chunk_size)
    assert not ThreadCache(maps(heap.line())).is_known


def test_counts_that_do_not_follow_are_not_believed(maps):
    """What looks like the table, and stands still while blocks come and go, is none."""
    heap = FakeHeap()
    heap.counts[0] = 3
    cache = ThreadCache(maps(heap.line()))
    assert (cache.is_known, cache.read()) == (False, 0)


@pytest.mark.parametrize("filled", [0, 3, 7])
def test_a_table_that_follows_is_believed(maps, library, filled):
    """Blocks of all sizes that are tried are seen to go and to come, whether or not the bins were full before."""
    heap = FakeHeap()
    heap.counts[:] = [filled] * BINS
    library(heap.counts)
    cache = ThreadCache(maps(heap.line()))
    assert cache.is_known
    assert cache.read() == sum(map(int.__mul__, heap.counts, array_of_sizes()))


@pytest.mark.parametrize("larger", [0, 1, 6, 8, 50])
def test_blocks_that_are_larger_than_asked_for_do_not_hide_it(maps, library, larger):
    """On a heap in pieces the first blocks may be 16 bytes too large, and so of another bin: the table still is found."""
    heap = FakeHeap()
    library(heap.counts, larger=larger)
    assert ThreadCache(maps(heap.line())).is_known


def test_trying_gives_everything_back(maps, library):
    """All blocks that the trial takes are freed, each once."""
    heap = FakeHeap()
    own = library(heap.counts)
    assert ThreadCache(maps(heap.line())).is_known
    assert own.chunks == {}


@pytest.mark.parametrize("doubtful_bytes", _TRIED_BYTES)
def test_one_size_that_does_not_follow_is_enough(maps, monkeypatch, doubtful_bytes):
    """The table is believed only when blocks of all sizes that are tried were seen in it."""
    monkeypatch.setattr(thread_cache_module, "_is_counted", lambda read, size_bytes: size_bytes != doubtful_bytes)
    heap = FakeHeap()
    heap.counts[0] = 3
    cache = ThreadCache(maps(heap.line()))
    assert (cache.is_known, cache.read()) == (False, 0)


def test_it_is_tried_with_sizes_of_both_ends(maps, trusting):
    """The smallest and the largest size that is kept are among those that are tried."""
    heap = FakeHeap()
    assert ThreadCache(maps(heap.line())).is_known
    assert (min(trusting), max(trusting)) == (24, 1032)


@pytest.mark.parametrize("error", [AttributeError, OSError, TypeError, ValueError])
def test_a_library_that_can_not_be_called_is_not_tried(maps, monkeypatch, error):
    """Where the C library's functions can't be had, the table can't be tried, and isn't used."""

    def refuse(name):
        raise error(name)

    monkeypatch.setattr(ctypes, "PyDLL", refuse)
    heap = FakeHeap()
    assert not ThreadCache(maps(heap.line())).is_known


def test_only_64_bits_are_known(maps, trusting, monkeypatch):
    """With shorter pointers the table is another."""
    heap = FakeHeap()
    path = maps(heap.line())
    monkeypatch.setattr(ctypes, "sizeof", lambda kind: 4)
    assert not ThreadCache(path).is_known


def test_the_first_heap_counts_and_odd_names_do_no_harm(maps, trusting):
    """The kernel may tell the heap in several lines, of which the first has the table; paths may be any bytes."""
    heap, rest = FakeHeap(), FakeHeap(0)
    odd = b"7f0000000000-7f0000001000 r--p 00000000 08:01 2 /tmp/\xff\xfe.so\n"
    assert ThreadCache(maps(odd, heap.line(), rest.line(), odd)).is_known


@given(counts=st.lists(st.integers(0, 2**16 - 1), min_size=BINS, max_size=BINS))
def test_a_reading_is_the_sum_of_all_bins(tmp_path_factory, counts):
    """Bytes in the cache are the count of each bin times the size of its blocks, as it is at that moment."""
    heap, path = FakeHeap(), tmp_path_factory.mktemp("bins") / "maps"
    path.write_text(heap.line(), encoding="ascii")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(thread_cache_module, "_is_counted", lambda read, size_bytes: True)
        cache = ThreadCache(str(path))
    assert cache.read() == 0
    heap.counts[:] = counts
    assert cache.read() == sum(count * (32 + 16 * number) for number, count in enumerate(counts))
    assert cache.read() == cache.read()


@needs_table
@pytest.mark.parametrize("length", [480, 900, 991, 992, 2000, 50_000])
def test_a_kept_object_is_read_to_the_byte(trusting, length):
    """A large object that is kept moves the reading by its chunk and by nothing else, and so does one that is dropped."""
    heap, scales, kept = CHeap(), Scales(), [None] * TURNS
    grown, shrunk, chunks = (array("q", [0] * TURNS) for _ in range(3))
    before = after = 0
    gc.disable()
    try:
        for turn in range(TURNS):
            before = heap.read()
            kept[turn] = bytes(length)
            after = heap.read()
            grown[turn] = after - before
            chunks[turn] = scales.weigh_text(kept[turn]).heap_bytes
        for turn in range(TURNS):
            before = heap.read()
            kept[turn] = None
            after = heap.read()
            shrunk[turn] = before - after
    finally:
        gc.enable()
    assert grown[1:] == chunks[1:]
    assert shrunk[1:] == chunks[1:]
    assert length + 33 + 8 <= min(chunks)
    assert max(chunks) <= length + 33 + 8 + 15 + 16


@needs_table
def test_a_reading_moves_nothing(trusting):
    """One reading right after another is the same: what reading the cache takes is given back."""
    heap, readings = CHeap(), array("q", [0] * 20)
    gc.disable()
    try:
        for turn in range(20):
            readings[turn] = heap.read()
    finally:
        gc.enable()
    assert len(set(readings[5:])) == 1
