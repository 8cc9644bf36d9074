"""What the instruments say of themselves: which are in use, and what they read of nothing."""

from __future__ import annotations

from typing import NamedTuple


class Floor(NamedTuple):
    """What an empty window reads: the instrument's own footprint, which every figure was checked against.

    Attributes:
        growth_bytes, blocks, objects: the largest value seen in the calibration, 0 when all is well.
        windows: how many empty windows were measured.
        cost_s: the median time of one empty window.
    """

    growth_bytes: int = 0
    blocks: int = 0
    objects: int = 0
    windows: int = 0
    cost_s: float = 0.0


class MeterStatus(NamedTuple):
    """One line of the header: a meter, and whether (and by what) it reads here.

    Attributes:
        name: ``small blocks``, ``C heap``, ``peak RSS``, ...
        available: whether it gives readings here.
        how: by what means (``"kernel"``, ``"psutil"``, ...), or why it is missing.
        exact: whether its readings are counts, not estimates.
    """

    name: str
    available: bool
    how: str
    exact: bool = True
