"""What imports cost, as plain data that JSON can carry, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .import_cost import ImportCost, ImportEdge, ImportOutcome, ImportSite, ImportTree


def to_wire(tree: ImportTree) -> dict[str, Any]:
    """``tree`` in lists and dictionaries."""
    return {
        "costs": [
            {**cost._asdict(), "importer": list(cost.importer), "outcome": cost.outcome.value} for cost in tree.costs
        ],
        "edges": sorted(
            ([edge.importer, edge.module] for edge in tree.edges), key=lambda pair: (pair[0] or "", pair[1])
        ),
        "is_exact": tree.is_exact,
        "why": tree.why,
    }


def from_wire(data: Mapping[str, Any]) -> ImportTree:
    """The tree that ``to_wire`` made ``data`` of.

    Raises:
        KeyError, TypeError, ValueError: for what it didn't make.
    """
    costs = tuple(
        ImportCost(**{**cost, "importer": ImportSite(*cost["importer"]), "outcome": ImportOutcome(cost["outcome"])})
        for cost in data["costs"]
    )
    edges = frozenset(ImportEdge(importer, module) for importer, module in data["edges"])
    return ImportTree(costs, edges, data["is_exact"], data["why"])
