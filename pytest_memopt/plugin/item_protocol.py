"""The protocol of a measured item: set-up, call, teardown, verdict, and the reports in pytest's own order."""

from __future__ import annotations

import pytest

from . import compat
from .examiner import Examiner
from .protocol import PhaseRunner
from .recorder import Recorder
from .run import Purpose


def run_measured(item: pytest.Item, nextitem: pytest.Item | None, recorder: Recorder, examiner: Examiner) -> None:
    """Run ``item`` as pytest does.

    With limits there are two differences: the report on a call that passed waits for the verdict, and the teardown first
    spares the wider fixtures, so that reruns find them; it is completed when the verdict is known.
    """
    ihook = item.ihook
    ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    compat.begin_request(item)
    try:
        runner = PhaseRunner(recorder, item)
        recorder.begin(item, examiner.wanted(item).plan, Purpose.FIRST)
        _run_phases(item, nextitem, runner, examiner)
    finally:
        compat.end_request(item)
    ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _run_phases(item: pytest.Item, nextitem: pytest.Item | None, runner: PhaseRunner, examiner: Examiner) -> None:
    log = item.ihook.pytest_runtest_logreport
    is_limited = examiner.is_limited(item)
    waiting: pytest.TestReport | None = None
    if runner.run("setup", log=True).passed:
        if item.config.getoption("setupshow", False):
            compat.show_setup(item)
        call_report = runner.run("call", log=not is_limited)
        if is_limited and (call_report.passed or compat.is_strict_xpass(call_report)):
            waiting = call_report
        elif is_limited:
            log(report=call_report)
    following: object = compat.StandIn(item) if is_limited else _next_to_run(item, nextitem)
    teardown_report = runner.run("teardown", log=False, nextitem=following)
    examiner.conclude()
    if waiting is not None:
        log(report=waiting)
    if is_limited:
        _complete_teardown(item, _next_to_run(item, nextitem), runner, teardown_report)
    else:
        log(report=teardown_report)


def _next_to_run(item: pytest.Item, nextitem: pytest.Item | None) -> pytest.Item | None:
    """No item comes next when the session is about to stop: then everything is torn down here, where it is reported."""
    return None if item.session.shouldfail or item.session.shouldstop else nextitem


def _complete_teardown(
    item: pytest.Item, nextitem: pytest.Item | None, runner: PhaseRunner, report: pytest.TestReport
) -> None:
    """End the wider fixtures that end here; an error of theirs is reported on this item, as pytest does."""
    log = item.ihook.pytest_runtest_logreport
    if not compat.will_tear_down_more(item, nextitem):
        log(report=report)
        return
    compat.renew_log_records(item)
    completion = runner.run("teardown", log=False, nextitem=nextitem)
    if completion.passed or report.failed:
        log(report=report)
    else:
        completion.__dict__.update(memopt=getattr(report, "memopt", None))
    if not completion.passed:
        log(report=completion)
