"""A series of numbers as one word of block characters."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite
from typing import Final

BLOCKS: Final = "▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float], width: int = 8) -> str:
    """``values``, oldest first, drawn as at most ``width`` blocks between their lowest and their highest.

    A longer series is thinned: each block then stands for the highest value of its share, so that no peak is lost.
    A constant series is all low blocks, an empty one is ``""``; values that aren't finite are left out.
    """
    points = _thinned([value for value in values if isfinite(value)], width)
    if not points:
        return ""
    low, high = min(points), max(points)
    if low == high:
        return BLOCKS[0] * len(points)
    top = len(BLOCKS) - 1
    # Halves first: the span of two huge floats of unlike sign is not finite.
    span = high / 2 - low / 2
    return "".join(BLOCKS[round((point / 2 - low / 2) / span * top)] if span else BLOCKS[0] for point in points)


def _thinned(values: Sequence[float], width: int) -> list[float]:
    """At most ``width`` values: the highest of each of ``width`` shares of nearly equal length."""
    if len(values) <= width:
        return list(values)
    edges = [len(values) * index // width for index in range(width + 1)]
    return [max(values[start:end]) for start, end in pairwise(edges)]
