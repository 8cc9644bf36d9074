"""The session's pools: who borrows, what goes wrong at which test, and what the pools did when all is over."""

from __future__ import annotations

import os
import time
from collections.abc import Generator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import pytest

from ..optimize.pool_advice import PoolAdvice, type_with
from ..pool.default import DEFAULT
from ..pool.hooks import Operation, PoolHooks
from ..pool.manager import ResourceManager
from ..pool.recipe import ResourceType
from ..report.summary import PoolUse
from .activation import activation_of
from .compare_claims import CompareClaims
from .fixture_ledger import FUNCTION
from .header import POOL_OUTPUT, POOL_USES
from .pool_charges import PoolCharges
from .pool_troubles import PoolTroubles, kept
from .pool_tuning import compared, recall, uses_of
from .pool_types import register_types
from .pool_wire import use_to_wire
from .rack_sweeper import rack_folder

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

SESSION_POOLS: pytest.StashKey[SessionPools] = pytest.StashKey()
_CURRENT_TEST: Final = "PYTEST_CURRENT_TEST"
_BUILDING: Final = (Operation.OPEN, Operation.BUILD, Operation.CLOSE)
_UPKEEP_S: Final = 60.0


def borrower_name(fixture_name: str, scope: str) -> str:
    """What a fixture that is wider than a test is called where it borrows."""
    return f"fixture {fixture_name!r} ({scope} scope)"


def borrower_of(request: pytest.FixtureRequest) -> str:
    """Who borrows by a fixture: the test, or the fixture itself where it is wider."""
    if request.scope == FUNCTION:
        return str(request.node.nodeid)
    return borrower_name(str(request.fixturename), request.scope)


def session_pools(config: pytest.Config) -> SessionPools:
    """The pools of this session, made when they are first asked for.

    Raises:
        pytest.UsageError: when a type that the project registers makes no sense.
    """
    __tracebackhide__ = True  # what is wrong with a type is shown without us
    if SESSION_POOLS not in config.stash:
        config.stash[SESSION_POOLS] = pools = SessionPools(config)
        config.pluginmanager.register(pools, "memopt-pools")
    return config.stash[SESSION_POOLS]


