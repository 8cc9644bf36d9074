"""Freezing what is alive, so that collections pass it over, and thawing it without touching what others have frozen."""

from __future__ import annotations

from typing import NamedTuple

from ..meters.frozen_heap import FROZEN_BY_ITSELF_MOST, is_heap_frozen
from ..meters.originals import gc


class Frozen(NamedTuple):
    """What was frozen.

    Attributes:
        before_count: objects that were frozen before.
        after_count: objects that were frozen afterwards.
    """

    before_count: int
    after_count: int


def may_freeze() -> bool:
    """Whether nobody has frozen anything: else nobody could tell whose objects a thaw would free."""
    return not is_heap_frozen()


def freeze_all() -> Frozen:
    """Freeze all that is alive; O(1)."""
    before_count = gc.get_freeze_count()
    gc.freeze()
    return Frozen(before_count, gc.get_freeze_count())


def thaw(frozen: Frozen) -> None:
    """Unfreeze, unless more is frozen than was then: that is somebody else's."""
    if gc.get_freeze_count() > frozen.after_count + FROZEN_BY_ITSELF_MOST:
        return
    gc.unfreeze()
    if frozen.before_count:
        gc.collect()  # what Python 3.12 freezes by itself is frozen again by this
