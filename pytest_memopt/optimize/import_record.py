"""One import while it is going on, and how the records of many become a tree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from .import_cost import ImportCost, ImportEdge, ImportOutcome, ImportSite, ImportTree


class ImportRecord:
    """What is noted of one import; changed by the ledger alone.

    Attributes:
        module: its full name.
        importer: the line that asked for it.
        parent: the import inside of which it began.
        own_bytes: charged so far.
        own_s: charged so far.
        outcome: how it ended, if it has.
        same_as: the record of the import that loaded this very module inside of this one: a package that imports
            the submodule for whose sake it is loaded.
        asked: names of the modules that it asked for.
    """

    __slots__ = ("asked", "importer", "module", "outcome", "own_bytes", "own_s", "parent", "same_as")

    def __init__(self, module: str, importer: ImportSite, parent: ImportRecord | None) -> None:
        self.module = module
        self.importer = importer
        self.parent = parent
        self.own_bytes = 0
        self.own_s = 0.0
        self.outcome = ImportOutcome.UNFINISHED
        self.same_as: ImportRecord | None = None
        self.asked: set[str] = set()


def tree_of(
    records: Sequence[ImportRecord], asked_outside: Iterable[str] = (), *, is_exact: bool = True, why: str = ""
) -> ImportTree:
    """The tree of ``records``, which are in the order in which their imports began.

    Args:
        records: all of them; those that belong to another record of the same module are charged to that one.
        asked_outside: names of the modules that were asked for while no other was being loaded.
        is_exact: whether bytes are counted.
        why: what makes them an estimate.
    """
    children: dict[ImportRecord | None, list[ImportRecord]] = {None: []}
    for record in records:
        if record.same_as is None:
            children.setdefault(_standing(record.parent), []).append(record)
        else:
            record.same_as.own_bytes += record.own_bytes
            record.same_as.own_s += record.own_s
            record.same_as.asked |= record.asked
    edges = {ImportEdge(None, name) for name in asked_outside}
    costs: list[ImportCost] = []
    for root in children[None]:
        _append(costs, edges, root, children, 0)
    return ImportTree(tuple(costs), frozenset(edges), is_exact, why)


def _standing(record: ImportRecord | None) -> ImportRecord | None:
    """The innermost enclosing import that isn't the same as one inside of it."""
    while record is not None and record.same_as is not None:
        record = record.parent
    return record


def _append(
    costs: list[ImportCost],
    edges: set[ImportEdge],
    record: ImportRecord,
    children: dict[ImportRecord | None, list[ImportRecord]],
    depth: int,
) -> tuple[int, float]:
    """Add the cost of ``record`` and, behind it, all that began inside of it; gives its totals."""
    place = len(costs)
    parent = _standing(record.parent)
    edges.add(ImportEdge(None if parent is None else parent.module, record.module))
    edges.update(ImportEdge(record.module, name) for name in record.asked if name != record.module)
    cost = ImportCost(record.module, record.own_bytes, 0, record.own_s, 0.0, record.importer, depth, record.outcome)
    costs.append(cost)
    total_bytes, total_s = record.own_bytes, record.own_s
    for child in children.get(record, ()):
        child_bytes, child_s = _append(costs, edges, child, children, depth + 1)
        total_bytes += child_bytes
        total_s += child_s
    costs[place] = cost._replace(total_bytes=total_bytes, total_s=total_s)
    return total_bytes, total_s
