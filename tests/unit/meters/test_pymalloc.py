"""Small Python blocks, counted by the interpreter."""

import ctypes
import gc
import sys
from array import array
from types import SimpleNamespace

import pytest

from pytest_memopt.meters import originals
from pytest_memopt.meters.malloc_report import Arenas
from pytest_memopt.meters.pymalloc import SmallBlocks

HAS_PYMALLOC = bool(sys.getallocatedblocks())
counted = pytest.mark.skipif(not SmallBlocks().is_exact or not HAS_PYMALLOC, reason="not counted here")


@pytest.fixture
def broken(monkeypatch):
    """An interpreter that doesn't export what tells its bytes."""

    class Nothing:
        def __getitem__(self, name):
            raise AttributeError(name)

    monkeypatch.setattr(ctypes, "pythonapi", Nothing())


@counted
@pytest.mark.parametrize("size", [2, 16, 100, 479])
def test_bytes_are_counted_exactly(size):
    """A hundred objects of one size raise the count by their blocks, to the byte."""
    small, readings = SmallBlocks(), array("q", [0, 0])
    kept = [None] * 100
    block_bytes = -(-(size + 33) // 16) * 16
    gc.disable()
    try:
        for _ in range(2):
            kept[:] = [None] * 100
            readings[0] = small.read()[1]
            for index in range(100):
                kept[index] = bytes(size)
            readings[1] = small.read()[1]
    finally:
        gc.enable()
    assert readings[1] - readings[0] == 100 * block_bytes


@counted
def test_the_map_of_arenas_has_nodes():
    """A process that has an arena has a node of the map for it, whose bytes are told after a reading."""
    small = SmallBlocks()
    small.read()
    assert small.map_bytes() >= 2048


def test_an_interpreter_that_tells_nothing_has_no_map(broken):
    """Where the report can't be had, nothing is taken off."""
    assert SmallBlocks().map_bytes() == 0


@counted
def test_a_reading_keeps_nothing():
    """Reading leaves the number of blocks as it was."""
    small, counts = SmallBlocks(), array("q", [0] * 4)
    gc.disable()
    try:
        for turn in range(4):
            small.read()
            counts[turn] = sys.getallocatedblocks()
    finally:
        gc.enable()
    assert counts[3] == counts[2]


@counted
def test_the_mean_is_that_of_all_blocks():
    """Bytes per block are those in use by their number, between the smallest and the largest block."""
    small = SmallBlocks()
    assert 16 < small.mean_block_bytes < 512
    count, in_use_bytes = small.read()
    assert small.mean_block_bytes == pytest.approx(in_use_bytes / count, rel=0.01)


@counted
def test_the_mean_is_taken_when_it_is_asked_for(monkeypatch):
    """Bytes per block are counted by the first who asks, once: most sessions never need them."""
    small, readings = SmallBlocks(), []
    monkeypatch.setattr(small, "read", lambda: readings.append(1) or (10, 1230))
    assert readings == []
    assert (small.mean_block_bytes, small.mean_block_bytes, readings) == (123, 123, [1])


@counted
def test_the_status_says_that_it_is_exact():
    """The header tells that pymalloc's own count is read."""
    status = SmallBlocks().status()
    assert (status.name, status.available, status.exact, status.how) == (
        "small blocks",
        True,
        True,
        "pymalloc's own count",
    )


@pytest.mark.skipif(not HAS_PYMALLOC, reason="pymalloc is off")
def test_an_interpreter_that_does_not_tell_is_estimated(broken):
    """Where the function isn't exported the meter is there, says that it estimates, and counts blocks alone."""
    small = SmallBlocks()
    status = small.status()
    assert (small.is_exact, status.available, status.exact) == (False, True, False)
    assert "estimated" in status.how
    assert small.mean_block_bytes == 64
    count, in_use_bytes = small.read()
    assert (count > 0, in_use_bytes) == (True, 0)


def test_no_stream_is_no_count(monkeypatch):
    """Where the C library opens no stream onto memory, bytes are estimated."""
    real = ctypes.CDLL(None)
    monkeypatch.setattr(
        ctypes,
        "CDLL",
        lambda name: SimpleNamespace(fmemopen=lambda *args: None, rewind=real.rewind, fflush=real.fflush),
    )
    monkeypatch.setattr(originals.sys, "getallocatedblocks", lambda: 5)
    assert not SmallBlocks().is_exact


def test_without_pymalloc_there_is_nothing_to_count(monkeypatch):
    """Under ``PYTHONMALLOC=malloc`` there are no blocks: none is exact, and the C heap has it all."""
    monkeypatch.setattr(originals.sys, "getallocatedblocks", lambda: 0)
    small = SmallBlocks()
    status = small.status()
    assert (small.is_used, small.is_exact, status.available) == (False, True, False)
    assert "PYTHONMALLOC=malloc" in status.how
    assert (small.read(), small.mean_block_bytes) == ((0, 0), 64)


def test_without_pymalloc_no_arenas_are_held(monkeypatch):
    """Where pymalloc is off it holds nothing, which is known."""
    monkeypatch.setattr(originals.sys, "getallocatedblocks", lambda: 0)
    assert SmallBlocks().arenas() == Arenas(0, 0)


@pytest.mark.parametrize("text", [None, b"# nothing on them"], ids=["no report", "another text"])
def test_arenas_that_are_not_told_are_unknown(monkeypatch, text):
    """Where the interpreter has no report, or one that doesn't tell, nothing is made up."""
    small = SmallBlocks()
    monkeypatch.setattr(small, "_is_used", True)
    monkeypatch.setattr(small, "_report", text and SimpleNamespace(text=lambda: text))
    assert small.arenas() is None


@pytest.mark.skipif(SmallBlocks().arenas() is None, reason="not told here")
def test_arenas_hold_all_small_blocks():
    """The real arenas take at least what their blocks do."""
    small = SmallBlocks()
    assert small.arenas().held_bytes >= small.read()[1]
