"""Leaving the snapshots themselves out of what a snapshot sees."""

from __future__ import annotations

import weakref

from ..meters.naming import module_name
from .containers import Stamps
from .kinds import class_key
from .lots import Lot
from .snapshot import Snapshot


def earlier_snapshots(lots: list[Lot]) -> list[Snapshot]:
    """The snapshots that are alive and in sight."""
    return [one for lot in lots if lot.cls is Snapshot for one in lot.objects if isinstance(one, Snapshot)]


def without_own(lots: list[Lot]) -> list[Lot]:
    """The lots without all that snapshots, their differences and queries consist of."""
    made: set[int] = set()
    for snapshot in earlier_snapshots(lots):
        made |= _made_references(snapshot)
    kept = [lot for lot in lots if not module_name(lot.cls).startswith(f"{__package__}.")]
    if made:
        kept = [_without(lot, made) if lot.cls is weakref.ref else lot for lot in kept]
    return [lot for lot in kept if lot.objects]


def _without(lot: Lot, hidden: set[int]) -> Lot:
    return Lot(lot.cls, [one for one in lot.objects if id(one) not in hidden])


def _made_references(snapshot: Snapshot) -> set[int]:
    """Addresses of the weak references that exist because of ``snapshot``: those that it did not see itself."""
    reference_key = class_key(weakref.ref)
    made: set[int] = set()
    for identities in snapshot.identities:
        if isinstance(identities.values, Stamps):
            made.update(identities.tokens())
    for group, identities in snapshot.columns():
        if group.key == reference_key:
            made.difference_update(identities.tokens())
    return made
