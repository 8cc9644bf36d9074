"""What is learned of pools when the tests are over: each compared with building anew, and advice kept for the next run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from ..errors import HistoryError, MemoptError
from ..history.store import HistoryStore
from ..optimize.pool_advice import PoolAdvice, advise_pool
from ..optimize.pool_comparison import compare_pool
from ..pool.arguments import Arguments
from ..pool.manager import ResourceManager
from ..pool.recipe import ResourceType
from ..pool.stats import PoolStats
from ..report.summary import PoolUse
from .provenance import this_environment

KIND: Final = "pool"
BUDGET_S: Final = 2.0
"""For the pairs of one type."""


def uses_of(manager: ResourceManager, held_bytes: Mapping[str, int]) -> list[PoolUse]:
    """What each pool of this process did, with what it suggests."""
    return [
        PoolUse(name, stats, held_bytes.get(name), advice=advise_pool(manager.kind_in_use(name), stats))
        for name, stats in manager.get_stats().items()
        if _was_used(stats)
    ]


def compared(use: PoolUse, kind: ResourceType, arguments: Arguments | None) -> PoolUse:
    """The same with a comparison, or with the reason why there is none."""
    try:
        return use._replace(comparison=compare_pool(kind, arguments=arguments, budget_s=BUDGET_S))
    except MemoptError as error:
        return use._replace(uncompared=str(error))


def recall(path: Path | None) -> dict[str, PoolAdvice]:
    """What earlier runs on this machine advised, by the type's name; nothing where there is no history, or none to be read."""
    if path is None or not path.is_file():
        return {}
    try:
        with HistoryStore.open(path, read_only=True) as store:
            known = store.recall(this_environment(), KIND)
        return {name: PoolAdvice.from_wire(wire) for name, wire in known.items()}
    except (HistoryError, KeyError, TypeError):  # another version may have written something else
        return {}


def remember(path: Path, uses: Iterable[PoolUse]) -> None:
    """Keep what was advised, with what earlier runs advised of other settings.

    Raises:
        HistoryError: when the history can't be written.
    """
    advice = {use.name: use.advice for use in uses if use.advice is not None and use.advice.suggestions}
    if not advice:
        return
    before = recall(path)
    known = {name: before[name].updated_by(one) if name in before else one for name, one in advice.items()}
    with HistoryStore.open(path) as store:
        store.remember(this_environment(), KIND, {name: one.to_wire() for name, one in known.items()})


def _was_used(stats: PoolStats) -> bool:
    return bool(stats.borrowed or stats.built or stats.timeouts)
