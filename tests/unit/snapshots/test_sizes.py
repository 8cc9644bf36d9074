import sys
from collections import OrderedDict, deque
from itertools import count

import pytest

from pytest_memopt.snapshots.sizes import OwnSizes, own_sizes, size_bytes_of


class Plain:
    def __init__(self, width):
        for number in range(width):
            setattr(self, f"field{number}", number)


class Slotted:
    __slots__ = ("one",)

    def __init__(self, width):
        self.one = width


class Names(dict):
    pass


class Weighty:
    def __init__(self, width):
        self.width = width

    def __sizeof__(self):
        return 1000 + self.width


def function_of(width):
    """A function, whose size is fixed."""
    return lambda: width


@pytest.mark.parametrize(
    "make",
    [
        lambda width: [None] * width,
        lambda width: tuple(range(width)),
        lambda width: dict.fromkeys(range(width)),
        lambda width: set(range(width)),
        lambda width: Names.fromkeys(range(width)),
        lambda width: deque(range(width)),
        lambda width: OrderedDict.fromkeys(range(width)),
        lambda width: type("Made", (), dict.fromkeys(map(str, range(width)))),
        Plain,
        Slotted,
        Weighty,
        count,
        function_of,
    ],
    ids=[
        "list",
        "tuple",
        "dict",
        "set",
        "subclass",
        "deque",
        "odict",
        "class",
        "plain",
        "slots",
        "own",
        "static",
        "function",
    ],
)
def test_sizes_are_those_of_getsizeof(make):
    """Each size is what `sys.getsizeof` says, also where it isn't asked."""
    objects = [make(width) for width in (0, 1, 7, 100, 1000)]
    sizes = own_sizes(type(objects[0]), objects)
    assert [sizes.at(row) for row in range(5)] == [sys.getsizeof(one) for one in objects]
    assert sizes.total([1, 3]) == sys.getsizeof(objects[1]) + sys.getsizeof(objects[3])


def test_one_size_is_stored_once():
    """Types whose objects all have one size take one number."""
    assert own_sizes(Slotted, [Slotted(1), Slotted(2)]).varying is None
    assert OwnSizes(48).total(range(3)) == 144


@pytest.mark.parametrize("error", [ValueError, BaseException, GeneratorExit, pytest.fail.Exception])
def test_a_size_that_nobody_may_ask_for_is_the_plain_one(error):
    """Whatever a ``__sizeof__`` raises, also what is no ``Exception``, the size is that of a plain object."""

    class Shy:
        def __sizeof__(self):
            raise error

    assert size_bytes_of(Shy()) == object.__sizeof__(Shy())
