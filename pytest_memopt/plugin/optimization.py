"""Putting together what optimises in this process: hooks where tests run, the desk where somebody reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pytest

from ..errors import UsageError
from ..flags import Flag, is_enabled
from ..optimize.memory_rise import peak_resident_bytes
from ..settings import Settings, StrategyChoice
from . import plain_imports
from .optimize_desk import NAME, OUTPUT, OptimizeDesk

if TYPE_CHECKING:
    from ..optimize.experience import Experience
    from ..optimize.suite_effect import StrategyEffect
    from ..report.advice import Advice
    from .optimizing import OptimizingHooks


def begin_optimizing(config: pytest.Config, settings: Settings, *, runs_tests: bool) -> OptimizingHooks | None:
    """Register what optimises; the hooks, where this process runs tests and optimisation isn't switched off.

    Raises:
        pytest.UsageError: where the environment variable that switches it off says neither on nor off.
    """
    off_because = "" if is_optimization_enabled() else f"{Flag.OPTIMIZATION.value} switches it off"
    is_worker = hasattr(config, "workerinput")
    desk = None if is_worker or config.option.collectonly else OptimizeDesk(config, settings, off_because)
    if desk is not None:
        config.pluginmanager.register(desk, NAME)
    if not runs_tests or off_because:
        return None
    with plain_imports():
        from .last_collections import LastCollections
        from .optimizing import OptimizingHooks

    if StrategyChoice.GC in settings.optimize and not config.pluginmanager.has_plugin("memopt-last-collections"):
        config.pluginmanager.register(LastCollections(config), "memopt-last-collections")
    ways = _Worker(config) if desk is None else desk
    hooks = OptimizingHooks(config, settings, ways.take, ways.known)
    config.pluginmanager.register(hooks, "memopt-optimizing")
    return hooks


def watch_imports_early(config: pytest.Config) -> None:
    """Watch imports from before the first ``conftest.py``, unless optimisation is switched off.

    Raises:
        pytest.UsageError: as `begin_optimizing`.
    """
    if is_optimization_enabled():
        with plain_imports():
            from .import_watch import watch_imports

        watch_imports(config)


def is_optimization_enabled() -> bool:
    """Whether the environment leaves optimisation on.

    Raises:
        pytest.UsageError: where its variable says neither on nor off.
    """
    try:
        return is_enabled(Flag.OPTIMIZATION)
    except UsageError as error:
        raise pytest.UsageError(str(error)) from None


class _Worker:
    """An xdist worker's way to the desk: by what the controller gave it, and what it sends at the end."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def take(self, effects: Sequence[StrategyEffect], advice: Sequence[Advice]) -> None:
        """Send what came of it."""
        wire = {
            "effects": [effect.to_wire() for effect in effects],
            "advice": [one.to_wire() for one in advice],
            "peak_rss_bytes": peak_resident_bytes(),
        }
        getattr(self._config, "workeroutput", {})[OUTPUT] = wire

    def known(self) -> Mapping[str, Experience]:
        """What the controller knew."""
        with plain_imports():
            from ..optimize.experience import Experience
        given = getattr(self._config, "workerinput", {}).get(OUTPUT, {})
        return {name: Experience(*value) for name, value in given.items()}
