"""The recorder: follows items through their phases and keeps the window's account on whoever is at work."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from ..errors import one_line
from ..meters.account import Account
from ..meters.cache_clearing import clear_interpreter_caches
from ..meters.collector import Collector
from ..meters.measurement import Measurement, Phase
from ..meters.objects import exceptions_alive, new_ids
from ..meters.originals import weakref
from ..meters.plan import Detail, Plan
from ..meters.weight import Scales, Weight
from ..meters.window import Window
from . import compat
from .fixture_ledger import FUNCTION, FixtureLedger
from .fixture_places import FixturePlaces
from .keepsakes import Keepsakes
from .run import AGAIN, ItemRun, Purpose

if TYPE_CHECKING:
    from .first_calls import FirstCalls

INSTANCES_UNTIL_SETTLED = 64
CALIBRATIONS = 9
ACCOUNTS = {"setup": Account.SETUP, "call": Account.CALL, "teardown": Account.TEARDOWN}
PHASES = {phase.value: phase for phase in Phase}


class Recorder:
    """Owns the window; one run is current at a time, reruns come one after the other when the first is over.

    Attributes:
        fixtures: what building fixtures costs.
        current: the run that is going on.
        machinery: what is called to run its phases: it survives the test, and isn't the test's.
    """

    def __init__(self, window: Window, collector: Collector, root: Path) -> None:
        self._window = window
        self._collector = collector
        self._scales = Scales()
        compat.settle_environment()
        call_weight = weigh_call_info(window)
        self._call_weights = [call_weight.times(count) for count in range(len(PHASES) + 1)]
        self._calls_charged = 0
        self._account = Account.RUNNER
        self.fixtures = FixtureLedger(window, FixturePlaces(root).of)
        self.current: ItemRun | None = None
        self.machinery: object = None
        self._in_phase = False
        self._log_handlers: tuple[Any, ...] | None = None
        self._first_calls = new_first_calls()

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
        if self._log_handlers is None:
            self._log_handlers = compat.log_handlers(item.config)
            compat.settle_questions()
        self.current = run = ItemRun(item, purpose, plan, Keepsakes(item, self._log_handlers))
        if self._window.is_open:
            run.problem = "another test was being measured at the same time"
            return
        self._calls_charged = 0
        if purpose is Purpose.ROUND:
            run.problem = "a round of a hunt"
        elif purpose is not Purpose.RERUN:
            self._collector.refresh_if_due()
            if self._first_calls is not None:
                self._first_calls.lay_out(item)
            compat.rehearse_announcements(item)

    def begin_phase(self, when: str) -> None:
        """Charge what comes to set-up, call or teardown."""
        self._account = ACCOUNTS[when]
        self._in_phase = True
        run = self.current
        if when == "setup" and run is not None and run.problem is None:
            try:
                self._window.open(run.plan)
            except Exception as error:  # noqa: BLE001 - whatever a test did to the process: the run goes on, unmeasured
                self._give_up(run, error)
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
        run.reports[PHASES[when]] = report
        if call.excinfo is not None:
            run.raised = True
            run.exception_ids.append(id(call.excinfo.value))

    def begin_fixture(self, fixture: pytest.FixtureDef[object]) -> Account:
        """A fixture is about to be built: one that is wider than the test pays for itself; who was charged so far."""
        # also in the midst of another wide one, which pays for what it took so far
        before = self._account if fixture.scope == FUNCTION else self.charge_shared()
        self.fixtures.begin()
        return before

    def end_fixture(self, fixture: pytest.FixtureDef[object], account: Account) -> None:
        """It is built; from now on ``account`` is charged again."""
        if fixture.scope != FUNCTION:
            self._switch(Account.SHARED)
        own_traced_bytes = self.fixtures.end(fixture)
        self.charge_to(account)
        if fixture.scope == FUNCTION and self.current is not None:
            self.current.has_fixtures = True
            self.current.fixture_traced_bytes += own_traced_bytes

    def set_up_shared_ground(self, item: pytest.Item) -> None:
        """Set up collectors and wider fixtures now, charged to themselves, so that the test finds them ready."""
        run = self.current
        names = compat.wide_fixtures_to_set_up(item)
        if run is None or not (names or compat.collectors_to_set_up(item)):
            return
        compat.announce_phase(item, "setup")
        before = self.charge_to(Account.SHARED)
        try:
            compat.set_up_collectors(item)
            compat.set_up_fixtures(item, names)
        except pytest.exit.Exception:
            raise
        except (Exception, pytest.skip.Exception, pytest.fail.Exception):  # noqa: BLE001, S110
            # pytest has stored it, and meets it again in the set-up proper, where it is reported
            pass
        finally:
            run.keepsakes.note_shared_ground()
            self.charge_to(before)
        if self._window.is_open:
            self._window.mark_peak()

    def tear_down_shared_ground(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Tear down the function's own fixtures first, then, charged to themselves, the wider ones that end here."""
        if self.current is None or not compat.will_tear_down_more(item, nextitem):
            return
        compat.announce_phase(item, "teardown")
        errors: list[BaseException] = []
        _collect_error(errors, lambda: compat.tear_down_to(item, compat.StandIn(item)))
        # the item would keep the values of wider fixtures until after they were torn down
        self.current.keepsakes.drop_fixture_values()
        before = self.charge_to(Account.SHARED)
        try:
            _collect_error(errors, lambda: compat.tear_down_to(item, nextitem))
        finally:
            self.charge_to(before)
        if len(errors) > 1:
            raise compat.group_of("errors during test teardown", errors)
        if errors:
            raise errors[0]

    def note_subtest(self, report: pytest.TestReport) -> None:
        """A report was handed on in the midst of a phase: a subtest's, which pytest may keep."""
        run = self.current
        if self._in_phase and run is not None and run.purpose not in AGAIN:
            run.subtests.append(weakref.ref(report))

    def note_overhead(self) -> None:
        """The call is about to begin: what is traced so far, and no fixture's, is pytest's."""
        run = self.current
        if run is not None and run.plan.traced:
            self._window.discount_peak(self._window.traced_bytes() - run.fixture_traced_bytes)
            if not run.has_fixtures:
                self._window.forget_traced_peak()

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
        try:
            self._measure(run)
        except Exception as error:  # noqa: BLE001 - as above
            self._give_up(run, error)
        return run

    def _measure(self, run: ItemRun) -> None:
        self._window.switch(Account.TEARDOWN)
        run.keepsakes.drop_fixture_values()
        is_estimate = run.purpose is Purpose.FOREIGN or run.raised
        if run.purpose is Purpose.RERUN:
            if properties := run.keepsakes.properties:  # which its reports hold, too
                self._window.refund(self._scales.weigh_all(properties, self._new_ids()))
            del properties
            run.forget_output()
        else:
            is_estimate = is_estimate or bool(run.subtests or run.keepsakes.warnings)
            # at once: held until the last reading, the weight would be counted
            self._window.refund(self._weigh_kept(run))
        self._window.close()
        if self._window.reads_phases:
            self._window.refund(self._call_weights[self._calls_charged], Account.RUNNER)
        measured = self._window.measurement(run.durations_s, self._kept_by_pytest(run), run.shape)
        if run.raised:
            measured = by_survivors(measured)
        run.measured = measured._replace(exact=False) if is_estimate else measured

    def _give_up(self, run: ItemRun, error: Exception) -> None:
        run.problem = f"a meter failed: {one_line(error)}"
        with suppress(Exception):
            self._window.abandon()

    def end_round(self) -> None:
        """A round of a hunt is over: what pytest keeps of it is dropped."""
        run, self.current = self.current, None
        if run is not None:
            run.keepsakes.drop_fixture_values()
            run.forget_output()

    def clear_ground(self) -> None:
        """Empty the interpreter's caches, and collect what was frozen with them, before a test is judged."""
        for _ in range(2):
            clear_interpreter_caches()
            self._collector.refresh()

    def abandon(self) -> None:
        """Forget the current run: it was interrupted."""
        self.current = None
        self._window.abandon()

    @property
    def account(self) -> Account:
        """Who is charged now."""
        return self._account

    @property
    def shared_bytes(self) -> int:
        """Bytes that were charged to no test in this window so far."""
        return self._window.growth_of(Account.SHARED) if self._window.is_open else 0

    def charge_shared(self) -> Account:
        """Charge what comes to nobody's test, having read what came so far; who was charged until now."""
        before = self._account
        self._switch(Account.SHARED)
        self._account = Account.SHARED
        return before

    def charge_to(self, account: Account) -> Account:
        """Charge what comes to ``account``; who was charged so far.

        Not a context manager: the interpreter makes a bound method for the end of its block, and drops it before the
        last reading, so that one account would gain what another loses.
        """
        before = self._account
        if before is not account:
            self._switch(account)
            self._account = account
        return before

    def _switch(self, account: Account) -> None:
        if self._window.is_open and self.current is not None and self.current.problem is None:
            try:
                self._window.switch(account)
            except Exception as error:  # noqa: BLE001 - as above
                self._give_up(self.current, error)

    def _weigh_kept(self, run: ItemRun) -> Weight:
        """Output, properties, warnings, subtests' reports and a failure's traceback, as far as pytest keeps them."""
        weight = run.keepsakes.weigh_output(self._scales).plus(run.keepsakes.weigh_fixtures(self._scales))
        alive = [report for reference in run.subtests if (report := reference()) is not None]
        run.subtests.clear()
        if kept := [*alive, *run.keepsakes.properties, *run.keepsakes.suite_properties]:
            weight = weight.plus(self._scales.weigh_all(kept, self._new_ids()))
        del alive, kept
        if warnings := run.keepsakes.warnings:
            weight = weight.plus(self._scales.weigh_all(warnings, self._new_ids()))
        return weight

    def _new_ids(self) -> set[int] | None:
        return new_ids() if self._collector.lists_only_new else None

    def _kept_by_pytest(self, run: ItemRun) -> list[object]:
        failures = exceptions_alive(run.exception_ids) if run.raised else []
        unfinished = compat.unfinished_cases(run.item.config) if run.raised else []
        reports = run.reports.values()
        # CPython 3.13 doesn't tell the collector that an instance holds its own dict
        return [*reports, *map(vars, reports), *run.keepsakes.warnings, *failures, *unfinished, run, self.machinery]


