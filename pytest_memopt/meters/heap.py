"""The C heap: bytes that `malloc` has handed out, as the C library itself counts them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, Protocol

import psutil

from ..errors import MeterError
from .protocol import Unit
from .status import MeterStatus
from .thread_cache import ThreadCache


class HeapInfo(Protocol):
    """What ``psutil.heap_info`` tells."""

    @property
    def heap_used(self) -> int:
        """Bytes that ``malloc`` has handed out from its heaps."""
        ...

    @property
    def mmap_used(self) -> int:
        """Bytes of large blocks, each of which ``malloc`` keeps in a memory map of its own."""
        ...


_HEAP_INFO: Final[Callable[[], HeapInfo] | None] = getattr(psutil, "heap_info", None)
_HEAP_TRIM: Final[Callable[[], None] | None] = getattr(psutil, "heap_trim", None)
_MISSING: Final = "psutil can't ask the C library here; it can with glibc, on macOS, on Windows and on the BSDs"
_FILLER: Final = b"x"
_BYTES_HEADER: Final = 33
_SMALLEST: Final = 513  # up to 512 bytes an object is pymalloc's
_LARGEST_CACHED: Final = 1032
_CHUNK_STEP: Final = 16
_PER_CLASS: Final = 7
_PER_CLASS_SINCE_2_42: Final = 16


class CHeap:
    """Bytes in use by C ``malloc``: the large Python objects (over 512 bytes), numpy's arrays, native extensions.

    A reading takes 6 µs, and 1.6 ms where the heap is shredded into 100 000 free pieces, over each of which glibc walks.

    glibc keeps up to 7 freed blocks of each size up to 1032 bytes for its next callers, and counts them as in use. They
    are taken off where they can be counted; elsewhere a lone object of 513-1000 bytes may read 0, or read as kept after
    it was freed, unless ``level`` is called before each reading.
    """

    name: Final = "C heap"
    unit: Final = Unit.BYTES

    def __init__(
        self,
        info: Callable[[], HeapInfo] | None = _HEAP_INFO,
        trim: Callable[[], None] | None = _HEAP_TRIM,
        *,
        cache: ThreadCache | None = None,
        libc: str | None = None,
        beside: Callable[[], int] | None = None,
    ) -> None:
        """Bind the functions once.

        Args:
            info: tells the numbers; ``None`` where nothing can.
            trim: gives unused memory back to the kernel; ``None`` where nothing can.
            cache: counts the freed blocks that are kept; this process's own when ``None``.
            libc: name and version of the C library, as in ``"glibc 2.36"``; asked of the system when ``None``.
            beside: bytes in use that aren't counted, asked at each reading; none when ``None``.
        """
        self._why = _MISSING
        self._info = info
        self._trim = trim
        self._beside = beside
        self._cache = ThreadCache() if cache is None else cache
        self._levels = () if self._cache.is_known else level_sizes(c_library() if libc is None else libc)
        if info is not None:
            self._try(info)

    def status(self) -> MeterStatus:
        """Whether ``malloc`` can be asked here."""
        return MeterStatus(name=self.name, available=self.available, how=self._why or "malloc's own count, by psutil")

    @property
    def available(self) -> bool:
        """Whether ``read`` gives numbers."""
        return self._info is not None

    def read(self) -> int:
        """Bytes in use, large blocks in maps of their own included.

        Raises:
            MeterError: where the C library can't be asked.
        """
        use = self._ask()
        beside_bytes = 0 if self._beside is None else self._beside()
        return use.heap_used + use.mmap_used - self._cache.read() - beside_bytes

    def trim(self) -> None:
        """Have ``malloc`` give what it keeps for later back to the kernel, where it can; ``read`` does not change."""
        if self._trim is not None:
            self._trim()

    @property
    def can_trim(self) -> bool:
        """Whether ``trim`` has a means to do anything here."""
        return self._trim is not None

    @property
    def needs_level(self) -> bool:
        """Whether two readings can be compared only when ``level`` comes before each."""
        return bool(self._levels)

    def level(self) -> None:
        """Fill glibc's cache of freed blocks of 513-1032 bytes, so that two readings find it in the same state.

        It takes 14 µs and keeps nothing. Where the cache is counted, and where there is none, it does nothing.
        """
        # A comprehension, as `list(...)` does not take its list from the interpreter's free ones, but adds to them.
        [_FILLER * length for length in self._levels]

    def _ask(self) -> HeapInfo:
        if self._info is None:
            raise MeterError(f"{self.name}: {self._why}")
        return self._info()

    def _try(self, info: Callable[[], HeapInfo]) -> None:
        try:
            info()
            info()
        except (OSError, RuntimeError) as error:
            self._info, self._why = None, f"psutil.heap_info failed: {error}"
        else:
            self._why = ""


def level_sizes(libc: str) -> tuple[int, ...]:
    """Lengths of ``bytes`` objects that fill the cache of ``libc`` (``"glibc 2.36"``): one full set of each size."""
    per_class = _blocks_per_class(libc)
    sizes = range(_SMALLEST, _LARGEST_CACHED + 1, _CHUNK_STEP)
    return tuple(size - _BYTES_HEADER for size in sizes for _ in range(per_class))


def _blocks_per_class(libc: str) -> int:
    name, _, version = libc.partition(" ")
    if name != "glibc":
        return 0
    numbers = tuple(int(part) for part in version.split(".")[:2] if part.isdigit())
    return _PER_CLASS if numbers < (2, 42) else _PER_CLASS_SINCE_2_42


def c_library() -> str:
    """Name and version of the C library, as in ``"glibc 2.36"``; empty where the system doesn't tell."""
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (AttributeError, OSError, ValueError):
        return ""
