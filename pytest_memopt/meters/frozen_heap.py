"""Whether somebody has frozen the heap (``gc.freeze``), which one Python does by itself to a small part of it."""

from __future__ import annotations

import sys
from typing import Final

from .originals import gc

# Python 3.12 freezes what is immortal at each full collection by itself: some hundreds; an empty interpreter has 4 700
FROZEN_BY_ITSELF_MOST: Final = 2000 if sys.version_info[:2] == (3, 12) else 0


def is_heap_frozen() -> bool:
    """Whether more is frozen than the interpreter freezes by itself."""
    return gc.get_freeze_count() > FROZEN_BY_ITSELF_MOST


def freeze_again() -> None:
    """Freeze a heap that was frozen before, without what became garbage since: nobody would find it among the frozen."""
    gc.collect()
    gc.freeze()
