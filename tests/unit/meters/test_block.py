"""Measuring a block of code."""

import gc
import sys
import tracemalloc

import pytest

import pytest_memopt.meters.block as block_module
from pytest_memopt.errors import MeterError
from pytest_memopt.meters.block import _LEVELLINGS, Block, BlockMeter, measure_block, process_meter
from pytest_memopt.meters.heap import CHeap
from pytest_memopt.meters.objects import count_tracked
from pytest_memopt.meters.pymalloc import SmallBlocks

pytestmark = pytest.mark.usefixtures("frozen_module")

CAN_COUNT = SmallBlocks().is_exact and CHeap().available
IS_TRACED = sys.gettrace() is not None
TRACING_IS_CLEAN = sys.version_info >= (3, 12, 5)
counted = pytest.mark.skipif(
    not CAN_COUNT or IS_TRACED, reason="bytes can't be counted here, or coverage takes some for each new line"
)
HEADER = sys.getsizeof(b"")


class Heap(CHeap):
    """A C heap whose size is the process's."""

    def __init__(self, process):
        self.process = process
        self._info = object()

    def level(self):
        self.process.level()

    def read(self):
        return self.process.read_heap()


@pytest.fixture
def meter(process, monkeypatch):
    """A meter of a process whose memory is a few numbers."""
    monkeypatch.setattr(block_module, "count_tracked", lambda: process.objects)
    monkeypatch.setattr(block_module, "mapped_bytes", lambda objects: 0)
    return BlockMeter(process, Heap(process))


def figures(use):
    """Growth, blocks and objects."""
    return use.growth_bytes, use.blocks, use.objects


def test_the_map_of_arenas_is_nobodys(meter, process):
    """A node that the interpreter adds to the map of its arenas is C heap in use, and not the block's."""
    with Block(meter, peak=False) as use:
        process.allocate(heap_bytes=7000 + 131_088)
        process.node_bytes += 131_088
    assert use.growth_bytes == 7000


def test_figures_are_differences(meter, process):
    """Growth is small blocks and C heap together; blocks and objects are counted as well."""
    with Block(meter, peak=False) as use:
        process.allocate(blocks=3, small_bytes=200, heap_bytes=7000, objects=2)
    assert (*figures(use), use.exact, use.peak_bytes) == (7200, 3, 2, True, None)
    with Block(meter, peak=False) as use:
        process.allocate(blocks=-3, small_bytes=-200, heap_bytes=-7000, objects=-2)
    assert figures(use) == (-7200, -3, -2)


def test_the_heap_is_levelled_before_each_reading(meter, process):
    """Both readings of the C heap find its caches in the same state."""
    with Block(meter, peak=False):
        pass
    assert (process.reads["level"], process.reads["heap"]) == (2 * _LEVELLINGS, 2)


def test_bytes_that_can_not_be_counted_are_estimated(process):
    """Where the interpreter doesn't tell its bytes, blocks count by their mean size."""
    process.is_exact = False
    meter = BlockMeter(process, Heap(process))
    with Block(meter, peak=False) as use:
        process.allocate(blocks=10, small_bytes=99, heap_bytes=50)
    assert (use.growth_bytes, use.exact) == (690, False)


def test_without_pymalloc_the_heap_has_it_all(process):
    """Under ``PYTHONMALLOC=malloc`` there are no small blocks, which is exact."""
    process.blocks = process.small_bytes = 0
    meter = BlockMeter(process, Heap(process))
    with Block(meter, peak=False) as use:
        process.allocate(heap_bytes=50)
    assert (use.growth_bytes, use.exact) == (50, True)


def test_without_a_heap_meter_growth_is_no_count(process):
    """Where the C library can't be asked, growth is of small blocks only, and not exact."""
    with Block(BlockMeter(process, CHeap(None, None)), peak=False) as use:
        process.allocate(small_bytes=64, heap_bytes=5000)
    assert (use.growth_bytes, use.exact) == (64, False)


