"""What glibc says that it holds."""

import pytest

from pytest_memopt.meters import glibc_heap
from pytest_memopt.meters.glibc_heap import GlibcHeap, Mallinfo2
from pytest_memopt.meters.heap import CHeap


def test_heaps_and_maps_are_held():
    """What is held is the heaps of all threads, free pieces included, and the large blocks in maps of their own."""
    assert GlibcHeap(lambda: Mallinfo2(arena=1000, hblkhd=200, uordblks=30, fordblks=970)).held_bytes() == 1200


@pytest.mark.parametrize("error", [OSError, TypeError, AttributeError])
def test_another_library_does_not_tell(monkeypatch, error):
    """Where there is no such function, or no library to ask, what is held is not told."""

    def refuse(name):
        raise error

    monkeypatch.setattr(glibc_heap.ctypes, "CDLL", refuse)
    assert GlibcHeap().held_bytes() is None


def test_no_more_is_in_use_than_held():
    """The real library holds what is in use, and more; or doesn't tell."""
    held_bytes = GlibcHeap().held_bytes()
    assert held_bytes is None or held_bytes >= CHeap().read()
