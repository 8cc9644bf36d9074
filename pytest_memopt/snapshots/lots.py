"""Objects sorted by their class, while a snapshot is being made of them."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from .kinds import is_hashed_by_address


@dataclass(frozen=True, slots=True, eq=False)
class Lot:
    """All objects of one class, at least one; lives only as long as the snapshot is being made."""

    cls: type
    objects: list[object]


def sort_by_class(objects: list[object]) -> list[Lot]:
    """One lot for each class, in the order of first appearance."""
    lots = _sort_hashed(objects)
    return _sort_by_address(objects) if lots is None else lots


def _sort_hashed(objects: list[object]) -> list[Lot] | None:
    """The fast way; ``None`` where some metaclass hashes or compares its classes in its own way."""
    found: dict[type, list[object]] = defaultdict(list)
    try:
        for one in objects:
            found[type(one)].append(one)
    except Exception:  # noqa: BLE001 - whatever a metaclass raises as a hash
        return None
    return [Lot(cls, lot) for cls, lot in found.items()] if all(map(is_hashed_by_address, found)) else None


def _sort_by_address(objects: list[object]) -> list[Lot]:
    found: dict[int, list[object]] = defaultdict(list)
    for one in objects:
        found[id(type(one))].append(one)
    return [Lot(type(lot[0]), lot) for lot in found.values()]