def new_first_calls() -> FirstCalls | None:
    """What is to be laid out before an item runs; only CPython 3.10 keeps something for each function that ran."""
    if sys.version_info >= (3, 11):
        return None
    from .first_calls import FirstCalls

    return FirstCalls()


def weigh_call_info(window: Window) -> Weight:
    """What pytest's record of a phase weighs, which is alive when the phase ends and not when it begins.

    CPython gives the first instances of a class room for attributes to come, less for each; only when that has settled
    is the weight the one that every later instance has.
    """
    for _ in range(INSTANCES_UNTIL_SETTLED):
        pytest.CallInfo.from_call(lambda: None, when="call")
        pytest.TestReport("", ("", 0, ""), {}, "passed", None, "call")
    weights = []
    for _ in range(CALIBRATIONS):
        window.open(Plan(detail=Detail.EXACT))
        call = pytest.CallInfo.from_call(lambda: None, when="call")
        window.switch(Account.RUNNER)
        weights.append(window.weight_of(Account.SETUP))
        window.abandon()
        del call
    most_common, _ = Counter((weight.blocks, weight.small_bytes, weight.objects) for weight in weights).most_common(1)[
        0
    ]
    # it has no block beyond 512 bytes, so that what the C heap did meanwhile is not its own
    return Weight(blocks=most_common[0], small_bytes=most_common[1], objects=most_common[2])


def by_survivors(measured: Measurement) -> Measurement:
    """What a failed test left, judged by the objects that survive it alone.

    What else changed is its exception's, with the frames and all that they hold: pytest lets go of that when the next
    test fails, and other plugins keep it. Where objects could not be counted, it stays an estimate.
    """
    if measured.objects is None:
        return measured
    return measured._replace(
        growth_bytes=sum(use.bytes for use in measured.types),
        objects=sum(use.count for use in measured.types),
        blocks=None,
        small_bytes=None,
        heap_bytes=None,
    )


def _collect_error(errors: list[BaseException], action: Callable[[], object]) -> None:
    try:
        action()
    except pytest.exit.Exception:
        raise
    except (Exception, pytest.skip.Exception, pytest.fail.Exception) as error:  # noqa: BLE001
        errors.append(error)
