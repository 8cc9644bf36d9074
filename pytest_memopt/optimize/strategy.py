"""The seam of the optimizer: what a strategy must offer, and what it is told of the process."""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

from .collection_counter import CollectionStatistics
from .outcome import Change
from .readings import Reading
from .thresholds import Thresholds


class MemoryState(NamedTuple):
    """What a strategy decides by.

    Attributes:
        reading: the memory at a settled point.
        tracked_count: objects that the garbage collector looks at in a full collection.
        thresholds: from where on memory is a problem.
        collections: the collections of the time that was watched; ``None`` where none was.
    """

    reading: Reading
    tracked_count: int
    thresholds: Thresholds = Thresholds()
    collections: CollectionStatistics | None = None


@runtime_checkable
class OptimizationStrategy(Protocol):
    """Something that may lower the memory or the time that this process takes.

    It changes, and the optimizer judges: memory is read before and after ``apply`` at settled points, and what did not
    help is reverted. So it claims nothing for itself. ``apply`` may raise anything, also half-way: then it is reverted
    too, and the others go on.

    Attributes:
        name: how outcomes call it; one word, unique among the strategies.
    """

    @property
    def name(self) -> str:
        """How outcomes call it."""
        ...

    def is_called_for(self, state: MemoryState) -> str | None:
        """The reason for trying it now, as part of a sentence; ``None`` where there is none."""
        ...

    def apply(self) -> Change:
        """Do it, and tell what was changed."""
        ...

    def revert(self) -> None:
        """Put back what ``apply`` altered, all or the half of it; harmless where nothing was."""
        ...