@pytest.mark.parametrize("name", ["growth_bytes", "exact", "blocks", "objects", "peak_bytes", "duration_s"])
def test_figures_are_known_when_the_block_is_over(meter, name):
    """Reading a figure before the end is an error that says so."""
    with Block(meter, peak=False) as use, pytest.raises(MeterError, match="the block is not over"):
        getattr(use, name)
    assert getattr(use, name) is None or getattr(use, name) >= 0


def test_a_block_tells_what_it_used(meter, process):
    """The representation has the figures, once they are known."""
    with Block(meter, peak=False) as use:
        assert "not over" in repr(use)
        process.allocate(blocks=1, small_bytes=64)
    assert repr(use) == "<BlockUse growth_bytes=64 blocks=1 objects=0 peak_bytes=None>"


def test_a_block_is_measured_once(meter):
    """Entering a block again is refused: its figures are those of one time."""
    block = Block(meter, peak=False)
    with block:
        pass
    with pytest.raises(MeterError, match="measured once"), block:
        pass


def test_an_exception_passes_through(meter, process):
    """A block that fails is over, and its figures are there."""
    block = Block(meter, peak=True)

    def fail():
        with block as use:
            process.allocate(blocks=1, small_bytes=48)
            results.append(use)
            raise ZeroDivisionError

    results = []
    with pytest.raises(ZeroDivisionError):
        fail()
    (use,) = results
    assert use.growth_bytes == 48
    assert use.peak_bytes >= 0
    assert not tracemalloc.is_tracing()


def test_others_tracing_makes_growth_an_estimate(meter, process):
    """Where tracemalloc traces all the time, the growth of its tables is taken off as far as it is known."""
    kept = []
    tracemalloc.start()
    try:
        with Block(meter, peak=False) as use:
            process.allocate(heap_bytes=5_000_000)
            kept.extend(bytes(100) for _ in range(20_000))
    finally:
        tracemalloc.stop()
    assert len(kept) == 20_000
    assert not use.exact
    assert 0 < 5_000_000 - use.growth_bytes < 4_000_000


def test_what_the_tracer_leaks_is_no_count(meter, process, monkeypatch):
    """In a Python whose tracemalloc leaks, growth of a block with a peak isn't called exact; without one it is."""
    for leaks in (True, False):
        monkeypatch.setattr(block_module, "TRACING_LEAKS", leaks)
        with Block(meter, peak=True) as use:
            process.allocate(small_bytes=64)
        assert (use.growth_bytes, use.exact) == (64, not leaks)


def test_frozen_objects_are_counted_too(process):
    """An old object that dies counts, and whether others freeze or thaw meanwhile doesn't."""
    meter = BlockMeter(process, Heap(process))
    old = [[number] for number in range(500)]
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    with Block(meter, peak=False) as use:
        old.clear()
    with Block(meter, peak=False) as thawed:
        gc.unfreeze()
    gc.freeze()
    assert -505 <= use.objects <= -495
    assert -5 <= thawed.objects <= 5


def test_results_of_other_blocks_weigh_nothing(meter, process):
    """Results that are kept inside a block are taken off by what one of them was found to weigh."""
    kept = []
    meter.calibrate()
    with Block(meter, peak=False) as use:
        for _ in range(5):
            with Block(meter, peak=False) as inner:
                process.allocate(small_bytes=10)
            kept.append(inner)
    assert figures(use) == (50, 0, 0)
    assert meter.uses[0] == 6
    kept.clear()
    del inner
    assert meter.uses[0] == 1


@counted
def test_an_empty_block_reads_nothing():
    """On this interpreter, nothing is read where nothing happens; now and then the C library's small change shows."""
    readings = []
    for _ in range(5):
        with measure_block() as use:
            pass
        readings.append(figures(use))
        assert use.exact
    assert sorted(readings)[2] == (0, 0, 0)
    assert {tuple(counts) for _, *counts in readings} == {(0, 0)}


