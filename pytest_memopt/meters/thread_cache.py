"""The thread cache of glibc: freed blocks that `malloc` keeps for its next callers, and counts as in use."""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from operator import mul
from pathlib import Path
from typing import Final

from . import glibc_chunk
from .glibc_chunk import chunk_bytes

_MAPS: Final = "/proc/self/maps"
_HEAP_LINE: Final = re.compile(r"^([0-9a-f]+)-([0-9a-f]+) rw.*\[heap\]$", re.MULTILINE)
_BINS_COUNT: Final = 64
_HEADER_BYTES: Final = 16
_CHUNK_SIZE: Final = 0x291  # 64 counts of 2 bytes, 64 pointers of 8, a header of 16, and the bit "previous in use"
_TRIED_BYTES: Final = (24, 120, 264, 520, 1032)
_PER_BIN: Final = 7
_BLOCKS_MOST: Final = 512


class ThreadCache:
    """Counts what lies in the main thread's cache, by the table of counts with which glibc's main heap begins.

    glibc (2.30 to 2.41, 64 bits) keeps up to seven freed blocks of each size up to 1032 bytes, and ``mallinfo2`` counts
    them as in use. So an object of 900 bytes may read 0, or read as kept after it was freed, until these are taken off.
    The table, ``tcache_perthread_struct`` of ``malloc/malloc.c``, is private: it is used only after blocks of five
    sizes were seen to come and go in it. Reading it takes 5 µs, and allocates nothing of that kind.
    """

    def __init__(self, maps: str = _MAPS) -> None:
        """Look for the table, by the address of the heap in ``maps``."""
        self._sizes = array_of_sizes()
        self._counts: memoryview | None = None
        try:
            self._counts = _find_counts(maps)
            if not all(_is_counted(self.read, size_bytes) for size_bytes in _TRIED_BYTES):
                self._counts = None
        except (AttributeError, OSError, TypeError, ValueError):
            self._counts = None

    @property
    def is_known(self) -> bool:
        """Whether the table was found, and behaves as it should."""
        return self._counts is not None

    def read(self) -> int:
        """Bytes of the freed blocks in the cache; 0 where they can't be told."""
        return 0 if self._counts is None else sum(map(mul, self._counts, self._sizes))


def array_of_sizes() -> tuple[int, ...]:
    """Bytes of one block of each bin, with its header."""
    return tuple(glibc_chunk.SMALLEST_BYTES + glibc_chunk.STEP_BYTES * number for number in range(_BINS_COUNT))


def _find_counts(maps: str) -> memoryview | None:
    """The 64 counts; ``None`` where the heap doesn't begin with a block of that size.

    Raises:
        OSError: where ``maps`` can't be read.
    """
    heap = _HEAP_LINE.search(Path(maps).read_text(encoding="utf-8", errors="replace"))
    if heap is None or ctypes.sizeof(ctypes.c_void_p) != glibc_chunk.HEADER_BYTES:
        return None
    start, end = (int(edge, 16) for edge in heap.groups())
    if end - start < _CHUNK_SIZE or ctypes.c_size_t.from_address(start + glibc_chunk.HEADER_BYTES).value != _CHUNK_SIZE:
        return None
    table = (ctypes.c_uint16 * _BINS_COUNT).from_address(start + _HEADER_BYTES)
    return memoryview(table).cast("B").cast("H")


def _is_counted(read: Callable[[], int], size_bytes: int) -> bool:
    """Whether a block that is taken from a full bin is missing in it, and there again when it is freed."""
    malloc, free, usable_bytes = _allocator()
    expected_bytes = chunk_bytes(size_bytes)
    blocks: list[int | None] = []
    # on a heap in pieces a block may be larger than asked for, and goes into another bin when it is freed
    exact_count = 0
    while exact_count < _PER_BIN and len(blocks) < _BLOCKS_MOST:
        blocks.append(malloc(size_bytes))
        exact_count += usable_bytes(blocks[-1]) + glibc_chunk.HEADER_BYTES == expected_bytes
    for block in blocks:
        free(block)
    full_bytes = read()
    taken = malloc(size_bytes)
    taken_bytes = read()
    free(taken)
    return (full_bytes - taken_bytes, read() - taken_bytes) == (expected_bytes, expected_bytes)


def _allocator() -> tuple[Callable[[int], int | None], Callable[[int | None], object], Callable[[int | None], int]]:
    # PyDLL keeps the interpreter's lock, which these calls are far too short to give away
    libc = ctypes.PyDLL(None)
    malloc, free, usable_bytes = libc.malloc, libc.free, libc.malloc_usable_size
    malloc.argtypes, malloc.restype = (ctypes.c_size_t,), ctypes.c_void_p
    free.argtypes, free.restype = (ctypes.c_void_p,), None
    usable_bytes.argtypes, usable_bytes.restype = (ctypes.c_void_p,), ctypes.c_size_t
    return malloc, free, usable_bytes
