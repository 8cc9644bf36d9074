"""The examiner: brings an item's runs before the judge, has a breach confirmed, and puts the verdict on the report."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from ..errors import one_line
from ..leaks.ruling import LeakKind
from ..leaks.wish import LeakWish
from ..limits.judge import exceeded_in_all, is_in_doubt
from ..limits.limits import Metric
from ..limits.rules import Rule
from ..meters.measurement import Measurement, Phase, Site
from ..settings import Settings
from ..verdicts.judge import judge
from ..verdicts.record import Outcome, TestRecord, VerdictKind
from ..verdicts.wire import to_wire
from . import compat
from .failure import make_failure, outcome_of
from .recorder import Recorder
from .rerun import CannotRerun, Rerunner
from .run import INTERRUPTIONS, ItemRun, Purpose
from .wanted import NOTHING_WANTED, Wanted, wanted_of

if TYPE_CHECKING:
    from .leak_hunt import LeakHunter

WANTED: pytest.StashKey[Wanted] = pytest.StashKey()
DOORS = {
    "memory_snapshot": f"{__package__}.counted_snapshots",
    "memopt": f"{__package__}.probe",
    "resource_manager": f"{__package__}.pools",
}
RUNS_IN_DOUBT = 10
INTERRUPTED = "interrupted while it was run again"
FAILED_BY_ITSELF = "the test failed by itself, so "
NOT_JUDGED = "its limits were not judged"
NOT_HUNTED = "it was not hunted for leaks"


class Examiner:
    """Knows what is wanted of each item, and says what became of it; one per process.

    Attributes:
        is_foreign: whether another plugin runs the current item its own way.
    """

    def __init__(
        self,
        recorder: Recorder,
        settings: Settings,
        rules: list[Rule],
        worker: str | None,
        make_hunter: Callable[[], LeakHunter],
    ) -> None:
        self._recorder = recorder
        self._settings = settings
        self._rules = rules
        self._worker = worker
        self._make_hunter = make_hunter
        self._hunter: LeakHunter | None = None
        self._hunted = LeakWish(settings.leak_rounds) if settings.leaks else None
        self._rerunner: Rerunner | None = None
        self._next: pytest.Item | None = None
        self._item: pytest.Item | None = None
        self._wanted = NOTHING_WANTED
        self._exempt_reports: dict[Phase, pytest.TestReport] = {}
        self._interruption: BaseException | None = None
        self.is_foreign = False

    @property
    def sibling(self) -> compat.StandIn | None:
        """What stands in for the next item while the current one, which is limited, may have to run again."""
        return self._rerunner.sibling if self._rerunner is not None else None

    @property
    def is_workers(self) -> bool:
        """Whether this process is a worker of pytest-xdist, of which another process tells."""
        return self._worker is not None

    def wanted(self, item: pytest.Item) -> Wanted:
        """What is wanted of ``item``."""
        if item is not self._item:
            self._item, self._wanted = item, wanted_of(item, self._rules, self._hunted)
        return self._wanted

    def idle_rules(self, items: Sequence[pytest.Item]) -> tuple[str, ...]:
        """The limits by glob or marker expression that fit none of ``items``."""
        return tuple(
            rule.where
            for rule in self._rules
            if not any(rule.applies_to(item.nodeid, partial(compat.evaluate_marks, item=item)) for item in items)
        )

    def is_exempt(self, item: pytest.Item) -> bool:
        """Whether ``item`` is not to be measured at all."""
        wanted = self.wanted(item)
        return wanted.exemption.skip or not (self._settings.is_on or wanted.limits or wanted.leaks)

    def is_judged(self, item: pytest.Item) -> bool:
        """Whether a verdict may fail ``item``, so that it may have to run again."""
        wanted = self.wanted(item)
        return (bool(wanted.limits) or wanted.leaks is not None) and not self.is_exempt(item)

    def start(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """A new item is about to run."""
        self._next = nextitem
        # also makes pytest's stash of the item as large as it gets, before the window opens
        item.stash[WANTED] = self.wanted(item)
        self.is_foreign = False
        for name in DOORS.keys() & getattr(item, "fixturenames", ()):
            import_module(DOORS[name])  # before the window opens: the import isn't the test's
        self._rerunner = Rerunner(item, self._recorder) if self.is_judged(item) else None

    def mark_exempt(self, item: pytest.Item, report: pytest.TestReport) -> None:
        """Say of a test that is exempt by its mark that it is; not of one that nobody wanted to measure."""
        wanted = self.wanted(item)
        if not wanted.exemption.skip or not (wanted.limits or wanted.leaks or self._settings.is_on):
            return
        self._exempt_reports[Phase(report.when)] = report
        if report.when == "teardown":
            self._attach(report, self._exempt_record(item))
            self._exempt_reports = {}

    def conclude(self) -> None:
        """All reports of the current run were made, and none was handed on yet: measure, judge, and tell.

        What interrupts a run of ours comes through when what is known of the test is on its report.
        """
        run = self._recorder.finish()
        if run is not None and run.purpose is not Purpose.RERUN:
            try:
                record = self._examine(run)
            except pytest.exit.Exception:
                raise
            except Exception as error:  # noqa: BLE001 - whatever a test did to the process: the session goes on
                why = f"it could not be judged: {one_line(error)}"
                record = self._record_of(run)._replace(verdict=VerdictKind.UNMEASURED, why=why)
            self._attach(run.reports[Phase.TEARDOWN], record)
            if self._interruption is not None:
                raise self._interruption

    def _exempt_record(self, item: pytest.Item) -> TestRecord:
        wanted = self.wanted(item)
        why = f"exempt by mark memopt{': ' + wanted.exemption.reason if wanted.exemption.reason else ''}"
        return TestRecord(
            nodeid=item.nodeid,
            outcome=outcome_of(self._exempt_reports),
            verdict=VerdictKind.UNMEASURED,
            why=why,
            limits=wanted.limits.limits,
            worker=self._worker,
        )

    def _record_of(self, run: ItemRun) -> TestRecord:
        return TestRecord(
            nodeid=run.item.nodeid,
            outcome=outcome_of(run.reports),
            verdict=VerdictKind.OK,
            measured=run.measured,
            duration_s=sum(run.durations_s.values()),
            limits=self.wanted(run.item).limits.limits,
            worker=self._worker,
        )

    def _examine(self, run: ItemRun) -> TestRecord:
        record = self._record_of(run)
        if run.measured is None:
            return record._replace(verdict=VerdictKind.UNMEASURED, why=run.problem or "its window was not closed")
        if self._rerunner is None:
            return record
        if run.raised:
            return self._undone(run, record)
        if record.limits:
            record = self._judge(run, run.measured, record, self._rerunner)
        is_over = record.verdict is VerdictKind.BREACH or self._interruption is not None
        if not is_over and (wish := self.wanted(run.item).leaks) is not None:
            record = self._hunt(run, record, wish, self._rerunner)
        return record

    def _undone(self, run: ItemRun, record: TestRecord) -> TestRecord:
        """The record of a test that didn't come to its end: what was wanted of it and, where it failed, is left undone."""
        if record.outcome in (Outcome.SKIPPED, Outcome.XFAILED):
            return record
        is_hunted = self.wanted(run.item).leaks is not None
        undone = [*([NOT_JUDGED] if record.limits else []), *([NOT_HUNTED] if is_hunted else [])]
        return record._replace(verdict=VerdictKind.INCONCLUSIVE, why=FAILED_BY_ITSELF + ", and ".join(undone))

    def _hunt(self, run: ItemRun, record: TestRecord, wish: LeakWish, rerunner: Rerunner) -> TestRecord:
        hunter = self._hunter = self._hunter or self._make_hunter()
        with self._at_home():
            finding = hunter.hunt(run.item, self._next, rerunner, wish)
        self._interruption = hunter.interruption
        if finding.is_leak and (excuse := hunter.excuse(finding, wish)) is not None:
            return record._replace(leak=finding, verdict=VerdictKind.KNOWN_LEAK, why=excuse)
        if finding.verdict is LeakKind.CLEAN:
            return record._replace(leak=finding)
        record = record._replace(leak=finding, verdict=VerdictKind(finding.verdict.value), why=finding.why)
        if finding.is_leak:
            record = record._replace(why=hunter.lapsed(finding))
            make_failure(run, record)
            record = record._replace(outcome=outcome_of(run.reports))
        return record

    def _judge(self, run: ItemRun, measured: Measurement, record: TestRecord, rerunner: Rerunner) -> TestRecord:
        wanted = self.wanted(run.item)
        # a run inside another plugin's hooks is only an estimate: the verdict needs one of ours
        warmup = max(wanted.limits.warmup, int(run.purpose is Purpose.FOREIGN))
        runs, sites = [measured], tuple[Site, ...]()
        judgement = judge(runs, wanted.limits)
        if warmup or judgement.breaches or self._is_blurred(wanted, measured):
            try:
                with rerunner.ready(self._next), self._at_home():
                    runs, no_rerun = self._confirmed_runs(measured, wanted, warmup, rerunner)
                    judgement = judge(runs, wanted.limits, no_rerun=no_rerun)
                    if judgement.standing and no_rerun is None:
                        sites = rerunner.find_sites(wanted.plan)
            except INTERRUPTIONS as interruption:
                self._interruption = interruption
                return record._replace(verdict=VerdictKind.INCONCLUSIVE, why=INTERRUPTED)
        record = record._replace(
            measured=runs[0]._replace(types=runs[-1].types),
            verdict=judgement.verdict,
            why=judgement.why,
            breaches=judgement.breaches,
            reruns=tuple(rerun.growth_bytes for rerun in runs[1:]),
            sites=tuple(site.below(run.item.config.rootpath) for site in sites),
        )
        if not judgement.fails:
            return record
        make_failure(run, record)
        return record._replace(outcome=outcome_of(run.reports))

    @contextmanager
    def _at_home(self) -> Generator[None, None, None]:
        """Reruns are ours, also those of an item that another plugin runs its own way."""
        was_foreign, self.is_foreign = self.is_foreign, False
        try:
            yield
        finally:
            self.is_foreign = was_foreign

    def _confirmed_runs(
        self, first: Measurement, wanted: Wanted, warmup: int, rerunner: Rerunner
    ) -> tuple[list[Measurement], str | None]:
        """The run that is judged, its reruns, and why there are none although some were wanted."""
        runs = [first]
        try:
            if not warmup and self._is_blurred(wanted, first):
                runs = [self._unblurred(wanted, first, rerunner)]
            for _ in range(warmup):
                runs = [self._run_again(wanted, rerunner)]
            for _ in range(self._settings.confirm):
                if not exceeded_in_all(runs, wanted.limits):
                    break
                runs.append(self._run_again(wanted, rerunner))
            while self._settings.confirm and len(runs) < RUNS_IN_DOUBT and is_in_doubt(runs, wanted.limits):
                runs.append(self._run_again(wanted, rerunner))
        except CannotRerun as problem:
            return runs, str(problem)
        return runs, None

    def _run_again(self, wanted: Wanted, rerunner: Rerunner) -> Measurement:
        again = rerunner.rerun(wanted.plan)
        return self._unblurred(wanted, again, rerunner) if self._is_blurred(wanted, again) else again

    def _is_blurred(self, wanted: Wanted, measured: Measurement) -> bool:
        """Whether growth is limited, and the tracer of a limit on the peak left something of its own in it."""
        return wanted.plan.traced and not measured.exact and wanted.limits.covers(Metric.GROWTH)

    def _unblurred(self, wanted: Wanted, traced: Measurement, rerunner: Rerunner) -> Measurement:
        """What a traced run found, with everything but the peak from one more run without the tracer."""
        calm = rerunner.rerun(wanted.plan._replace(traced=False))
        return calm._replace(peak_bytes=traced.peak_bytes)

    def _attach(self, report: pytest.TestReport, record: TestRecord) -> None:
        # an xdist worker sends plain JSON; in one process the record can go as it is
        report.memopt = {  # type: ignore[attr-defined]
            "record": to_wire(record) if self._worker is not None else record,
            "fixtures": [cost.to_wire() for cost in self._recorder.fixtures.take()],
        }
