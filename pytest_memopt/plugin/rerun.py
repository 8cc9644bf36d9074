"""Running an item again: function-scoped fixtures rebuilt, wider ones kept, and nobody told."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager

import pytest

from ..errors import MemoptError
from ..meters.measurement import Measurement, Site
from ..meters.plan import Plan
from ..meters.traced import is_runner
from . import compat
from .protocol import PhaseRunner
from .recorder import Recorder
from .run import ItemRun, Purpose
from .timeouts import restart_timer, stop_timer

NO_FILE = "<string>"
FEW_BYTES = 512


class CannotRerun(MemoptError):  # noqa: N818 - it says what happened
    """An item did not do the same when it was run again; the message says what happened."""


class Rerunner:
    """Reruns one item, as often as its verdict needs.

    Attributes:
        sibling: stands in for the next item, so that wider fixtures are spared; one for all runs, as it is held on to.
    """

    def __init__(self, item: pytest.Item, recorder: Recorder) -> None:
        self._item = item
        self._recorder = recorder
        self._example_names = compat.example_names(item)
        self.sibling = compat.StandIn(item)

    @contextmanager
    def ready(self, nextitem: pytest.Item | None) -> Generator[None, None, None]:
        """Keep reports of reruns from being heard, and leave behind the set-up state that was found."""
        self._recorder.clear_ground()
        with self.quiet(nextitem):
            yield

    @contextmanager
    def quiet(self, nextitem: pytest.Item | None) -> Generator[None, None, None]:
        """As ``ready``, but the interpreter's caches are left as they are."""
        was_wider = compat.standing_collectors(self._item)
        stop_timer(self._item)
        try:
            with compat.silenced(self._item.config):
                yield
        finally:
            restart_timer(self._item)  # for what is still to be torn down
        if compat.standing_collectors(self._item) != was_wider:
            self._tear_down(nextitem)
        elif compat.is_standing(self._item):
            self._tear_down(self.sibling)

    def _tear_down(self, following: object) -> None:
        """Tear down what a rerun left; what fails then failed in the rerun, which was told as one that failed."""
        try:
            compat.tear_down_to(self._item, following)
        except pytest.exit.Exception:
            raise
        except (Exception, pytest.skip.Exception, pytest.fail.Exception):  # noqa: BLE001, S110
            pass

    def repeat(self) -> None:
        """Run the item once more, unmeasured.

        Raises:
            CannotRerun: when it fails or is skipped this time.
        """
        _must_have_passed(self._run_once(Plan(), Purpose.ROUND, self._recorder.end_round))

    def rerun(self, plan: Plan) -> Measurement:
        """Run the item once more, measured.

        Raises:
            CannotRerun: when it fails, is skipped, or can't be measured this time.
        """
        run: list[ItemRun | None] = []
        reports = self._run_once(
            plan._replace(clears_caches=True), Purpose.RERUN, lambda: run.append(self._recorder.finish())
        )
        _must_have_passed(reports)
        if run[0] is None or run[0].measured is None:
            raise CannotRerun("when it was run again, it could not be measured")
        return run[0].measured

    def find_sites(self, plan: Plan) -> tuple[Site, ...]:
        """The lines whose allocations stay, from one more run under the tracer; none when that run fails."""
        try:
            self.rerun(plan._replace(traced=True, sites=True))
        except CannotRerun:
            return ()
        return tuple(site for site in self._recorder.window.sites if not _is_runner(site))

    def _run_once(self, plan: Plan, purpose: Purpose, end: Callable[[], None]) -> list[pytest.TestReport]:
        item, recorder = self._item, self._recorder
        if item.config.getoption("trace", default=False):
            raise CannotRerun("it is not run again under --trace, which would ask in every run")
        compat.renew_examples(item, self._example_names)
        # the request of the run before knows fixtures that are torn down
        compat.end_request(item)
        compat.begin_request(item)
        compat.renew_instance(item)
        restart_timer(item)
        try:
            runner = PhaseRunner(recorder, item)
            recorder.begin(item, plan, purpose)
            reports = self._run_phases(runner)
            end()
        finally:
            recorder.abandon()
            compat.end_request(item)
            stop_timer(item)
        return reports

    def _run_phases(self, runner: PhaseRunner) -> list[pytest.TestReport]:
        reports = [runner.run("setup")]
        if reports[0].passed:
            reports.append(runner.run("call"))
        reports.append(runner.run("teardown", nextitem=self.sibling))
        return reports


def _must_have_passed(reports: list[pytest.TestReport]) -> None:
    for report in reports:
        if not (report.passed or compat.is_strict_xpass(report)):
            raise CannotRerun(f"when it was run again, its {report.when} {report.outcome}")


def _is_runner(site: Site) -> bool:
    """Whether it is pytest's or ours: the code of named tuples has no file, and pytest makes a few of them per test."""
    return is_runner(site.path) or (site.path == NO_FILE and site.bytes <= FEW_BYTES)
