"""The difference of two snapshots: what is new, what survived, what died."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ..errors import UsageError
from ..units import format_change, format_count
from .containers import Parts
from .group import Selection, TypeGroup
from .identity import split
from .query import ObjectQuery
from .reading import Scope
from .records import TypeChange

if TYPE_CHECKING:
    from .snapshot import Snapshot

_TYPES_IN_REPR: Final = 5


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class SnapshotDiff:
    """What changed from an older snapshot to a newer one; numbers and names, so it keeps nothing alive.

    Attributes:
        new: objects that only the newer snapshot saw.
        survived: objects that both saw; their sizes are those of the newer one.
        dead: objects that only the older snapshot saw.
        bytes: net bytes. Counted exactly, strings and native memory included, where both snapshots were given a
            counter (as the ``memory_snapshot`` fixture does); else the change of the sum of own sizes.
        exact: whether ``bytes`` was counted.
        scope: which objects the two could see.
    """

    new: ObjectQuery
    survived: ObjectQuery
    dead: ObjectQuery
    bytes: int
    exact: bool
    scope: Scope
    changes: Parts[TypeChange]

    @property
    def count(self) -> int:
        """Net objects: the new ones less the dead ones."""
        return self.new.count - self.dead.count

    def by_type(self) -> Parts[TypeChange]:
        """The types that changed in number or size, the largest change in bytes first."""
        return self.changes

    def __repr__(self) -> str:
        said = [
            f"{format_count(change.count, signed=True)} {change.type} ({format_change(change.bytes)})"
            for change in self.changes
        ]
        if len(said) > _TYPES_IN_REPR:
            said[_TYPES_IN_REPR:] = [f"{len(said) - _TYPES_IN_REPR} more types"]
        net = (
            f"{format_count(self.count, signed=True)} objects, {'' if self.exact else '≈ '}{format_change(self.bytes)}"
        )
        lots = f"{self.new.count} new, {self.survived.count} survived, {self.dead.count} dead"
        return f"<SnapshotDiff {net}: {lots} {self.scope.value}; {', '.join(said) or 'no type changed'}>"


def compare(older: Snapshot, newer: Snapshot) -> SnapshotDiff:
    """What changed from ``older`` to ``newer``.

    Raises:
        UsageError: ``newer`` is the older one, or the two could not see the same objects.
    """
    _refuse_unlike(older, newer)
    new, survived, dead = [], [], []
    before = {group.key: (group, identities) for group, identities in older.columns()}
    for group, identities in newer.columns():
        if group.key not in before:
            new.append(Selection.of_all(group))
            continue
        old_group, old_identities = before.pop(group.key)
        parts = split(old_identities, identities)
        new.append(Selection(group, parts.new))
        survived.append(Selection(group, parts.survived))
        dead.append(Selection(old_group, parts.dead))
    dead.extend(Selection.of_all(group) for group, _ in before.values())
    is_exact = older.counted is not None and newer.counted is not None
    return SnapshotDiff(
        new=_query("new", new),
        survived=_query("survived", survived),
        dead=_query("dead", dead),
        bytes=_net_bytes(older, newer),
        exact=is_exact,
        scope=newer.scope,
        changes=_changes(older.groups, newer.groups),
    )


def _refuse_unlike(older: Snapshot, newer: Snapshot) -> None:
    if older.taken_ns > newer.taken_ns:
        raise UsageError("the snapshot to compare with is the newer one of the two; write newer - older")
    if older.scope is not newer.scope:
        raise UsageError(
            f"one snapshot is {older.scope.value}, the other {newer.scope.value}; take both with whole=True, or both without"
        )
    if newer.scope is Scope.SINCE_FREEZE and older is not newer and id(older) not in newer.witnesses:
        raise UsageError(
            "gc.freeze() was called between the two snapshots, so the newer one can't see what the older one saw; "
            "take both within one test, or both with whole=True"
        )


def _query(subject: str, selections: list[Selection]) -> ObjectQuery:
    return ObjectQuery(subject, Parts(selection for selection in selections if selection.count))


def _net_bytes(older: Snapshot, newer: Snapshot) -> int:
    if older.counted is None or newer.counted is None:
        return newer.bytes - older.bytes
    if older is newer:
        return 0
    return newer.counted[0] - older.counted[1]


def _changes(older: Parts[TypeGroup], newer: Parts[TypeGroup]) -> Parts[TypeChange]:
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    for sign, groups in ((-1, older), (1, newer)):
        for group in groups:
            counts[group.name] += sign * group.count
            sizes[group.name] += sign * group.bytes
    changed = (TypeChange(name, counts[name], sizes[name]) for name in counts if counts[name] or sizes[name])
    return Parts(sorted(changed, key=lambda change: (-abs(change.bytes), -abs(change.count), change.type)))
