"""When the interpreter is to look for garbage: thresholds chosen from how fast objects were made, and how many survived (pure)."""

from __future__ import annotations

import math
from typing import Final

from .collection_counter import CollectionStatistics

COLLECTIONS_MIN: Final = 20
SHARE_WANTED_RATIO: Final = 0.01
_YOUNG_MOST: Final = 100_000
_GARBAGE_MOST: Final = 20_000
_OLDER_MOST: Final = 100

GcThresholds = tuple[int, ...]


def choose_thresholds(statistics: CollectionStatistics, current: GcThresholds) -> GcThresholds:
    """Thresholds with which futile collections should take a hundredth of the time; ``current`` where they do.

    What looks at garbage is not futile, so the time counts by the share of the new objects that were none. Young objects are looked at more rarely in proportion to the excess, but never so rarely that more than 20 000 pieces
    of garbage wait meanwhile, by the share of the new that was garbage, nor than every 100 000 objects. Where older
    generations take more than half of the time, they are looked at more rarely by the same rule. A threshold never falls.

    Args:
        statistics: of a stretch of the program's usual work; at least 20 collections.
        current: what ``gc.get_threshold`` gives; a first one of 0 says that nothing is to be collected, and stays.
    """
    young, *older = current
    excess = statistics.share_ratio * statistics.survival_ratio / SHARE_WANTED_RATIO
    if young <= 0 or excess <= 1 or sum(statistics.counts) < COLLECTIONS_MIN:
        return current
    garbage_ratio = 1 - statistics.survival_ratio
    most = min(_YOUNG_MOST, round(_GARBAGE_MOST / garbage_ratio) if garbage_ratio else _YOUNG_MOST)
    chosen = max(young, min(most, math.ceil(young * excess)))
    if sum(statistics.seconds[1:]) <= statistics.seconds[0]:
        return (chosen, *older)
    middle = max(older[0], min(_OLDER_MOST, math.ceil(older[0] * excess)))
    return (chosen, middle, *older[1:])
