"""The figures of a test that the command shows: their names on the command line and how they read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..history.records import Metric
from ..units import format_change, format_count, format_size


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric for people.

    Attributes:
        name: on the command line and in tables, as in ``memory_limit``.
        metric: in the history.
        is_bytes: whether it is measured in bytes (else it is a count).
        step_floor: changes of level up to this are not worth a word.
    """

    name: str
    metric: Metric
    is_bytes: bool
    step_floor: int = 0

    def value_text(self, value: float) -> str:
        """A value: ``'12.0 MiB'`` or ``'30 012'``."""
        return format_size(value) if self.is_bytes else format_count(value)

    def change_text(self, change: float) -> str:
        """A change, with its sign."""
        return format_change(change) if self.is_bytes else format_count(change, signed=True)


# Pages come and go with the allocator's mood: hence the higher floor of resident memory.
FIGURES: Final[Mapping[str, Figure]] = {
    figure.name: figure
    for figure in (
        Figure("growth", Metric.GROWTH, is_bytes=True, step_floor=1024),
        Figure("peak", Metric.PEAK, is_bytes=True, step_floor=1024),
        Figure("rss", Metric.PEAK_RSS, is_bytes=True, step_floor=256 * 1024),
        Figure("objects", Metric.OBJECTS, is_bytes=False),
        Figure("blocks", Metric.BLOCKS, is_bytes=False),
    )
}
