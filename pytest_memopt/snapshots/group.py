"""The columns of a snapshot: all objects of one type as numbers, and selections of their rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from .containers import Column, Rows
from .records import ObjectRecord
from .sizes import OwnSizes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class TypeGroup:
    """All objects of one type in a snapshot; each is one row of the columns.

    Attributes:
        name: the type's full name.
        module: the type's module.
        lineage: the keys of the type and its bases (see ``kinds.class_key``), its own first.
        count: how many objects.
        sizes: their own sizes.
        deep: deep sizes in bytes; ``None`` unless asked for.
    """

    name: str
    module: str
    lineage: Column
    count: int
    sizes: OwnSizes
    deep: Column | None = None

    @property
    def key(self) -> int:
        """What stands for the type."""
        return self.lineage[0]

    @property
    def bytes(self) -> int:
        """The sum of the own sizes."""
        return self.sizes.total(range(self.count))


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Some rows of a group."""

    group: TypeGroup
    rows: Rows

    @classmethod
    def of_all(cls, group: TypeGroup) -> Selection:
        """Every row."""
        return cls(group, range(group.count))

    @property
    def count(self) -> int:
        """How many rows."""
        return len(self.rows)

    @property
    def bytes(self) -> int:
        """The sum of their own sizes."""
        return self.group.sizes.total(self.rows)

    @property
    def deep_bytes(self) -> int | None:
        """The sum of their deep sizes; ``None`` where they weren't asked for."""
        deep = self.group.deep
        return None if deep is None else sum(map(deep.__getitem__, self.rows))

    def between(self, above_bytes: int | None, below_bytes: int | None) -> Selection:
        """The rows whose own size lies strictly between the bounds; ``None`` is no bound."""
        low = -inf if above_bytes is None else above_bytes
        high = inf if below_bytes is None else below_bytes
        size_at = self.group.sizes.at
        return Selection(self.group, Column("L", [row for row in self.rows if low < size_at(row) < high]))

    def records(self) -> Iterator[ObjectRecord]:
        """Each row as a record."""
        group = self.group
        for row in self.rows:
            deep_bytes = None if group.deep is None else group.deep[row]
            yield ObjectRecord(group.name, group.module, group.sizes.at(row), deep_bytes)
