"""A snapshot: what was alive at one moment, as numbers and names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..units import format_count, format_size
from .containers import Column, Parts
from .diff import SnapshotDiff, compare
from .group import TypeGroup
from .identity import Identities
from .query import ObjectQuery, query_all
from .reading import Scope
from .records import TypeTotal


@dataclass(frozen=True, slots=True, eq=False, repr=False, kw_only=True)
class Snapshot:
    """What was alive when it was taken; made by ``take_snapshot``.

    It keeps no object alive, and neither it nor anything it consists of appears in a later snapshot. While it is held,
    so is one weak reference to each object whose class allows that (see ``Identities``).

    Attributes:
        groups: the objects by type.
        identities: who they are, in the order of ``groups``.
        scope: which objects it could see.
        taken_ns: when it was taken, by the performance counter.
        witnesses: addresses of earlier snapshots that were in sight: nothing was frozen between those and this one.
        counted: exact bytes in use before it was made and after; ``None`` where no counter was given.
        unsized_count: objects whose deep size Pympler failed on; theirs is the own size.
    """

    groups: Parts[TypeGroup]
    identities: Parts[Identities]
    scope: Scope
    taken_ns: int
    witnesses: Column
    counted: Column | None = None
    unsized_count: int = 0

    @property
    def count(self) -> int:
        """How many objects."""
        return sum(group.count for group in self.groups)

    @property
    def bytes(self) -> int:
        """The sum of their own sizes by ``sys.getsizeof``."""
        return sum(group.bytes for group in self.groups)

    @property
    def objects(self) -> ObjectQuery:
        """All objects, as a query."""
        return query_all("objects", self.groups)

    def where(self, **conditions: Any) -> ObjectQuery:
        """The objects that meet the conditions; see ``ObjectQuery.where``."""
        return self.objects.where(**conditions)

    def by_type(self) -> Parts[TypeTotal]:
        """Count and bytes of each type, those with the most bytes first."""
        return self.objects.by_type()

    def columns(self) -> Iterator[tuple[TypeGroup, Identities]]:
        """The objects of each type, with their identities."""
        return zip(self.groups, self.identities, strict=True)

    def compare_to(self, older: Snapshot) -> SnapshotDiff:
        """What changed since ``older``; ``newer - older`` is the same.

        Raises:
            UsageError: ``older`` is the newer one, or the two could not see the same objects.
        """
        return compare(older, self)

    def __sub__(self, older: object) -> SnapshotDiff:
        return compare(older, self) if isinstance(older, Snapshot) else NotImplemented

    def __len__(self) -> int:
        return self.count

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        unsized = f", {self.unsized_count} without a deep size" if self.unsized_count else ""
        types = format_count(len(self.groups))
        size = f"{format_count(self.count)} objects of {types} types, {format_size(self.bytes)}{unsized}"
        return f"<Snapshot: {size}, {self.scope.value}>"
