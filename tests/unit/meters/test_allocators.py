"""Both allocators together: in use, held, free."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.errors import MeterError
from pytest_memopt.meters.allocators import Allocators, AllocatorUse
from pytest_memopt.meters.malloc_report import Arenas


class Small:
    """A counter of small blocks that says what it is told."""

    def __init__(self, in_use_bytes, arenas, *, is_exact=True):
        self.is_exact = is_exact
        self._answers = in_use_bytes, arenas

    def read(self):
        return 7, self._answers[0]

    def arenas(self):
        return self._answers[1]


class Heap:
    """A C heap that says what it is told, or can't be asked."""

    def __init__(self, in_use_bytes):
        self._in_use_bytes = in_use_bytes

    def read(self):
        if self._in_use_bytes is None:
            raise MeterError("C heap: nothing here counts it")
        return self._in_use_bytes


def test_both_are_read():
    """In use, held and free are the sums over both."""
    use = Allocators(Small(100, Arenas(2, 400)), Heap(50), lambda: 200).read()
    assert use == AllocatorUse(100, 50, 2, 400, 200)
    assert (use.in_use_bytes, use.held_bytes, use.free_bytes, use.fragmentation_ratio) == (150, 600, 450, 0.75)


@pytest.mark.parametrize(
    ("allocators", "in_use_bytes", "held_bytes"),
    [
        (Allocators(Small(0, None, is_exact=False), Heap(50), lambda: 200), None, None),
        (Allocators(Small(100, Arenas(2, 400)), Heap(None), lambda: 200), None, 600),
        (Allocators(Small(100, Arenas(2, 400)), Heap(50), lambda: None), 150, None),
    ],
    ids=["small blocks", "heap", "what the heap holds"],
)
def test_what_one_cannot_tell_is_not_told(allocators, in_use_bytes, held_bytes):
    """A sum of which a part is unknown is unknown, and so is the share of holes; neither is 0."""
    use = allocators.read()
    assert (use.in_use_bytes, use.held_bytes) == (in_use_bytes, held_bytes)
    assert (use.free_bytes, use.fragmentation_ratio) == (None, None)


@given(*[st.integers(0, 2**40)] * 4)
def test_the_share_of_holes_is_one(small, heap, arenas, held):
    """Whatever the two say, and even if they are read a moment apart, the share lies between 0 and 1."""
    ratio = AllocatorUse(small, heap, 1, arenas, held).fragmentation_ratio
    assert ratio is None if arenas + held == 0 else 0 <= ratio <= 1


def test_the_process_has_its_own():
    """Without being given any, those of this process are read: something is in use."""
    in_use_bytes = Allocators().read().in_use_bytes
    assert in_use_bytes is None or in_use_bytes > 1_000_000
