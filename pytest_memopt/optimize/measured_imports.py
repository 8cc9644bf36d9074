"""Measuring the imports of a block of code: from the hooks' installation to the result."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from ..errors import MeterError
from ..meters.originals import gc
from .heap_bytes import HeapBytes
from .import_cost import ImportCost, ImportTree
from .import_hooks import ImportHooks
from .import_ledger import ImportLedger


class MeasuredImports:
    """What the imports of one block cost; can be asked when the block is over, and not before."""

    __slots__ = ("_tree",)

    def __init__(self) -> None:
        self._tree: ImportTree | None = None

    @property
    def tree(self) -> ImportTree:
        """All of it, as a value.

        Raises:
            MeterError: while the block is running; so do the others.
        """
        if self._tree is None:
            raise MeterError("imports are still being measured: what they cost is known when their `with` has ended")
        return self._tree

    @property
    def total_bytes(self) -> int:
        """Bytes of all imports together, each byte once."""
        return self.tree.total_bytes

    @property
    def total_s(self) -> float:
        """Seconds of all imports together."""
        return self.tree.total_s

    def by_cost(self) -> tuple[ImportCost, ...]:
        """The most expensive imports first, with all that came with them."""
        return self.tree.by_cost()

    def of(self, module: str) -> ImportCost:
        """The cost of one module.

        Raises:
            KeyError: where it was not imported in the block, which says why where that is known.
        """
        return self.tree.of(module)

    def __repr__(self) -> str:
        if self._tree is None:
            return "<MeasuredImports of a block that is not over>"
        return f"<MeasuredImports modules={len(self._tree.costs)} total_bytes={self.total_bytes}>"

    def _end(self, tree: ImportTree) -> None:
        self._tree = tree


@contextmanager
def measure_imports() -> Generator[MeasuredImports, None, None]:
    """Measure what each module that is imported in a ``with`` block costs: bytes of heap, exact, and seconds.

    ``with measure_imports() as costs: import numpy``, then ``costs.of("numpy")``. A module that is loaded already costs
    nothing, and is told by ``costs.tree.reused``. Garbage is collected once, before; what garbage the imports leave is
    charged to them, and so is what other threads allocate meanwhile. Not charged: ``importlib.reload``, and modules that
    are made and executed by hand (lazy ones; pytest's test modules under ``--import-mode=importlib``). What those import
    is. Where Python has no bytecode of a module yet, compiling it is part of the cost: measure again.

    Whatever ends the block, the import functions are as they were before.

    Raises:
        MeterError: where this interpreter's imports can't be measured.
    """
    heap = HeapBytes()
    measured = MeasuredImports()
    ledger = ImportLedger(heap.read)
    hooks = ImportHooks(ledger)
    gc.collect()
    try:
        hooks.install()
        yield measured
    finally:
        hooks.remove()
        ledger.finish()
        measured._end(ledger.tree(heap.why))  # noqa: SLF001 - it is made here, for those who ask
