"""What is known of strategies on this machine and in this project, kept in the history."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ..history.store import HistoryStore
from ..optimize.experience import Experience
from .provenance import this_environment

KIND: Final = "optimize"
_WORTH_WRITING: Final = 0.05


class HistoryMemory:
    """Experience kept in the history: a `Memory` of the optimizer's.

    What would change next to nothing is not written: a strategy that helped every time is known after a few.
    """

    def __init__(self, path: Path) -> None:
        """Keep it in the history at ``path``, which need not exist."""
        self._path = path
        self._environment = this_environment()

    def load(self) -> Mapping[str, Experience]:
        """What is known, by name of the strategy; nothing where there is no history.

        Raises:
            HistoryError: when the history can't be read.
        """
        if not self._path.is_file():
            return {}
        with HistoryStore.open(self._path, read_only=True) as store:
            known = store.recall(self._environment, KIND)
        return {name: Experience(*value) for name, value in known.items() if _is_experience(value)}

    def store(self, known: Mapping[str, Experience]) -> None:
        """Keep what differs from what is there.

        Raises:
            HistoryError: when the history can't be written.
        """
        before = self.load()
        new = {name: list(one) for name, one in known.items() if _is_news(one, before.get(name))}
        if new:
            with HistoryStore.open(self._path) as store:
                store.remember(self._environment, KIND, new)


def _is_news(one: Experience, before: Experience | None) -> bool:
    return before is None or abs(one.promise_ratio - before.promise_ratio) >= _WORTH_WRITING


def _is_experience(value: object) -> bool:
    """Another version may have written something else."""
    return isinstance(value, list) and len(value) == len(Experience._fields) and all(type(one) is int for one in value)
