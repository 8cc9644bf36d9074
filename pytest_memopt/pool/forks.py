"""Pools and racks in a forked child: they start empty, for what was built or taken before belongs to the parent."""

from __future__ import annotations

import os
import weakref
from typing import Final, Protocol


class Forkable(Protocol):
    """Something that has to start anew in a child process."""

    def after_fork_in_child(self) -> None:
        """Called in the child, before anything else runs there."""


class ForkWatch:
    """Knows, weakly, all that has to be told of a fork."""

    def __init__(self) -> None:
        self._watched: weakref.WeakSet[Forkable] = weakref.WeakSet()
        self._is_registered = False

    def add(self, watched: Forkable) -> None:
        """Tell ``watched`` from now on, for as long as it is alive."""
        if not self._is_registered and hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._tell)
            self._is_registered = True
        self._watched.add(watched)

    def _tell(self) -> None:
        for watched in list(self._watched):
            watched.after_fork_in_child()


FORKS: Final = ForkWatch()
"""One for the process: what is registered with the interpreter can't be taken back."""
