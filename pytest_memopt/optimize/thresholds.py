"""From where on memory is a problem: the figures against which a process is held."""

from __future__ import annotations

from typing import NamedTuple


class Thresholds(NamedTuple):
    """What a process may reach before it is an issue, or a reason to optimise.

    Attributes:
        in_use_bytes: bytes in use.
        growth_bytes: growth of them since the first look.
        fragmentation_ratio: share of what the allocators hold that nobody uses.
        objects_count: objects that the garbage collector tracks.
        collections_count: collections since the first look.
    """

    in_use_bytes: int = 1_000_000_000
    growth_bytes: int = 100_000_000
    fragmentation_ratio: float = 0.5
    objects_count: int = 100_000
    collections_count: int = 100
