"""The containers that snapshots are built of, told from everybody else's by their type alone.

A snapshot leaves its like out: it drops all objects of the types of this package. Would it keep a plain list or tuple,
it had to look for that one among all lists and tuples of the process.
"""

from __future__ import annotations

import weakref
from array import array
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    IntArray: TypeAlias = array[int]
else:
    IntArray = array  # not subscriptable before Python 3.12

T = TypeVar("T")


class Column(IntArray):
    """Numbers, one a row."""

    __slots__ = ()


class Parts(tuple[T, ...]):
    """What something consists of."""

    __slots__ = ()


class Stamps(list["weakref.ref[object]"]):
    """Weak references, one to each object, never looked through."""

    __slots__ = ()


Rows: TypeAlias = "range | Column"