class SessionPools:
    """Lends in the place of the process's own manager for as long as the session lasts.

    Attributes:
        manager: the session's manager, who knows the types that the program registered too.
        charges: what the pools' work costs, which is no test's.
    """

    def __init__(self, config: pytest.Config) -> None:
        __tracebackhide__ = True
        self._config = config
        self.charges = PoolCharges(config.pluginmanager)
        self._troubles = PoolTroubles()
        hooks = PoolHooks(
            clock=self.charges.clock,
            tell=self._troubles.tell,
            around=self._around,
            label=self._borrower,
            follows=True,
            rack_folder=rack_folder(config),
        )
        self._settings = activation_of(config).settings
        advice = recall(self._settings.history_path) if self._settings.pool_adaptive else {}
        self.manager = ResourceManager(hooks, DEFAULT.own, partial(_as_advised, advice))
        register_types(config, self.manager)
        self._fixtures: list[str] = []
        self._compared: dict[str, PoolUse] = {}
        self._arguments: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {}
        self._place = (str(config.rootpath), 1)
        self._upkeep_due_s = time.monotonic() + _UPKEEP_S
        DEFAULT.stand_in(self.manager)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """What a wider fixture borrows is its own, not the first test's that asks for it."""
        __tracebackhide__ = True  # what a factory raises is shown without us
        if fixturedef.scope == FUNCTION:
            return (yield)
        name = borrower_name(fixturedef.argname, fixturedef.scope)
        fixturedef.addfinalizer(partial(self._note_late, name))  # the first that is added, so the last that runs
        self._fixtures.append(name)
        try:
            return (yield)
        finally:
            self._fixtures.pop()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Fail the test that kept what it borrowed, or changed it for all others, when all its fixtures are torn down."""
        self._place = (str(item.path), (item.location[1] or 0) + 1)
        if nextitem is None and self._settings.pool_compare:
            self._compare()  # now, for the factories may need fixtures that are torn down at the end
        try:
            result = yield
        except BaseException:
            __tracebackhide__ = True  # not ours to show
            for text in self._problems(item.nodeid):
                item.add_report_section("teardown", "pooled resources", text)
            raise
        finally:
            self._maintain()
        if problems := self._problems(item.nodeid):
            pytest.fail("\n\n".join(problems), pytrace=False)
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tell the controller what the pools did."""
        wire = []
        for use in uses_of(self.manager, self.charges.held_bytes()):
            done = self._compared.get(use.name, use)
            wire.append(use_to_wire(use._replace(comparison=done.comparison, uncompared=done.uncompared)))
        if (output := getattr(session.config, "workeroutput", None)) is not None:
            output[POOL_OUTPUT] = wire
        else:
            session.config.stash[POOL_USES] = wire

    @pytest.hookimpl(trylast=True, specname="pytest_sessionfinish")
    def pytest_sessionfinish_of_pools(self, session: pytest.Session) -> None:
        """Close the pools after the last fixtures, which are torn down only now where the user interrupted."""
        DEFAULT.step_aside(self.manager)
        self.manager.close()
        if self._troubles.tell_last(self._place) and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_unconfigure(self) -> None:
        """A session that could not begin leaves nothing behind either."""
        DEFAULT.step_aside(self.manager)
        self.manager.close()

    def note_arguments(self, type_name: str, args: tuple[Any, ...], named: dict[str, Any]) -> None:
        """What a resource was borrowed with, for a comparison that has to build some."""
        if self._settings.pool_compare and (args or named):
            self._arguments[type_name] = (args, named)

    def _compare(self) -> None:
        """Each type in one of xdist's workers only, and they in turn: together they would measure each other."""
        claims = CompareClaims.of(self._config)
        with self.charges.of_building(), claims.one_at_a_time():
            for use in uses_of(self.manager, {}):
                if not claims.takes(use.name):
                    continue
                kind = self.manager.kind_in_use(use.name)
                self._compared[use.name] = compared(use, kind, kind.arguments(*self._arguments.get(use.name, ((), {}))))

    def _borrower(self) -> str | None:
        if self._fixtures:
            return self._fixtures[-1]
        return os.environ.get(_CURRENT_TEST, "").rpartition(" (")[0] or None

    def _around(self, operation: Operation, type_name: str) -> AbstractContextManager[object]:
        if operation in _BUILDING:
            return self.charges.of_building(type_name)
        return self.charges.of_restoring()

    def _note_late(self, borrower: str) -> None:
        """What a wider fixture did is told when the test that is torn down has ended: a finalizer may run outside of tests."""
        self._revoke(borrower)
        self._troubles.blame_later(borrower)

    def _problems(self, nodeid: str) -> list[str]:
        self._revoke(nodeid)
        return self._troubles.take(nodeid, self._place)

    def _revoke(self, borrower: str) -> None:
        """Take back what it still has."""
        with self.charges.of_building():
            for lease in self.manager.leases():
                who = lease.borrower
                if who is not None and who.label == borrower:
                    self._troubles.tell(kept(lease.pool.kind.name, borrower, who.spelt_stack))
                    lease.pool.revoke(lease, f"was taken back at the end of {borrower}")

    def _maintain(self) -> None:
        if time.monotonic() >= self._upkeep_due_s:
            self._upkeep_due_s = time.monotonic() + _UPKEEP_S
            with self.charges.of_building():
                self.manager.maintain()


def _as_advised(advice: Mapping[str, PoolAdvice], kind: ResourceType) -> ResourceType:
    """The type as earlier runs would have it."""
    return type_with(kind, advice[kind.name]) if kind.name in advice else kind
