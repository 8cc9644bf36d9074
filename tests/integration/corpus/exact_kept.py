"""Tests that keep what they allocate, and an oracle of what the allocators really handed out for it.

Nothing but the ballast may be kept: places for it are made before, and bookkeeping happens after the session. What was
handed out is read from the C library by ``malloc_usable_size`` plus the chunk's header; blocks of pymalloc (up to 512
bytes) are rounded up to 16; memory maps come in whole pages.
"""

from __future__ import annotations

import array
import ctypes
import mmap
import sys

import numpy as np
import pytest

SIZES = [1_000, 1_024, 4_096, 10_000, 65_536, 100_000, 200_000, 1_000_000, 4_194_304, 20_000_000]
PAGES = [4_096, 65_536, 1_048_576, 20_971_520]
KINDS = ["slotted", "floats", "strings", "dicts"]
CELL = {"slotted": 48, "floats": 32, "strings": 64, "dicts": 64}

KEPT = {name: [None] * len(SIZES) for name in ("bytes", "numpy", "mmap", *KINDS)}
POINTERS = array.array("Q", [0] * len(SIZES))

LIBC = ctypes.CDLL(None)
LIBC.malloc.argtypes, LIBC.malloc.restype = [ctypes.c_size_t], ctypes.c_void_p
LIBC.malloc_usable_size.argtypes, LIBC.malloc_usable_size.restype = [ctypes.c_void_p], ctypes.c_size_t
LIBC.malloc_usable_size(None)
CHUNK_HEADER = 8
ARRAY_HEADER = 112 + 32  # the array object, and its shape and strides in a chunk of their own


class Small:
    """An object of 48 bytes: two for the collector, two for the object, two for its attributes, in words."""

    __slots__ = ("left", "right")


MAKERS = {
    "slotted": lambda count: [Small() for _ in range(count)],
    "floats": lambda count: [number + 0.5 for number in range(count)],
    "strings": lambda count: [f"{number:012}" for number in range(count)],
    "dicts": lambda count: [{} for _ in range(count)],
}


@pytest.mark.parametrize("slot", range(len(SIZES)))
def test_bytes(slot):
    """One ``bytes`` object; its header of 33 bytes is kept too."""
    KEPT["bytes"][slot] = bytes(SIZES[slot])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("slot", range(len(SIZES)))
def test_small(kind, slot):
    """As many small objects as fill that size, in a list."""
    KEPT[kind][slot] = MAKERS[kind](SIZES[slot] // (CELL[kind] + 8))


@pytest.mark.parametrize("slot", range(len(SIZES)))
def test_numpy(slot):
    """An array of bytes."""
    KEPT["numpy"][slot] = np.ones(SIZES[slot], dtype=np.uint8)


@pytest.mark.parametrize("slot", range(len(SIZES)))
def test_malloc(slot):
    """Memory of C that Python doesn't know of."""
    POINTERS[slot] = LIBC.malloc(SIZES[slot])


@pytest.mark.parametrize("slot", range(len(PAGES)))
def test_mmap(slot):
    """An anonymous map, which nobody touches."""
    KEPT["mmap"][slot] = mmap.mmap(-1, PAGES[slot])


def _chunk(pointer):
    """What the C library took for the block at ``pointer``."""
    return LIBC.malloc_usable_size(pointer) + CHUNK_HEADER


def _cell(size):
    """What pymalloc takes for a small object."""
    return (size + 15) // 16 * 16


def _list(values):
    """A list, its array of pointers, and its members."""
    own = _cell(sys.getsizeof([]))
    pointers_size = sys.getsizeof(values) - sys.getsizeof([])
    pointers_at = ctypes.c_void_p.from_address(id(values) + 24).value
    pointers = _cell(pointers_size) if pointers_size <= 512 else _chunk(pointers_at)
    return own + pointers + sum(_cell(sys.getsizeof(value)) for value in values)


def _array(values):
    """An array: its object, and its data."""
    return ARRAY_HEADER + _chunk(values.__array_interface__["data"][0])


def _map(memory):
    """A memory map: its object, and its pages."""
    return _cell(sys.getsizeof(memory)) + len(memory)


ORACLES = {"bytes": lambda value: _chunk(id(value)), "numpy": _array, "mmap": _map} | dict.fromkeys(KINDS, _list)


def handed_out():
    """Bytes really handed out, by the ending of the node id, for what this process kept."""
    found = {}
    for name, places in KEPT.items():
        for slot, value in enumerate(places):
            if value is not None:
                test = f"test_small[{slot}-{name}]" if name in KINDS else f"test_{name}[{slot}]"
                found[f"::{test}"] = ORACLES[name](value)
    for slot, pointer in enumerate(POINTERS):
        if pointer:
            found[f"::test_malloc[{slot}]"] = _chunk(pointer)
    return found
