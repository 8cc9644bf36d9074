"""The strategy `compact`: what the allocators keep for later goes back to the system."""

from __future__ import annotations

from typing import Final, Protocol

from ..meters.heap import CHeap
from ..meters.originals import gc
from ..units import format_count, format_size
from .arenas import ArenaReader, ArenaUse
from .outcome import Change
from .strategy import MemoryState

FREE_MIN_BYTES: Final = 4 * 1024**2
_CANT_TRIM: Final = "the C library has no means to give back what it holds"


class ArenaMeter(Protocol):
    """Something that tells how well arenas are used."""

    def read(self) -> ArenaUse | None:
        """How well they are used now; ``None`` where that can't be told."""
        ...


class Compaction:
    """Collects garbage, which lets the interpreter release the arenas that become empty, and has ``malloc`` trim its heaps.

    Objects don't move, so only whole pages go back: those of the C heap in which nothing is in use, and arenas of small
    blocks that are empty. There is nothing to revert: what went back is taken again as it is needed.

    Attributes:
        name: ``compact``.
    """

    name: Final = "compact"

    def __init__(self, heap: CHeap | None = None, arenas: ArenaMeter | None = None) -> None:
        """Choose what it works on.

        Args:
            heap: the C heap; this process's own when ``None``.
            arenas: tells how the arenas are used; those of this process when ``None``.
        """
        self._heap = CHeap() if heap is None else heap
        self._arenas = ArenaReader() if arenas is None else arenas

    def is_called_for(self, state: MemoryState) -> str | None:
        """Where much of what the allocators hold is free, or where nobody can tell."""
        used_bytes, resident_bytes, free_ratio = state.reading
        if used_bytes is None or resident_bytes is None or free_ratio is None:
            return "what the allocators hold beyond need can't be read here"
        # what a trim gave back before is still held, but resident no longer
        free_bytes = min(resident_bytes - used_bytes, round(used_bytes * free_ratio / max(1 - free_ratio, 0.001)))
        if free_bytes < FREE_MIN_BYTES:
            return None
        return f"the allocators hold {format_size(free_bytes)} that nobody uses, {free_ratio:.0%} of all"

    def apply(self) -> Change:
        """Collect and trim."""
        arenas_before = self._arenas.read()
        garbage_count = gc.collect()
        self._heap.trim()
        arenas = self._arenas.read()
        done = [f"garbage was collected: {format_count(garbage_count)} objects"] if garbage_count else []
        if self._heap.can_trim:
            done.append("malloc was told to give back the pages that it doesn't use")
        if arenas and arenas_before and arenas.arenas_count < arenas_before.arenas_count:
            released_count = arenas_before.arenas_count - arenas.arenas_count
            done.append(
                f"{format_count(released_count)} of {format_count(arenas_before.arenas_count)} arenas were released"
            )
        obstacles = [] if self._heap.can_trim else [_CANT_TRIM]
        obstacles += [arenas.sentence()] if arenas else []
        return Change(tuple(done), "; ".join(obstacles))

    def revert(self) -> None:
        """There is nothing to put back."""
