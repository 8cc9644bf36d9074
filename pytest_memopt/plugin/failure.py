"""From a verdict to pytest's report: the test fails as a test does, not in its teardown."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from ..errors import MemoryLimitExceeded
from ..meters.measurement import Phase
from ..report.explanation import Explanation
from ..report.failure import explain
from ..report.leaks import explain_leak
from ..verdicts.record import Outcome, TestRecord, VerdictKind
from . import compat
from .run import ItemRun

FAILED_FLAG = "memopt_failed"


def outcome_of(reports: Mapping[Phase, pytest.TestReport]) -> Outcome:
    """What became of the test, from the reports of its phases."""
    call = reports.get(Phase.CALL)
    if any(report.failed for phase, report in reports.items() if phase is not Phase.CALL):
        return Outcome.ERROR
    if call is None:
        return Outcome.SKIPPED
    if hasattr(call, "wasxfail"):
        return Outcome.XFAILED if call.skipped else Outcome.XPASSED
    return Outcome(call.outcome)


def _explanation(record: TestRecord) -> Explanation:
    if record.leak is not None and record.verdict is VerdictKind.LEAK:
        isolated = " --memopt-isolate" if record.leak.isolated else ""
        hint = f'pytest --memopt-leaks{isolated} "{record.nodeid}"'
        return explain_leak(record.leak, rerun_hint=hint, lapsed=record.why)
    return explain(record, rerun_hint=f'pytest --memopt-confirm 5 "{record.nodeid}"')


def make_failure(run: ItemRun, record: TestRecord) -> None:
    """Turn the report on the call into a failure that explains ``record``.

    The report is made anew from an exception by pytest's own hook, so that xfail, unittest, ``--pdb`` and other plugins
    treat it like a failed assertion.
    """
    original = run.reports[Phase.CALL]
    explanation = _explanation(record)

    def exceed() -> None:
        __tracebackhide__ = True
        raise MemoryLimitExceeded("\n".join([explanation.headline, *explanation.lines]))

    call = pytest.CallInfo.from_call(exceed, when="call")
    report: pytest.TestReport = run.item.ihook.pytest_runtest_makereport(item=run.item, call=call)
    if report.failed:
        path, line_number, _ = run.item.location
        report.longrepr = compat.failure_text(
            [explanation.headline, *(f"  {line}" for line in explanation.lines)],
            path,
            (line_number or 0) + 1,
            explanation.headline.removeprefix("memory: "),
        )
        setattr(report, FAILED_FLAG, True)
    report.duration, report.start, report.stop = original.duration, original.start, original.stop
    original.__dict__.clear()
    original.__dict__.update(report.__dict__)
    compat.interact_if_wanted(run.item, call, original)
