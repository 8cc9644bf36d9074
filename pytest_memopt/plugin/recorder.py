"""The recorder: follows items through their phases and keeps the window's account on whoever is at work."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from ..meters.account import Account
from ..meters.collector import Collector
from ..meters.measurement import Phase
from ..meters.objects import new_ids
from ..meters.plan import Plan
from ..meters.weight import Scales, Weight
from ..meters.window import Window
from . import compat
from .fixture_ledger import FUNCTION, FixtureLedger
from .keepsakes import Keepsakes
from .run import ItemRun, Purpose

ACCOUNTS = {"setup": Account.SETUP, "call": Account.CALL, "teardown": Account.TEARDOWN}


class Recorder:
    """Owns the window; one run is current at a time, reruns come one after the other when the first is over."""

    def __init__(self, window: Window, collector: Collector) -> None:
        self._window = window
        self._collector = collector
        self._scales = Scales()
        self._account = Account.RUNNER
        self.fixtures = FixtureLedger(window)
        self.current: ItemRun | None = None
        self._in_phase = False

    @property
    def is_inside_phase(self) -> bool:
        """Whether a phase is going on: reports that are made now are those of subtests."""
        return self._in_phase

    @property
    def window(self) -> Window:
        """The window, for those who read its sites."""
        return self._window

    def begin(self, item: pytest.Item, plan: Plan, purpose: Purpose) -> None:
        """Open the window on ``item``."""
        run = ItemRun(item, purpose, plan, Keepsakes(item))
        self.current = run
        if self._window.is_open:
            run.problem = "another test was being measured at the same time"
            return
        if purpose is Purpose.FIRST:
            self._collector.refresh_if_due()
        self._account = Account.SETUP
        self._window.open(plan)

    def begin_phase(self, when: str) -> None:
        """Charge what comes to set-up, call or teardown."""
        self._account = ACCOUNTS[when]
        self._in_phase = True
        if when != "setup":
            self._switch(self._account)

    def end_phase(self, when: str) -> None:
        """The phase is over, for all plugins: from now on pytest is charged."""
        self._in_phase = False
        run = self.current
        if when == "teardown" and run is not None:
            run.keepsakes.put_back()
        self._switch(Account.RUNNER, settle=True)
        self._account = Account.RUNNER

    @contextmanager
    def building(self, name: str, scope: str) -> Generator[None, None, None]:
        """Note what building a fixture costs; a fixture wider than the test pays for itself."""
        if scope == FUNCTION:
            self.fixtures.begin()
            try:
                yield
            finally:
                self.fixtures.end(name, scope)
            return
        with self.charged_to(Account.SHARED, settle=True):
            self._switch(Account.SHARED)
            self.fixtures.begin()
            try:
                yield
            finally:
                self._switch(Account.SHARED, settle=True)
                self.fixtures.end(name, scope)

    @contextmanager
    def charged_to(self, account: Account, *, settle: bool = False) -> Generator[None, None, None]:
        """Charge what happens inside to ``account``, then go on with the one before."""
        before = self._account
        if before is account:
            yield
            return
        self._switch(account, settle=settle)
        self._account = account
        try:
            yield
        finally:
            self._switch(before, settle=settle)
            self._account = before

    def set_up_shared_ground(self, item: pytest.Item) -> None:
        """Set up collectors and wider fixtures now, charged to themselves, so that the test finds them ready."""
        run = self.current
        names = compat.wide_fixtures_to_set_up(item)
        if run is None or not (names or compat.collectors_to_set_up(item)):
            return
        compat.announce_phase(item, "setup")
        with self.charged_to(Account.SHARED, settle=True):
            try:
                compat.set_up_collectors(item)
                for name in names:
                    compat.set_up_fixture(item, name)
            except pytest.exit.Exception:
                raise
            except (Exception, pytest.skip.Exception, pytest.fail.Exception):  # noqa: BLE001, S110
                # pytest has stored it, and meets it again in the set-up proper, where it is reported
                pass
            run.keepsakes.note_shared_ground()
        if self._window.is_open:
            self._window.mark_peak()

    def tear_down_shared_ground(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Tear down the function's own fixtures first, then, charged to themselves, the wider ones that end here."""
        if self.current is None or not compat.will_tear_down_more(item, nextitem):
            return
        compat.announce_phase(item, "teardown")
        errors: list[BaseException] = []
        _collect_error(errors, lambda: compat.tear_down_to(item, compat.StandIn(item)))
        with self.charged_to(Account.SHARED, settle=True):
            _collect_error(errors, lambda: compat.tear_down_to(item, nextitem))
        if len(errors) > 1:
            raise compat.group_of("errors during test teardown", errors)
        if errors:
            raise errors[0]

    def enter_report(self) -> None:
        """Pytest begins to make a report, perhaps in the midst of a phase (subtests)."""
        if self._in_phase:
            self._switch(Account.RUNNER)

    def leave_report(self) -> None:
        """Pytest has handed a report on; if in the midst of a phase, the test goes on."""
        if self._in_phase:
            self._switch(self._account)

    def finish(self) -> ItemRun | None:
        """Close the window when the last report of the current run was made; the run with its measurement.

        Not to be called from inside a hook that other plugins wrap: their half-run generators would be counted.
        """
        run = self.current
        if run is None or Phase.TEARDOWN not in run.reports:
            return None
        self.current = None
        if run.problem is not None or not self._window.is_open:
            return run
        self._switch(Account.TEARDOWN)
        run.keepsakes.drop_fixture_values()
        if run.purpose is Purpose.RERUN:
            run.keepsakes.forget_output()
        else:
            self._refund(run)
        run.measured = self._window.close(run.durations_s, self._kept_by_pytest(run))
        return run

    def abandon(self) -> None:
        """Forget the current run: it was interrupted."""
        self.current = None
        self._window.abandon()

    def _switch(self, account: Account, *, settle: bool = False) -> None:
        if self._window.is_open and self.current is not None and self.current.problem is None:
            self._window.switch(account, settle=settle)

    def _refund(self, run: ItemRun) -> None:
        weight = run.keepsakes.weigh_output(self._scales)
        if warnings := run.keepsakes.warnings:
            weight += self._scales.weigh_all(warnings, new_ids())
        if weight != Weight():
            self._window.refund(weight)

    def _kept_by_pytest(self, run: ItemRun) -> list[object]:
        return [*run.reports.values(), *run.keepsakes.warnings, run]


def _collect_error(errors: list[BaseException], action: Callable[[], object]) -> None:
    try:
        action()
    except pytest.exit.Exception:
        raise
    except (Exception, pytest.skip.Exception, pytest.fail.Exception) as error:  # noqa: BLE001
        errors.append(error)
