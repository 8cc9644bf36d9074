"""What imports cost: the values, and what can be asked of them."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple


class ImportOutcome(str, Enum):
    """How an import ended."""

    LOADED = "loaded"
    FAILED = "failed"
    UNFINISHED = "unfinished"


class ImportSite(NamedTuple):
    """The line that imported something.

    Attributes:
        module: the module that the line belongs to.
        path: its file, as the interpreter names it.
        line: its number.
    """

    module: str
    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


class ImportCost(NamedTuple):
    """What loading one module cost.

    Attributes:
        module: its full name.
        own_bytes: heap (small blocks, C heap, memory maps of ``malloc``) that the module itself took; below 0 where
            garbage of others was freed meanwhile. The code of shared libraries is no heap.
        total_bytes: the same with all modules that were loaded on the way.
        own_s: seconds for the module itself, waiting for other threads included.
        total_s: the same with all modules that were loaded on the way.
        importer: the line that imported it first.
        depth: how many imports it was loaded inside of; 0 for what was not imported on the way to something else.
        outcome: how it ended; one that failed took memory and time too.
    """

    module: str
    own_bytes: int
    total_bytes: int
    own_s: float
    total_s: float
    importer: ImportSite
    depth: int
    outcome: ImportOutcome = ImportOutcome.LOADED


class ImportEdge(NamedTuple):
    """That one module was asked for while another one was being loaded.

    Attributes:
        importer: the module that was being loaded; ``None`` where none was.
        module: what was asked for, whether it had to be loaded or was there already.
    """

    importer: str | None
    module: str


class ImportTree(NamedTuple):
    """What was imported while it was measured.

    Attributes:
        costs: one for each import, each after the one inside of which it began.
        edges: who asked for what, each pair once.
        is_exact: whether bytes are counted, not estimated.
        why: what makes them an estimate; empty where nothing does.
    """

    costs: tuple[ImportCost, ...]
    edges: frozenset[ImportEdge] = frozenset()
    is_exact: bool = True
    why: str = ""

    @property
    def total_bytes(self) -> int:
        """Bytes of all imports together, each byte once."""
        return sum(cost.own_bytes for cost in self.costs)

    @property
    def total_s(self) -> float:
        """Seconds of all imports together; those of threads that imported at the same time are added up."""
        return sum(cost.own_s for cost in self.costs)

    def by_cost(self) -> tuple[ImportCost, ...]:
        """The most expensive imports first: by their bytes with all that came with them, then by seconds."""
        return tuple(sorted(self.costs, key=lambda cost: (-cost.total_bytes, -cost.total_s, cost.module)))

    def by_own_cost(self) -> tuple[ImportCost, ...]:
        """The imports that took most themselves first: bytes, then seconds."""
        return tuple(sorted(self.costs, key=lambda cost: (-cost.own_bytes, -cost.own_s, cost.module)))

    def of(self, module: str) -> ImportCost:
        """The cost of ``module``, when it was imported first.

        Raises:
            KeyError: where it was not imported meanwhile, which says why where that is known.
        """
        for cost in self.costs:
            if cost.module == module:
                return cost
        why = "it was loaded already" if module in self.reused else "nothing imported it"
        raise KeyError(f"the import of {module!r} was not measured: {why}")

    @property
    def reused(self) -> tuple[str, ...]:
        """Modules that were asked for and cost nothing, as they were loaded before; by name."""
        loaded = {cost.module for cost in self.costs}
        return tuple(sorted({edge.module for edge in self.edges} - loaded))

    def reused_by(self, module: str) -> tuple[str, ...]:
        """What ``module``, and all that was loaded on the way, found loaded already: its cost in a fresh process is higher.

        Raises:
            KeyError: as for `of`.
        """
        loaded = {cost.module for cost in self._inside(self.of(module))}
        asked = {edge.module for edge in self.edges if edge.importer in loaded}
        return tuple(sorted(asked - loaded))

    def _inside(self, root: ImportCost) -> Iterator[ImportCost]:
        start = self.costs.index(root)
        yield root
        for cost in self.costs[start + 1 :]:
            if cost.depth <= root.depth:
                return
            yield cost
