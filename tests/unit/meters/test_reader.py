"""Taking one reading: in which order, in which state, and how closely."""

import sys
from array import array

import pytest

from pytest_memopt.meters import originals
from pytest_memopt.meters import reader as reader_module
from pytest_memopt.meters.account import Signal, empty_reading
from pytest_memopt.meters.collector import Collector
from pytest_memopt.meters.heap import CHeap
from pytest_memopt.meters.instruments import Instruments
from pytest_memopt.meters.plan import Detail
from pytest_memopt.meters.pymalloc import SmallBlocks
from pytest_memopt.meters.reader import Reader, frozen_count

CAN_COUNT = SmallBlocks().is_exact and CHeap().available
IS_TRACED = sys.gettrace() is not None


@pytest.fixture
def steps(process, collector, monkeypatch):
    """What is done to the process and its collector, in order."""
    steps = collector.calls

    def noting(step, act):
        return lambda: steps.append(step) or act()

    monkeypatch.setattr(reader_module, "clear_type_cache", noting("clear", lambda: None))
    monkeypatch.setattr(reader_module, "count_tracked", noting("objects", lambda: process.objects))
    for name, step in (("read_heap", "heap"), ("read", "small"), ("level", "level")):
        monkeypatch.setattr(process, name, noting(step, getattr(process, name)))
    return steps


@pytest.fixture
def make(process, collector, steps):
    """Makes readers of the process that look as closely as they are told to."""

    def make(detail=Detail.FULL, **others):
        reader = Reader(process.instruments(**others), collector)
        reader.detail = detail
        return reader

    return make


@pytest.mark.parametrize(
    ("detail", "first", "following"),
    [
        (
            Detail.FULL,
            ["level", "before", "objects", "small", "heap"],
            ["level", "settle", "objects", "small", "heap"],
        ),
        (
            Detail.EXACT,
            ["clear", "settle", "level", "before", "objects", "small", "heap"],
            ["clear", "settle", "level", "settle", "objects", "small", "heap"],
        ),
    ],
)
def test_a_reading_has_an_order(make, process, steps, detail, first, following):
    """All that stirs memory comes before the collection, and nothing comes between the counts."""
    reader, before, now = make(detail), empty_reading(), empty_reading()
    reader.read_first(before)
    assert steps == first
    steps.clear()
    process.allocate(blocks=1)
    reader.read_next(now)
    assert steps == following


def test_a_reading_tells_what_the_meters_tell(make, process):
    """Each signal has the value of its meter, in the first reading and in the next."""
    reader, before, now = make(Detail.EXACT), empty_reading(), empty_reading()
    process.allocate(objects=17)
    reader.read_first(before)
    assert [before[signal] for signal in Signal] == [10_000, 5_000_000, 17, 640_000]
    process.allocate(blocks=1, small_bytes=32, heap_bytes=-500, objects=2)
    reader.read_next(now)
    assert [now[signal] for signal in Signal] == [10_001, 4_999_500, 19, 640_032]


def test_blocks_whose_bytes_are_not_told_are_counted(make, process):
    """Where the interpreter doesn't tell the bytes of its blocks, their number is read, and 0 bytes."""
    process.is_exact = False
    reader, before, now = make(), empty_reading(), empty_reading()
    reader.read_first(before)
    process.allocate(blocks=5)
    reader.read_next(now)
    assert now[Signal.BLOCKS] - before[Signal.BLOCKS] == 5
    assert (before[Signal.SMALL], now[Signal.SMALL]) == (0, 0)


def test_without_a_list_of_the_new_no_objects_are_counted(make, collector, steps):
    """Where the collector lists old objects too, counting them would take as long as a collection."""
    collector.lists_only_new = False
    reader, before = make(Detail.EXACT), empty_reading()
    before[Signal.OBJECTS] = 99
    reader.read_first(before)
    assert before[Signal.OBJECTS] == 0
    assert "objects" not in steps


def test_what_can_not_be_read_reads_0(make, steps):
    """Without a meter of the C heap there is none, and nothing to level."""
    reader, before = make(Detail.EXACT, heap=None, level=None), empty_reading()
    before[Signal.HEAP] = 99
    reader.read_first(before)
    assert before[Signal.HEAP] == 0
    assert not {"heap", "level"} & set(steps)


def test_frozen_objects_are_counted_on_demand(monkeypatch):
    """The count of what is frozen walks over all of it, so it is made for limits on objects only."""
    monkeypatch.setattr(originals.gc, "get_freeze_count", lambda: 1234)
    assert (frozen_count(wanted=True), frozen_count(wanted=False)) == (1234, 0)


@pytest.mark.skipif(
    not CAN_COUNT or IS_TRACED, reason="bytes can't be counted here, or coverage takes some for each line"
)
@pytest.mark.parametrize("detail", Detail)
def test_readings_move_nothing(detail):
    """On this interpreter, two readings with nothing in between are the same, but for the first ones."""
    heap, collector = CHeap(), Collector()
    level = heap.level if heap.needs_level else None
    reader = Reader(Instruments(SmallBlocks(), heap.read, level=level), collector)
    reader.detail = detail
    before, now, moved = empty_reading(), empty_reading(), array("q", [0] * 5)
    reader.read_first(before)
    try:
        for turn in range(5):
            reader.read_next(now)
            moved[turn] = sum(abs(now[signal] - before[signal]) for signal in (0, 2, 3))
            before, now = now, before
    finally:
        collector.release()
    assert list(moved)[2:] == [0, 0, 0]


@pytest.mark.parametrize(("is_traced", "expected"), [(False, b"12"), (True, b"")])
def test_what_is_printed_is_written_first(make, hold_back, is_traced, expected):
    """Both readings have it written, as else it would be kept; while a tracer counts, the writing would be counted."""
    written = hold_back()
    reader = make()
    reader.is_traced = is_traced
    for number, read in enumerate((reader.read_first, reader.read_next), start=1):
        sys.stdout.write(str(number))
        read(empty_reading())
    assert written.getvalue() == expected
