"""Clues to the lines behind a leak: tracemalloc for what Python allocates, watching each line for the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from ..meters.allocation_lines import lines_of_what_is_left, remembered_lines, site_of
from ..meters.measurement import Site
from ..meters.rounds import LeakSignal
from .growing_line import growing_line
from .native_stack import native_stack

_LEAST_SHARE: Final = 0.5  # of what a round leaves: a line that explains less is not the one


class LineClues:
    """Tells lines as people write them, with paths below ``root`` relative to it."""

    def __init__(self, run: Callable[[], object], counters: Mapping[LeakSignal, Callable[[], int]], root: Path) -> None:
        """Prepare.

        Args:
            run: one round of the workload.
            counters: what can be read between two lines.
            root: the folder that paths are shown below.
        """
        self._run = run
        self._counters = counters
        self._root = root

    def remembered(self) -> AbstractContextManager[None]:
        """A block in which new objects are known by the lines that made them."""
        return remembered_lines()

    def made_at(self, objects: Iterable[object]) -> str | None:
        """The line that made most of ``objects``, which came to be in this block."""
        return self._told(site_of(objects))

    def left_at(self, bytes_per_round: float, rounds: int) -> str | None:
        """The line that made what is left of this block's ``rounds``, where it explains what each of them leaves."""
        near = (site for site in lines_of_what_is_left() if site.count >= rounds)
        best = min(near, key=lambda site: abs(site.bytes / rounds - bytes_per_round), default=None)
        if best is None or best.bytes / rounds < _LEAST_SHARE * bytes_per_round:
            return None
        return self._told(best)

    def grown_at(self, signal: LeakSignal, per_round: float) -> str | None:
        """The line during which ``signal`` grows by ``per_round``; runs the workload a few times more."""
        counter = self._counters.get(signal)
        return self._told(growing_line(self._run, counter, per_round)) if counter is not None else None

    def native_calls(self, bytes_per_round: float) -> tuple[str, ...]:
        """The native calls behind C memory that stays; runs the workload a few times more where memray is installed."""
        return native_stack(self._run, bytes_per_round)

    def _told(self, site: Site | None) -> str | None:
        return site.below(self._root).place if site is not None else None
