"""Queries: objects of a snapshot, narrowed down condition by condition."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from ..errors import UsageError
from ..meters.naming import type_name
from ..units import format_count, format_size, parse_size
from .conditions import Condition, InModule, NamedLike, by_type, refuse_unknown
from .containers import Parts
from .group import Selection, TypeGroup
from .records import ObjectRecord, TypeTotal

_TYPES_IN_REPR: Final = 5
_NONE: Final[Parts[str]] = Parts()


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ObjectQuery:
    """Objects of a snapshot, or of the difference of two; ``where`` gives a narrower query and changes nothing.

    It holds numbers and names, so it keeps no object alive, and tells what was at the time of the snapshot.

    Attributes:
        subject: what it started from: ``"new"``, ``"survived"``, ``"dead"`` or ``"objects"``.
        selections: the objects, by type.
        conditions: how it was narrowed down, for people.
    """

    subject: str
    selections: Parts[Selection]
    conditions: Parts[str] = _NONE

    @property
    def count(self) -> int:
        """How many objects."""
        return sum(selection.count for selection in self.selections)

    @property
    def bytes(self) -> int:
        """The sum of their own sizes by ``sys.getsizeof``."""
        return sum(selection.bytes for selection in self.selections)

    @property
    def deep_bytes(self) -> int:
        """The sum of what they hold, by Pympler; no byte is counted twice.

        Raises:
            UsageError: the snapshot was taken without ``deep=True``.
        """
        total_bytes = 0
        for selection in self.selections:
            deep_bytes = selection.deep_bytes
            if deep_bytes is None:
                raise UsageError("deep_bytes needs a snapshot that was taken with deep=True")
            total_bytes += deep_bytes
        return total_bytes

    def where(
        self,
        *,
        type: type | str | None = None,  # noqa: A002 - the word that reads best where it is called
        subclasses: bool = False,
        module: str | None = None,
        name: str | None = None,
        size_gt: int | str | None = None,
        size_lt: int | str | None = None,
        **unknown: object,
    ) -> ObjectQuery:
        """The objects that also meet these conditions, all of them.

        Args:
            type: a class, or a full type name such as ``"app.models.Session"``, which may be a glob.
            subclasses: whether instances of subclasses of ``type`` are meant too.
            module: the module of the type; a package stands for all modules inside it; may be a glob.
            name: a glob on the full type name.
            size_gt: the own size is greater than this: bytes, or a size such as ``"64 KiB"``.
            size_lt: the own size is less than this.
            **unknown: refused.

        Raises:
            QueryError: a ``TypeError``: an unknown keyword, or a type that the garbage collector doesn't track.
            SizeError: a size that isn't one.
        """
        refuse_unknown(list(unknown))
        wanted: list[Condition] = []
        said = list(self.conditions)
        if type is not None:
            wanted.append(by_type(type, subclasses=subclasses))
            said.append(f"type={_called(type)}{' and subclasses' if subclasses else ''}")
        if module is not None:
            wanted.append(InModule(module))
            said.append(f"module={module}")
        if name is not None:
            wanted.append(NamedLike(name))
            said.append(f"name={name}")
        narrowed = [one for one in self.selections if all(condition.accepts(one.group) for condition in wanted)]
        return _within(ObjectQuery(self.subject, Parts(narrowed), Parts(said)), size_gt, size_lt)

    def by_type(self) -> Parts[TypeTotal]:
        """Count and bytes of each type, those with the most bytes first."""
        counts: Counter[str] = Counter()
        sizes: Counter[str] = Counter()
        for selection in self.selections:
            counts[selection.group.name] += selection.count
            sizes[selection.group.name] += selection.bytes
        totals = (TypeTotal(name, count, sizes[name]) for name, count in counts.items() if count)
        return Parts(sorted(totals, key=lambda total: (-total.bytes, -total.count, total.type)))

    def __iter__(self) -> Iterator[ObjectRecord]:
        for selection in self.selections:
            yield from selection.records()

    def __len__(self) -> int:
        return self.count

    def __bool__(self) -> bool:
        return any(selection.count for selection in self.selections)

    def __repr__(self) -> str:
        asked = f" where {', '.join(self.conditions)}" if self.conditions else ""
        return f"<{self.subject}{asked}: {_told(self)}>"


def query_all(subject: str, groups: Iterable[TypeGroup]) -> ObjectQuery:
    """A query of every object of ``groups``."""
    return ObjectQuery(subject, Parts(map(Selection.of_all, groups)))


def _within(query: ObjectQuery, size_gt: int | str | None, size_lt: int | str | None) -> ObjectQuery:
    if size_gt is None and size_lt is None:
        return query
    above_bytes = None if size_gt is None else parse_size(size_gt, "size_gt")
    below_bytes = None if size_lt is None else parse_size(size_lt, "size_lt")
    bounds = (("size_gt", above_bytes), ("size_lt", below_bytes))
    said = (f"{keyword}={format_size(bound)}" for keyword, bound in bounds if bound is not None)
    selections = Parts(selection.between(above_bytes, below_bytes) for selection in query.selections)
    return ObjectQuery(query.subject, selections, Parts((*query.conditions, *said)))


def _called(wanted: type | str) -> str:
    return wanted if isinstance(wanted, str) else type_name(wanted)


def _told(query: ObjectQuery) -> str:
    totals = query.by_type()
    if not totals:
        return "no objects"
    count = query.count
    parts = [f"{format_count(total.count)} {total.type}" for total in totals[:_TYPES_IN_REPR]]
    if len(totals) > _TYPES_IN_REPR:
        parts.append(f"{len(totals) - _TYPES_IN_REPR} more types")
    return f"{format_count(count)} object{'s' * (count != 1)}, {format_size(query.bytes)}: {', '.join(parts)}"
