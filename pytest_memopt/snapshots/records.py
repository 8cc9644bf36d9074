"""What queries hand out: one object, or all objects of one type, as numbers and names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """An object as it was when the snapshot was taken.

    Attributes:
        type: the full name of its type, as in ``app.models.Session`` (builtins without a module).
        module: the module of its type.
        size_bytes: its own size by ``sys.getsizeof``; what it refers to is not in it.
        deep_bytes: what it holds, by Pympler; ``None`` unless the snapshot was taken with ``deep=True``.
    """

    type: str
    module: str
    size_bytes: int
    deep_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class TypeTotal:
    """The objects of one type in a query.

    Attributes:
        type: the type's full name.
        count: how many objects.
        bytes: the sum of their own sizes.
    """

    type: str
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class TypeChange:
    """How one type changed between two snapshots.

    Attributes:
        type: the type's full name.
        count: objects more (less, where negative) than in the older snapshot.
        bytes: bytes more: the own sizes of what is new, less those of what died, plus what survivors grew by.
    """

    type: str
    count: int
    bytes: int
