"""Measuring and limiting a part of a test."""

import sys
import tracemalloc

import pytest

from pytest_memopt.errors import LimitError, MemoryLimitExceeded, MeterError, SizeError, UsageError
from pytest_memopt.limits.marks import limits_from_mark
from pytest_memopt.meters import block as block_module
from pytest_memopt.meters.block import BlockMeter
from pytest_memopt.meters.heap import CHeap
from pytest_memopt.plugin.probe import SOURCE, LimitedBlock, MemoryProbe

pytestmark = pytest.mark.usefixtures("frozen_module")


class Session:
    """Something of the program's."""


TYPE = f"{__name__}.Session"


@pytest.fixture
def probe():
    """What the fixture ``memopt`` gives."""
    return MemoryProbe()


@pytest.fixture
def limit(process, monkeypatch):
    """Limits a block on a process whose memory is a few numbers."""
    monkeypatch.setattr(block_module, "count_tracked", lambda: process.objects)
    monkeypatch.setattr(block_module, "mapped_bytes", lambda objects: 0)
    meter = BlockMeter(process, CHeap(None, None))
    return lambda **stated: LimitedBlock(meter, limits_from_mark((), stated, SOURCE))


def test_a_part_is_measured(probe):
    """``measure`` gives what the block kept, with a peak on request."""
    with probe.measure() as use:
        kept = bytes(50_000)
    assert 40_000 < use.growth_bytes < 100_000
    assert len(kept) == 50_000
    assert use.peak_bytes is None
    with probe.measure(peak=True) as use:
        pass
    assert use.peak_bytes >= 0


def test_within_its_limits_a_block_passes(limit, process):
    """A block that keeps just as much as it may is fine, and its figures are there."""
    with limit(growth=64, objects=1) as use:
        process.allocate(blocks=1, small_bytes=64, objects=1)
    assert (use.growth_bytes, use.objects) == (64, 1)


@pytest.mark.parametrize(
    ("stated", "kept", "told"),
    [
        ({"growth": "1 KiB"}, {"small_bytes": 10_240}, "the block left 10.0 KiB behind, limit 1 KiB"),
        ({"growth": 100_000}, {"small_bytes": 100_001}, "the block left 100,001 B behind, limit 100,000 B"),
        ({"objects": 0}, {"objects": 1}, "the block left 1 new object behind, limit 0"),
        ({"objects": 3}, {"objects": 5000}, "the block left 5 000 new objects behind, limit 3"),
        (
            {"growth": 0, "objects": 0},
            {"small_bytes": 48, "objects": 2},
            "the block left 48 B behind, limit 0 B and left 2 new objects behind, limit 0",
        ),
    ],
)
def test_a_block_over_its_limit_fails(limit, process, stated, kept, told):
    """The error is an assertion that names what was kept and what is allowed, for each limit."""
    with pytest.raises(MemoryLimitExceeded) as caught, limit(**stated):
        process.allocate(**kept)
    assert str(caught.value) == told
    assert isinstance(caught.value, AssertionError)


def test_types_have_limits_of_their_own(probe):
    """Of a named type, the instances that are new count; old ones and others don't."""
    kept = [Session()]
    with probe.limit(objects={TYPE: 2}):
        kept += [Session(), Session()]
    with (
        pytest.raises(MemoryLimitExceeded, match=rf"left 2 new objects of type {TYPE} behind, limit 1"),
        probe.limit(objects={TYPE: 1, "*": 1000}),
    ):
        kept += [Session(), Session()]


def test_odd_classes_have_limits_of_their_own(probe):
    """A class that can't be hashed neither stands in the way of a limit by type, nor escapes one."""

    class Meta(type):
        __hash__ = None

        def __eq__(cls, other):
            raise RuntimeError("nobody may compare")

    class Odd(metaclass=Meta):
        pass

    kept = [Odd()]
    with pytest.raises(MemoryLimitExceeded), probe.limit(objects={f"{__name__}.{Odd.__qualname__}": 0}):
        kept.append(Odd())


def test_a_peak_may_be_limited_without_its_name(probe):
    """As in the mark, a single size is the peak."""
    with probe.limit("1 MB"):
        len(bytes(500_000))
    with pytest.raises(MemoryLimitExceeded, match=r"allocated .* at one time, limit 97.7 KiB"), probe.limit(100_000):
        len(bytes(500_000))


def test_tracing_is_for_peaks_only(probe):
    """A block without a limit on its peak runs untraced, at full speed."""
    with probe.limit(growth="1 GB"):
        assert not tracemalloc.is_tracing()
    with probe.limit(peak="1 GB"):
        assert tracemalloc.is_tracing()


def test_a_peak_that_is_not_known_is_an_error(probe):
    """A block that stops tracemalloc can't be judged, and doesn't pass silently."""
    with pytest.raises(MeterError, match="stopped or cleared tracemalloc"), probe.limit(peak="1 GB"):
        tracemalloc.stop()


def test_an_exception_of_the_block_comes_first(limit, process):
    """A block that fails by itself isn't judged."""

    def fail():
        with limit(growth=0):
            process.allocate(small_bytes=5000)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fail()


@pytest.mark.parametrize(
    ("args", "kwargs", "error", "told"),
    [
        ((), {}, LimitError, "memopt.limit limits nothing"),
        (("much",), {}, SizeError, "memopt.limit: peak: 'much' is not a size"),
        ((), {"growth": -1}, SizeError, "memopt.limit: growth: -1 is negative"),
        ((), {"objects": "many"}, LimitError, "memopt.limit: objects: 'many' is not a count"),
        ((), {"objects": {3: 1}}, LimitError, "3 is not the name of a type"),
    ],
)
def test_bad_arguments_are_errors_at_once(probe, args, kwargs, error, told):
    """What makes no sense is refused before the block begins, from the line that wrote it."""
    with pytest.raises(error, match=told) as caught:
        probe.limit(*args, **kwargs)
    assert isinstance(caught.value, UsageError)
    assert len(caught.traceback) == 2


def test_frames_of_ours_are_hidden(limit, process):
    """Pytest's report shows the line of the ``with`` statement, not our own."""
    with pytest.raises(MemoryLimitExceeded) as caught, limit(growth=0):
        process.allocate(small_bytes=64)
    assert caught.traceback[-1].frame.f_locals["__tracebackhide__"]


def test_a_probe_says_what_it_can(probe):
    """In the report of a failed test a probe is short."""
    assert repr(probe) == "<MemoryProbe: measure(), limit(), assert_no_leaks()>"


def test_an_empty_limited_block_keeps_nothing(probe):
    """What limiting itself needs isn't the block's; now and then the C library's small change comes and goes."""
    if sys.gettrace() is not None or not BlockMeter(block_module.SmallBlocks(), CHeap()).is_exact:
        pytest.skip("bytes can't be counted here, or coverage takes some for each new line")
    readings = []
    for _ in range(5):
        with probe.limit(growth="1 MB", objects=0) as use:
            pass
        readings.append(use.growth_bytes)
    assert sorted(readings)[2] == 0
