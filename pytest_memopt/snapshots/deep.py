"""Deep sizes, by Pympler: what each object holds, with no byte counted twice."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

from ..meters.originals import gc
from ..meters.referents import referents
from .containers import Column
from .kinds import is_static
from .lots import Lot, sort_by_class
from .reading import Scope
from .sizes import size_bytes_of

# Where Pympler remembers, for ever, each class that it meets, and the class itself with it.
_MEMORIES: Final = ("_typedefs", "_claskeys")


@dataclass(frozen=True, slots=True, eq=False)
class DeepSizes:
    """What was found.

    Attributes:
        columns: deep sizes in bytes for each lot, in the order of its objects.
        failed_count: objects that Pympler failed on; theirs is the own size.
    """

    columns: list[Column]
    failed_count: int


def import_pympler() -> ModuleType:
    """Pympler's ``asizeof``: imported on demand only, before a reading, so that it isn't part of one."""
    from pympler import asizeof

    module: ModuleType = asizeof
    return module


def create_dicts(objects: list[object]) -> None:
    """Have each instance create its ``__dict__``, before the reading.

    Pympler does that to whatever it looks at. Done beforehand, the next snapshot doesn't take those dicts for new.
    """
    for lot in sort_by_class(objects):
        if _is_builtin_part(lot.cls):
            continue
        for one in lot.objects:
            with suppress(Exception):  # a class without one, or with a property of that name
                object.__getattribute__(one, "__dict__")


def deep_sizes(asizeof: ModuleType, lots: list[Lot], scope: Scope) -> DeepSizes:
    """The deep size of each object: its own, and that of all it holds which is no object of a run-time class.

    So a session is charged for its strings, lists and dicts, but not for the user it refers to, which has a deep size
    of its own. What several hold is charged to the first; a list or dict that was charged to its holder has 0. What
    is older than the freeze is not followed.

    Pympler creates the ``__dict__`` of each instance that it looks at (CPython 3.11 and later keep attributes without
    one), some 64 B an instance that stay as long as the instance.
    """
    memories: list[dict[object, object]] = [getattr(asizeof, name, {}) for name in _MEMORIES]
    known = list(map(set, memories))
    try:
        return _measure(asizeof.Asizer(), lots, scope)
    finally:
        for memory, keys in zip(memories, known, strict=True):
            for met in memory.keys() - keys:
                del memory[met]


def _measure(asizer: Any, lots: list[Lot], scope: Scope) -> DeepSizes:
    if scope is Scope.SINCE_FREEZE:
        asizer.exclude_refs(*_older_neighbours(lots))
    accounts = [lot for lot in lots if not _is_builtin_part(lot.cls)]
    asizer.exclude_refs(*(one for lot in accounts for one in lot.objects))
    columns = {id(lot): Column("q") for lot in lots}
    failed_count = 0
    for lot in accounts + [lot for lot in lots if _is_builtin_part(lot.cls)]:
        for one in lot.objects:
            try:
                size_bytes = asizer.asizeof(one)
            except (KeyboardInterrupt, SystemExit):
                raise
            except BaseException:  # noqa: BLE001 - "negative base", and whatever the attributes of a class raise: pytest's
                # marks end the test, by an exception that is no Exception, when they are asked for an unknown one
                size_bytes = size_bytes_of(one)
                failed_count += 1
            columns[id(lot)].append(size_bytes)
    return DeepSizes(list(columns.values()), failed_count)


def _is_builtin_part(cls: type) -> bool:
    """Whether objects of ``cls`` are charged to who holds them: containers and the like, not instances of classes."""
    return is_static(cls) or issubclass(cls, type)


def _older_neighbours(lots: list[Lot]) -> list[object]:
    """Tracked objects that the new ones refer to directly, but that aren't new: every way to the old heap."""
    objects = [one for lot in lots for one in lot.objects]
    new = set(map(id, objects))
    return [one for one in referents(*objects) if id(one) not in new and gc.is_tracked(one)]
