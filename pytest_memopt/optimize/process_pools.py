"""The pools that this process lends from by name: their figures, and what to do about them; nothing is loaded where there are none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from ..meters.originals import sys
from .profile import Figures

if TYPE_CHECKING:
    from ..pool.manager import ResourceManager
    from .pool_advice import PoolAdvice

_DEFAULT: Final = f"{__package__.partition('.')[0]}.pool.default"


def process_manager() -> ResourceManager | None:
    """The manager that types are registered with, or what a test has put in its place; ``None`` where there is none yet."""
    module = sys.modules.get(_DEFAULT)
    default = getattr(module, "DEFAULT", None)  # it may be just about to be imported
    manager: ResourceManager | None = None if default is None else default.current
    return manager


def process_pools() -> dict[str, Figures]:
    """The figures of each pool, by the name of its type; none where nothing was borrowed by name."""
    manager = process_manager()
    return {} if manager is None else {name: pool_figures(stats) for name, stats in manager.get_stats().items()}


def pool_figures(stats: Any) -> Figures:
    """What of a pool's account is a number, with its share of hits, and the seconds that it saved."""
    numbers = {name: value for name, value in stats._asdict().items() if isinstance(value, (int, float))}
    return {**numbers, "hit_ratio": stats.hit_ratio, "saved_s": stats.saved_s}


def process_pool_advice() -> dict[str, PoolAdvice]:
    """What is suggested for the pools for threads that have suggestions, by the name of their type."""
    manager = process_manager()
    pools: Mapping[str, Any] = {} if manager is None else manager.pools()
    if not pools:
        return {}
    from .pool_advice import advise_pool

    advice = {name: advise_pool(pool.kind, pool.stats_at_size()) for name, pool in pools.items()}
    return {name: one for name, one in advice.items() if one.suggestions}


def release_idle_members() -> int:
    """Close what lies idle in those pools for threads, but the ``min_idle`` of each, and give how many there were.

    It is meant for ``Cleanup(release_idle=release_idle_members)``. Who borrows next waits for a new one.
    """
    manager = process_manager()
    return 0 if manager is None else manager.release_idle()
