"""The hooks that optimise while a suite runs: after collection, between tests and between modules, never inside of one."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import pytest

from ..optimize.collector_effect import collector_effect
from ..optimize.effect import Effect
from ..optimize.memory_rise import MemoryRise
from ..optimize.suite_collector import SuiteCollector
from ..optimize.suite_effect import StrategyEffect
from ..settings import Settings, StrategyChoice
from . import plain_imports
from .module_visits import ModuleVisits

if TYPE_CHECKING:
    from ..meters.collector import Collector
    from ..optimize.experience import Experience
    from ..report.advice import Advice
    from .import_watch import ImportWatch

BY_WINDOWS: Final = "the measuring windows own the collector, and freeze what is old themselves (--memopt-gc)"


class OptimizingHooks:
    """Registered in a process that runs tests, when something is to be optimised there."""

    def __init__(
        self,
        config: pytest.Config,
        settings: Settings,
        deliver: Callable[[Sequence[StrategyEffect], Sequence[Advice]], None],
        known: Callable[[], Mapping[str, Experience]],
    ) -> None:
        """Choose what is done.

        Args:
            config: pytest's.
            settings: what the user asked for.
            deliver: takes what came of it, and advice, when all is over.
            known: tells what helped before, when that is wanted for the first time.
        """
        wanted = settings.optimize
        self._config = config
        self._deliver = deliver
        self._suite = SuiteCollector() if StrategyChoice.GC in wanted else None
        self._windows: Collector | None = None
        self._is_measuring = False
        self._visits = ModuleVisits(wanted, known, is_auto=settings.is_auto)
        self._imports: ImportWatch | None = None
        if StrategyChoice.LAZY in wanted:
            with plain_imports():
                from .import_watch import watch_imports

            self._imports = watch_imports(config)
        self._left_alone: frozenset[str] = frozenset()
        self._rise = MemoryRise()
        if self._suite is not None:
            self._suite.begin()

    def yield_collector(self) -> None:
        """The tests will be measured: who measures owns the collector from now on, and caches are left as they are."""
        self._is_measuring = True
        self._visits.spare_caches()
        if self._suite is not None:
            self._suite.give_back()

    def follow(self, windows: Collector | None) -> None:
        """Freeze what was collected by the collector of the windows, where these measure some tests only."""
        self._windows = windows if self._suite is not None else None

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """All is collected, and stays."""
        if self._imports is not None:
            self._imports.end(session)
        self._left_alone = frozenset(item.nodeid for item in session.items if _wants_no_collector(item))
        if self._windows is not None:
            self._windows.settle()
            self._windows.hold()
        elif self._suite is not None and not self._is_measuring:
            self._suite.settle()
        self._rise.reset()
        self._visits.begin()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Leave the collector alone for a test that wants so; afterwards, and between modules, is a point of rest."""
        owner = self._owner if self._left_alone and item.nodeid in self._left_alone else None
        if owner is not None:
            owner.leave_alone(alone=True)
        try:
            result = yield
        finally:
            if owner is not None:
                owner.leave_alone(alone=False)
        if nextitem is not None and nextitem.path != item.path:
            self._rest_between_modules()
        elif not self._is_measuring and self._suite is not None and self._rise.is_due():
            self._suite.collect_new()
            self._rise.reset()
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Put all back, before anything else looks at the heap, and tell what it was good for."""
        if self._imports is not None:
            self._imports.end(None)
        use = None if self._suite is None or self._is_measuring else self._suite.give_back()
        effects = list(self._visits.effects())
        if use is not None:
            effects.insert(0, collector_effect(use))
        elif self._suite is not None:
            effects.insert(0, StrategyEffect("gc", Effect.NO_EFFECT, BY_WINDOWS))
        advice: list[Advice] = []
        if self._imports is not None:
            effect, advice = self._imports.findings(self._config.rootpath)
            effects.append(effect)
        self._deliver(effects, advice)

    def close(self) -> None:
        """Put all back, however the session ended; twice does no harm."""
        if self._imports is not None:
            self._imports.end(None)
        if self._suite is not None:
            self._suite.give_back()

    @property
    def _owner(self) -> Collector | SuiteCollector | None:
        return self._windows if self._is_measuring else self._suite

    def _rest_between_modules(self) -> None:
        if self._windows is not None:
            self._windows.refresh_if_due()
        elif not self._is_measuring and self._suite is not None:
            self._suite.tune()
            self._suite.freeze_anew()
            if self._rise.is_due():
                self._suite.collect_new()
                self._suite.refresh_if_due()
                self._rise.reset()
        self._visits.visit_if_due()


def _wants_no_collector(item: pytest.Item) -> bool:
    """By its mark ``memopt(gc="off")``, which was checked when it was collected."""
    mark = item.get_closest_marker("memopt")
    return mark is not None and mark.kwargs.get("gc") == "off"
