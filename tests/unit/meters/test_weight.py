"""What objects weigh in the allocators."""

import ctypes
import gc
import sys
from array import array
from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.meters.heap import CHeap, c_library
from pytest_memopt.meters.weight import Scales, Weight

IS_GLIBC = c_library().startswith("glibc")
HAS_PYMALLOC = bool(sys.getallocatedblocks())
WEIGHTS = st.builds(Weight, *[st.integers(-99, 99)] * 4)


@pytest.fixture
def scales():
    """Scales for this platform."""
    return Scales()


@pytest.fixture
def poor_scales(monkeypatch):
    """Scales where the C library can't be asked."""

    def refuse(name):
        raise OSError(name)

    monkeypatch.setattr(ctypes, "CDLL", refuse)
    return Scales()


@given(one=WEIGHTS, other=WEIGHTS, count=st.integers(0, 5))
def test_weights_add_up(one, other, count):
    """Weights are summed part by part, in any order, and so many of one are as many sums."""
    assert one.plus(other) == other.plus(one)
    assert one.plus(other).heap_bytes == one.heap_bytes + other.heap_bytes
    assert reduce(Weight.plus, [one] * count, Weight()) == one.times(count)


@pytest.mark.skipif(not HAS_PYMALLOC, reason="pymalloc is off")
@pytest.mark.parametrize(("length", "small_bytes"), [(0, 48), (15, 48), (16, 64), (463, 496), (464, 512), (479, 512)])
def test_small_texts_take_multiples_of_16(scales, length, small_bytes):
    """Up to 512 bytes an object is one block of pymalloc, rounded up; 33 bytes of ``bytes`` are its header."""
    text = bytes(length)
    assert sys.getsizeof(text) == length + 33
    assert scales.weigh_text(text) == Weight(blocks=1, small_bytes=small_bytes)


@pytest.mark.skipif(not (IS_GLIBC and HAS_PYMALLOC), reason="only glibc tells the size of its chunks")
@pytest.mark.parametrize("length", [2000, 5000, 100_000, 3_000_000])
def test_large_texts_weigh_what_the_heap_says(scales, length):
    """A large text weighs what a reading of the C heap shows for it, to the byte or the page."""
    heap, readings = CHeap(), array("q", [0, 0])
    gc.disable()
    try:
        for _ in range(3):
            text = None
            heap.level()
            readings[0] = heap.read()
            text = bytes(length)
            heap.level()
            readings[1] = heap.read()
    finally:
        gc.enable()
    assert scales.weigh_text(text) == Weight(heap_bytes=readings[1] - readings[0])


@pytest.mark.skipif(not HAS_PYMALLOC, reason="pymalloc is off")
def test_without_the_c_library_the_asked_size_counts(poor_scales):
    """Elsewhere a large text weighs what was asked for, with a header, in multiples of 16."""
    assert poor_scales.weigh_text(bytes(2000)) == Weight(heap_bytes=2048)
    assert poor_scales.weigh_text(b"") == Weight(blocks=1, small_bytes=48)


def test_only_the_new_is_weighed(scales):
    """What was there before the window isn't followed, however it is reached; texts always are."""
    old, text = [bytes(100)], "x" * 100
    new = [old, text]
    weight = scales.weigh_all([new], {id(new)})
    assert weight.objects == 1
    assert weight.small_bytes < sys.getsizeof(new) + sys.getsizeof(text) + 64
    assert scales.weigh_all([old], set()) == Weight()


def test_where_the_new_is_unknown_only_the_owned_is_weighed(scales):
    """What something else refers to as well is not followed, so that nothing old weighs, however it is reached."""
    others, big = [bytes(100_000)], [bytes(500_000)]
    mine = {
        "name": "".join(["x"] * 1000),
        "list": [bytes(50)],
        "others": others,
        "type": type(scales),
        "module": pytest,
    }
    weight = scales.weigh_all([mine], None)
    assert 1000 < weight.small_bytes + weight.heap_bytes < 2000
    assert weight.objects == 2
    assert scales.weigh_all([big], None).heap_bytes > 500_000


def test_cycles_and_repeats_weigh_once(scales):
    """An object that is reached twice, or from itself, weighs once."""
    knot = []
    knot.append(knot)
    weight = scales.weigh_all([knot, knot], {id(knot)})
    assert weight.objects == 1


@pytest.mark.skipif(not HAS_PYMALLOC, reason="pymalloc is off")
def test_untracked_objects_are_no_objects(scales):
    """What the collector doesn't track weighs bytes and blocks only."""
    text = "only text"
    weight = scales.weigh_all([text], set())
    assert (weight.objects, weight.blocks) == (0, 1)


@pytest.mark.skipif(not HAS_PYMALLOC, reason="pymalloc is off")
@pytest.mark.parametrize("count", [1, 5, 6, 20, 1000])
def test_a_table_weighs_what_its_contents_take(scales, count):
    """What a dict holds beside its own head is one block, small or large, and makes an object of it once it is tracked."""
    table = {f"name {number}": [] for number in range(count)}
    weight = scales.weigh_table(table)
    contents_bytes = sys.getsizeof(table) - sys.getsizeof({})
    assert weight.objects == 1
    assert (weight.blocks, weight.heap_bytes > 0) == ((1, False) if contents_bytes <= 512 else (0, True))
    assert 0 <= weight.small_bytes + weight.heap_bytes - contents_bytes <= 24


def test_a_table_without_contents_weighs_nothing(scales):
    """A dict that never held anything has no contents, and one of untracked values is no object of the collector's."""
    assert scales.weigh_table({}) == Weight()
    assert scales.weigh_table({"one": 1}).objects == int(gc.is_tracked({"one": 1}))


@pytest.mark.skipif(not HAS_PYMALLOC, reason="pymalloc is off")
def test_roots_that_are_not_tracked_are_new(scales):
    """A tuple of texts, which the collector lost track of, weighs what it is made of; it is no object any more."""
    pair = ("x" * 3, "y" * 100)
    gc.collect()
    weight = scales.weigh_all([pair], set())
    assert gc.is_tracked(pair) is False
    assert (weight.objects, weight.blocks) == (0, 3)
    assert weight.small_bytes >= sum(map(sys.getsizeof, (pair, *pair)))


@pytest.mark.skipif(not HAS_PYMALLOC, reason="pymalloc is off")
def test_lists_and_dicts_are_two_blocks(scales):
    """A list has its contents in a block of its own, and so has a dict; an empty one is one block."""
    full, empty = [1, 2, 3], []
    assert scales.weigh_all([full], {id(full)}).blocks == 2
    assert scales.weigh_all([empty], {id(empty)}).blocks == 1


def test_objects_of_odd_classes_are_weighed():
    """A class that can't be compared is weighed like any other, and a size that nobody may ask for counts as nothing."""

    class Meta(type):
        __hash__ = None

        def __eq__(cls, other):
            raise RuntimeError("nobody may compare")

    class Odd(metaclass=Meta):
        def __sizeof__(self):
            raise RuntimeError("nobody may ask")

    odd = Odd()
    assert Scales().weigh_all([odd], {id(odd)}).objects == 1