@counted
def test_a_kept_object_is_read_as_such():
    """100 000 bytes that are kept read as that, within 64 bytes; and as gone in the block that drops them."""
    kept_bytes, dropped_bytes = [], []
    for _ in range(3):
        with measure_block() as use:
            kept = bytes(100_000)
        kept_bytes.append(use.growth_bytes)
        with measure_block() as use:
            del kept
        dropped_bytes.append(use.growth_bytes)
    assert abs(sorted(kept_bytes)[1] - 100_000 - HEADER) <= 64
    assert abs(sorted(dropped_bytes)[1] + 100_000 + HEADER) <= 64


@counted
@pytest.mark.parametrize("count", [1, 7, 250])
def test_small_objects_are_counted_to_the_byte(count):
    """So many lists, each with a block of its own for two numbers, in a list that was there before."""
    kept, growths = [None] * count, []
    for _ in range(3):
        kept[:] = [None] * count
        with measure_block() as use:
            for index in range(count):
                kept[index] = [None, None]
        assert (use.blocks, use.objects) == (count * 2, count)
        growths.append(use.growth_bytes)
    list_bytes = -(-sys.getsizeof([]) // 16) * 16 + 16
    assert sorted(growths)[1] == count * list_bytes


@counted
def test_blocks_may_be_nested():
    """An inner block sees its own, the outer one both; an inner block that keeps nothing costs the outer one nothing."""
    errors = []
    for _ in range(3):
        with measure_block() as outer:
            with measure_block() as inner:
                kept = bytes(50_000)
            with measure_block() as empty:
                pass
        assert (empty.blocks, empty.objects) == (0, 0)
        assert (outer.blocks, outer.objects) == (inner.blocks, inner.objects)
        expected = ((empty, 0), (inner, len(kept) + HEADER), (outer, len(kept) + HEADER))
        errors.append(max(abs(use.growth_bytes - size_bytes) for use, size_bytes in expected))
        del kept
    assert sorted(errors)[1] <= 64


@counted
def test_nothing_is_frozen_or_switched():
    """A window around the block still sees its objects, and the collector is as it was."""
    before = gc.get_freeze_count(), gc.isenabled(), gc.get_threshold()
    count = count_tracked()
    with measure_block():
        pass
    assert (gc.get_freeze_count(), gc.isenabled(), gc.get_threshold()) == before
    assert count_tracked() <= count + 3


def test_a_peak_is_traced():
    """The most that was allocated at one time, though nothing of it is left."""
    with measure_block(peak=True) as use:
        text = bytes(300_000)
        del text
        text = bytes(200_000)
        del text
    assert 300_000 <= use.peak_bytes <= 301_000
    assert not tracemalloc.is_tracing()


@counted
@pytest.mark.skipif(not TRACING_IS_CLEAN, reason="tracemalloc leaks in this Python (gh-121390)")
def test_tracing_leaves_growth_exact():
    """The tracer's own memory isn't the block's, once the C library's caches have what the tracer gave back."""
    readings = []
    for _ in range(7):
        with measure_block(peak=True) as use:
            pass
        readings.append(figures(use))
        assert use.exact
    assert sorted(readings)[3] == (0, 0, 0)


@counted
@pytest.mark.skipif(TRACING_IS_CLEAN, reason="tracemalloc leaks in older Pythons only (gh-121390)")
def test_tracing_that_leaks_makes_growth_an_estimate():
    """Where tracemalloc leaks, growth isn't called exact; small blocks and objects still are counted."""
    with measure_block(peak=True) as use:
        kept = bytes(100_000)
    assert len(kept) == 100_000
    assert (use.exact, use.objects) == (False, 0)
    assert abs(use.growth_bytes - 100_000) < 2000


def test_the_meter_is_made_once():
    """All blocks of a process are read by one meter."""
    assert process_meter() is process_meter()


def test_what_a_block_prints_is_not_kept(hold_back):
    """It is written before each reading."""
    written = hold_back()
    sys.stdout.write("before ")
    with measure_block():
        assert written.getvalue() == b"before "
        sys.stdout.write("within")
    assert written.getvalue() == b"before within"
