"""What glibc's `malloc` holds: the memory it took from the kernel, used or not."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Final

_FIELDS: Final = [
    "arena",
    "ordblks",
    "smblks",
    "hblks",
    "hblkhd",
    "usmblks",
    "fsmblks",
    "uordblks",
    "fordblks",
    "keepcost",
]


class Mallinfo2(ctypes.Structure):
    """``struct mallinfo2`` of ``malloc.h``, of which two fields matter here.

    ``arena`` is what the heaps of all threads take, free pieces included, also those whose pages ``malloc_trim`` gave
    back to the kernel; ``hblkhd`` is what large blocks in memory maps of their own take.
    """

    _fields_ = [(name, ctypes.c_size_t) for name in _FIELDS]


def mallinfo2_of(libc: ctypes.CDLL) -> Callable[[], Mallinfo2]:
    """The function of that name.

    Raises:
        AttributeError: where the library has none: it isn't glibc, or older than 2.33.
    """
    function = libc.mallinfo2
    function.restype = Mallinfo2
    function.argtypes = ()
    return function


class GlibcHeap:
    """Tells how many bytes the C heap holds; only glibc says so, from 2.33 on.

    A reading takes as long as that of `CHeap`: glibc walks over the free pieces.
    """

    def __init__(self, ask: Callable[[], Mallinfo2] | None = None) -> None:
        """Bind the function once.

        Args:
            ask: gives the figures; the C library's own when ``None``.
        """
        self._ask = ask
        if ask is None:
            try:
                self._ask = mallinfo2_of(ctypes.CDLL(None))
            except (AttributeError, OSError, TypeError):
                self._ask = None

    def held_bytes(self) -> int | None:
        """Bytes that `malloc` has from the kernel; ``None`` where it doesn't tell."""
        if self._ask is None:
            return None
        figures = self._ask()
        return int(figures.arena) + int(figures.hblkhd)
