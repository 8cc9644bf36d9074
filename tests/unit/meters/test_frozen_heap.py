"""Whether the heap is frozen, and freezing it again."""

import gc
import weakref

import pytest

from pytest_memopt.meters.frozen_heap import freeze_again, is_heap_frozen


class Node:
    """Something that can hold itself."""


@pytest.fixture(autouse=True)
def thawed():
    """Each test begins and ends with nothing frozen but what the interpreter freezes by itself."""
    gc.unfreeze()
    gc.collect()
    yield
    gc.unfreeze()


def test_a_heap_is_frozen_by_somebody():
    """What the interpreter freezes at a collection by itself doesn't count, what somebody froze does."""
    assert not is_heap_frozen()
    gc.freeze()
    assert is_heap_frozen()


def test_garbage_is_not_frozen():
    """Before the heap is frozen again, garbage is collected."""
    node = Node()
    node.itself = node
    rest = weakref.ref(node)
    del node
    freeze_again()
    assert is_heap_frozen()
    assert rest() is None
