"""Interned texts, which some versions of the interpreter keep for ever: then their blocks are what a test leaks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..meters.originals import sys
from ..meters.path_names import INTERNED_ARE_KEPT
from ..meters.rounds import LeakSignal
from .ruling import Ruling
from .series import Levels

WHY: Final = "only interned texts grew, of which Python 3.12 lets go of none before 3.12.6 (gh-113993)"
_OF_TEXTS: Final = (LeakSignal.BLOCKS, LeakSignal.SMALL_BYTES, LeakSignal.HEAP_BYTES)


def interned_count() -> int | None:
    """How many texts are interned, where the interpreter lets go of none of them; ``None`` elsewhere."""
    if not INTERNED_ARE_KEPT:
        return None
    count: int = sys.getunicodeinternedsize()  # type: ignore[attr-defined,unused-ignore]  # from 3.12 on
    return count


def only_texts_grew(ruling: Ruling, series: Sequence[Levels], grown_count: int) -> bool:
    """Whether no more blocks came than texts were interned meanwhile, and nothing else grew.

    Args:
        ruling: a leak.
        series: the rounds it rests on.
        grown_count: how many texts were interned in these rounds.
    """
    blocks = next((one for one in series if one.signal is LeakSignal.BLOCKS), None)
    is_of_texts = not ruling.containers and all(signal in _OF_TEXTS for signal in ruling.signals)
    # by what a usual round adds: now and then there is one more, as when a table is renewed
    return is_of_texts and blocks is not None and 0 < blocks.per_round * len(blocks.changes) <= grown_count
