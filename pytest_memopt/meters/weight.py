"""What objects weigh in the allocators: for what pytest keeps of a test, which must not be charged to the test."""

from __future__ import annotations

import ctypes
from collections import Counter
from collections.abc import Callable, Container, Iterable
from typing import Final, NamedTuple

from .glibc_chunk import HEADER_BYTES, chunk_bytes
from .objects import own_size_bytes
from .originals import gc, sys
from .referents import referents

_SMALL_MOST_BYTES: Final = 512
_ALIGNMENT: Final = 16
_PLAUSIBLE_EXTRA_BYTES: Final = 8192
# by identity here and below: a class need not be hashable, and may run code when it is compared
_HEADERS: Final = {id(list): sys.getsizeof([]), id(dict): sys.getsizeof({})}
_LEAF_TYPES: Final = frozenset(map(id, (str, bytes)))
# by its one owner, by the name under which it is looked at, by the call that counts them
_REFERENCES_OF_OWNED: Final = 3


class Weight(NamedTuple):
    """What the allocators gave for some objects.

    Attributes:
        blocks: small blocks.
        small_bytes: their bytes.
        heap_bytes: bytes of C heap.
        objects: how many of them the garbage collector tracks.
    """

    blocks: int = 0
    small_bytes: int = 0
    heap_bytes: int = 0
    objects: int = 0

    def times(self, count: int) -> Weight:
        """So many of them."""
        return Weight(self.blocks * count, self.small_bytes * count, self.heap_bytes * count, self.objects * count)

    def plus(self, other: Weight) -> Weight:
        """Both together."""
        return Weight(
            self.blocks + other.blocks,
            self.small_bytes + other.small_bytes,
            self.heap_bytes + other.heap_bytes,
            self.objects + other.objects,
        )


class Scales:
    """Weighs objects as pymalloc and glibc account for them.

    A block of up to 512 bytes takes a multiple of 16. For a larger one glibc knows the true size of its chunk
    (``malloc_usable_size``), which may be 16 bytes more than asked for, or whole pages; elsewhere the asked size counts.
    """

    def __init__(self) -> None:
        self._usable_bytes = _usable_size_function()
        # asked once: to count them the interpreter walks over all of its pools
        self._small_most_bytes = _SMALL_MOST_BYTES if sys.getallocatedblocks() else 0

    def weigh_text(self, text: str | bytes) -> Weight:
        """The weight of one string."""
        return self._weigh_block(id(text), sys.getsizeof(text))

    def weigh_table(self, table: dict[str, object]) -> Weight:
        """The weight of what a dict holds beside its own head; none where it never held anything."""
        contents = _parts(table)[1:]
        weight = Weight(objects=int(gc.is_tracked(table)))
        return weight.plus(self._weigh_block(0, contents[0])) if contents else weight

    def weigh_all(self, roots: Iterable[object], new_ids: Container[int] | None) -> Weight:
        """The weight of ``roots`` and of what only they can have brought along; an estimate as to their sub-blocks.

        Args:
            roots: where to begin.
            new_ids: identities of the objects made since the window opened; others are not followed. ``None`` where
                that isn't known: then what nothing else refers to is followed.
        """
        seen, pending = set[int](), list(roots)
        sizes, tracked_count = Counter[int](), 0
        # the collector no longer tracks a tuple of texts, so that it may be new without being listed as such
        given = {id(root) for root in pending if new_ids is None or not gc.is_tracked(root)}
        while pending:
            one = pending.pop()
            if new_ids is None:
                is_theirs = sys.getrefcount(one) <= _REFERENCES_OF_OWNED
            else:
                is_theirs = id(one) in new_ids or id(type(one)) in _LEAF_TYPES
            if id(one) in seen or not (is_theirs or id(one) in given):
                continue
            seen.add(id(one))
            sizes.update(_parts(one))
            tracked_count += gc.is_tracked(one)
            pending.extend(referents(one))
        total = Weight(objects=tracked_count)
        for part_bytes, count in sizes.items():
            total = total.plus(self._weigh_block(0, part_bytes).times(count))
        return total

    def _weigh_block(self, address: int, size_bytes: int) -> Weight:
        if size_bytes <= self._small_most_bytes:
            return Weight(blocks=1, small_bytes=-(-size_bytes // _ALIGNMENT) * _ALIGNMENT)
        usable_bytes = self._usable_bytes(address) if self._usable_bytes is not None and address else 0
        if size_bytes <= usable_bytes <= size_bytes + _PLAUSIBLE_EXTRA_BYTES:
            return Weight(heap_bytes=usable_bytes + HEADER_BYTES)
        return Weight(heap_bytes=chunk_bytes(size_bytes))


def _parts(one: object) -> tuple[int, ...]:
    """Sizes of the blocks that make up one object: lists and dicts have their contents in a block of its own."""
    size_bytes = own_size_bytes(one)
    header_bytes = _HEADERS.get(id(type(one)), size_bytes)
    return (header_bytes, size_bytes - header_bytes) if size_bytes > header_bytes else (size_bytes,)


def _usable_size_function() -> Callable[[int], int] | None:
    try:
        libc = ctypes.CDLL(None)
        _ = libc.gnu_get_libc_version  # musl aborts on an address that isn't its own; glibc only reads a word
        usable_size = libc.malloc_usable_size
    except (AttributeError, OSError, TypeError):
        return None
    usable_size.argtypes = (ctypes.c_void_p,)
    usable_size.restype = ctypes.c_size_t
    return lambda address: int(usable_size(address))
