"""The recorder: follows items through their phases and keeps the window's account on whoever is at work."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from ..meters.account import Account
from ..meters.collector import Collector
from ..meters.measurement import Phase
from ..meters.objects import exceptions_alive, new_ids
from ..meters.plan import Detail, Plan
from ..meters.weight import Scales, Weight
from ..meters.window import Window
from . import compat
from .fixture_ledger import FUNCTION, FixtureLedger
from .keepsakes import Keepsakes
from .run import ItemRun, Purpose

INSTANCES_UNTIL_SETTLED = 64
NOTHING = Weight()
ACCOUNTS = {"setup": Account.SETUP, "call": Account.CALL, "teardown": Account.TEARDOWN}
PHASES = len(ACCOUNTS)


class Recorder:
    """Owns the window; one run is current at a time, reruns come one after the other when the first is over."""

    def __init__(self, window: Window, collector: Collector) -> None:
        self._window = window
        self._collector = collector
        self._scales = Scales()
        call_weight = weigh_call_info(window)
        self._call_weights = [call_weight * count for count in range(PHASES + 1)]
        self._calls_charged = 0
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
        """``item`` is about to run; its window opens with the set-up."""
        run = ItemRun(item, purpose, plan, Keepsakes(item))
        self.current = run
        if self._window.is_open:
            run.problem = "another test was being measured at the same time"
            return
        self._calls_charged = 0
        if purpose is not Purpose.RERUN:
            self._collector.refresh_if_due()
            compat.rehearse_announcements(item)

    def begin_phase(self, when: str) -> None:
        """Charge what comes to set-up, call or teardown."""
        self._account = ACCOUNTS[when]
        self._in_phase = True
        run = self.current
        if when == "setup" and run is not None and run.problem is None:
            self._window.open(run.plan)
        else:
            self._switch(self._account)

    def end_phase(self, when: str, call: pytest.CallInfo[None] | None = None) -> None:
        """The phase is over, for all plugins: from now on pytest is charged.

        ``call`` is pytest's record of it, when that is alive at this point: its weight is taken off.
        """
        self._in_phase = False
        run = self.current
        if when == "teardown" and run is not None:
            run.keepsakes.put_back()
        self._switch(Account.RUNNER)
        if call is not None:
            self._calls_charged += 1
        self._account = Account.RUNNER

    def charge_again(self, when: str) -> None:
        """Go back to charging the phase: pytest is about to let go of the test's exception, with all that it holds."""
        self._account = ACCOUNTS[when]
        self._switch(self._account)
        self._calls_charged -= 1

    def note_report(self, when: str, call: pytest.CallInfo[None], report: pytest.TestReport) -> None:
        """A phase was reported on."""
        run = self.current
        if run is None or self._in_phase:
            return
        run.reports[Phase(when)] = report
        if call.excinfo is not None:
            run.raised = True
            run.exception_ids.append(id(call.excinfo.value))

    @contextmanager
    def building(self, fixture: pytest.FixtureDef[object]) -> Generator[None, None, None]:
        """Note what building a fixture costs; a fixture wider than the test pays for itself."""
        if fixture.scope == FUNCTION:
            self.fixtures.begin()
            try:
                yield
            finally:
                self.fixtures.end(fixture)
            return
        with self.charged_to(Account.SHARED):
            self._switch(Account.SHARED)
            self.fixtures.begin()
            try:
                yield
            finally:
                self._switch(Account.SHARED)
                self.fixtures.end(fixture)

    @contextmanager
    def charged_to(self, account: Account) -> Generator[None, None, None]:
        """Charge what happens inside to ``account``, then go on with the one before."""
        before = self._account
        if before is account:
            yield
            return
        self._switch(account)
        self._account = account
        try:
            yield
        finally:
            self._switch(before)
            self._account = before

    def set_up_shared_ground(self, item: pytest.Item) -> None:
        """Set up collectors and wider fixtures now, charged to themselves, so that the test finds them ready."""
        run = self.current
        names = compat.wide_fixtures_to_set_up(item)
        if run is None or not (names or compat.collectors_to_set_up(item)):
            return
        compat.announce_phase(item, "setup")
        with self.charged_to(Account.SHARED):
            try:
                compat.set_up_collectors(item)
                compat.set_up_fixtures(item, names)
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
        with self.charged_to(Account.SHARED):
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
        self._window.switch(Account.TEARDOWN)
        run.keepsakes.drop_fixture_values()
        if run.purpose is Purpose.RERUN:
            run.keepsakes.forget_output()
        self._refund(run)
        self._window.close()
        measured = self._window.measurement(run.durations_s, self._kept_by_pytest(run))
        run.measured = replace(measured, exact=False) if run.purpose is Purpose.FOREIGN else measured
        return run

    def abandon(self) -> None:
        """Forget the current run: it was interrupted."""
        self.current = None
        self._window.abandon()

    def _switch(self, account: Account) -> None:
        if self._window.is_open and self.current is not None and self.current.problem is None:
            self._window.switch(account)

    def _refund(self, run: ItemRun) -> None:
        weight = self._call_weights[self._calls_charged if self._window.reads_phases else 0]
        if run.purpose is not Purpose.RERUN:
            weight += self._weigh_kept(run)
        if weight != NOTHING:
            self._window.refund(weight)

    def _weigh_kept(self, run: ItemRun) -> Weight:
        """Output, warnings and a failure's traceback, as far as pytest keeps them."""
        weight = run.keepsakes.weigh_output(self._scales)
        if warnings := run.keepsakes.warnings:
            weight += self._scales.weigh_all(warnings, new_ids())
        if run.raised:
            # with its frames and all that they hold; pytest lets go of it, but other plugins may keep it
            weight += self._scales.weigh_all(exceptions_alive(run.exception_ids), new_ids())
        return weight

    def _kept_by_pytest(self, run: ItemRun) -> list[object]:
        return [*run.reports.values(), *run.keepsakes.warnings, run]


def weigh_call_info(window: Window) -> Weight:
    """What pytest's record of a phase weighs, which is alive when the phase ends and not when it begins.

    CPython gives the first instances of a class room for attributes to come, less for each; only when that has settled
    is the weight the one that every later instance has.
    """
    for _ in range(INSTANCES_UNTIL_SETTLED):
        pytest.CallInfo.from_call(lambda: None, when="call")
    window.open(Plan(detail=Detail.EXACT))
    call = pytest.CallInfo.from_call(lambda: None, when="call")
    window.switch(Account.RUNNER)
    weight = window.weight_of(Account.SETUP)
    window.abandon()
    del call
    return weight


def _collect_error(errors: list[BaseException], action: Callable[[], object]) -> None:
    try:
        action()
    except pytest.exit.Exception:
        raise
    except (Exception, pytest.skip.Exception, pytest.fail.Exception) as error:  # noqa: BLE001
        errors.append(error)
