"""Reading what the garbage collector tracks, whether or not something is frozen."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from itertools import repeat
from operator import is_

from ..meters.originals import gc


class Scope(str, Enum):
    """Which objects a snapshot could see; the value says it to people."""

    WHOLE = "of all tracked objects"
    SINCE_FREEZE = "of objects made since the last gc.freeze()"


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The objects at one moment.

    Attributes:
        objects: alive and tracked; the reader must let go of them.
        scope: whether frozen objects are among them.
        in_use_bytes: what the caller's counter read just before.
    """

    objects: list[object]
    scope: Scope
    in_use_bytes: int | None


def read_tracked(*, whole: bool, bytes_in_use: Callable[[], int] | None = None) -> Reading:
    """Collect garbage, then list what is tracked.

    Frozen objects are left out, as by ``gc.get_objects``. With ``whole`` they are thawed for the reading and frozen
    again after it, together with all that was made since the first freeze.
    """
    if not whole or _has_oldest(gc.get_objects()):
        return _read(bytes_in_use)
    gc.unfreeze()
    try:
        return _read(bytes_in_use)
    finally:
        gc.freeze()


def _read(bytes_in_use: Callable[[], int] | None) -> Reading:
    gc.collect()
    in_use_bytes = None if bytes_in_use is None else bytes_in_use()
    objects = gc.get_objects()
    return Reading(objects, Scope.WHOLE if _has_oldest(objects) else Scope.SINCE_FREEZE, in_use_bytes)


def _has_oldest(objects: list[object]) -> bool:
    """Whether the module ``sys``, as old as the interpreter, is in ``objects``: not so after a freeze.

    ``gc.get_freeze_count`` would walk all that is frozen, where this walks the few that are new; and it isn't 0 on
    CPython 3.12, which freezes some objects of its own.
    """
    return any(map(is_, objects, repeat(sys)))
