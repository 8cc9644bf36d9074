"""When memory is looked at between modules: where it rose, and seldom enough to take no time worth mentioning."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Final

from ..optimize.effect import Effect
from ..optimize.memory_rise import MemoryRise
from ..optimize.suite_effect import StrategyEffect
from ..settings import StrategyChoice
from . import plain_imports

if TYPE_CHECKING:
    from ..optimize.experience import Experience
    from ..optimize.housekeeping import Housekeeper

UNCALLED: Final = "nothing called for it"
BLIND: Final = "resident memory can't be read here, so nothing called for it"
SPARED: Final = (
    "caches are left as they are while tests are measured: those that fill them again would be charged for it"
)
_NAMED_STEP_BYTES: Final = 4 * 1024**2
_SOURCES_MIN_BYTES: Final = 1024**2
_SHARE_MOST: Final = 0.005
_FIRST_LOOK_S: Final = 0.05


class ModuleVisits:
    """Owns the housekeeper, which is made when there is something to look at for the first time.

    Strategies that were named are tried wherever memory rose by 4 MiB; by ``auto`` it has to be 32 MiB, and looking may
    take half a percent of the time.
    """

    def __init__(
        self, wanted: Iterable[StrategyChoice], known: Callable[[], Mapping[str, Experience]], *, is_auto: bool
    ) -> None:
        self._names = [one.value for one in (StrategyChoice.CLEANUP, StrategyChoice.COMPACT) if one in wanted]
        self._known = known
        self._is_auto = is_auto
        self._spares_caches = False
        self._keeper: Housekeeper | None = None
        self._rise: MemoryRise | None = None
        self._began_s = perf_counter()

    def spare_caches(self) -> None:
        """Clear no caches from now on."""
        self._spares_caches = True

    def begin(self) -> None:
        """What is resident now is where a rise begins."""
        if self._tried:
            self._rise = MemoryRise() if self._is_auto else MemoryRise(step_bytes=_NAMED_STEP_BYTES, interval_s=0.0)

    def visit_if_due(self) -> None:
        """Look, where there is a reason and time for it."""
        if self._rise is None or not (self._rise.is_due() or self._has_many_sources()) or not self._has_time():
            return
        with plain_imports():
            from ..optimize.housekeeping import KINDS, Housekeeper
        if self._keeper is None:
            self._keeper = Housekeeper([KINDS[name]() for name in self._tried], self._known())
        self._keeper.visit()
        self._rise.reset()

    def effects(self) -> tuple[StrategyEffect, ...]:
        """What came of each strategy."""
        by_name = {} if self._keeper is None else {one.strategy: one for one in self._keeper.effects()}
        return tuple(by_name.get(name, self._idle(name)) for name in self._names)

    @property
    def _tried(self) -> list[str]:
        return [name for name in self._names if not (self._spares_caches and name == StrategyChoice.CLEANUP.value)]

    def _idle(self, name: str) -> StrategyEffect:
        is_spared = self._spares_caches and name == StrategyChoice.CLEANUP.value
        is_blind = self._rise is not None and self._rise.is_blind
        return StrategyEffect(name, Effect.NO_EFFECT, SPARED if is_spared else BLIND if is_blind else UNCALLED)

    def _has_time(self) -> bool:
        price_s = _FIRST_LOOK_S if self._keeper is None else self._keeper.spent_s
        return not self._is_auto or price_s <= _SHARE_MOST * (perf_counter() - self._began_s)

    def _has_many_sources(self) -> bool:
        """By the files' sizes, which ``linecache`` keeps first in each entry."""
        if StrategyChoice.CLEANUP.value not in self._tried:
            return False
        cache = getattr(sys.modules.get("linecache"), "cache", {})
        sizes = [entry[0] for entry in list(cache.values()) if isinstance(entry[0], int)]
        return sum(sizes) >= _SOURCES_MIN_BYTES
