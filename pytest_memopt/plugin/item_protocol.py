"""The protocol of a measured item: set-up, call, teardown, verdict, and the reports in pytest's own order."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from . import compat
from .examiner import Examiner
from .protocol import PhaseRunner
from .recorder import Recorder
from .run import Purpose


def run_measured(item: pytest.Item, nextitem: pytest.Item | None, recorder: Recorder, examiner: Examiner) -> None:
    """Run ``item`` as pytest does.

    Two things differ. The reports on phases that didn't fail are handed on after the teardown, when the window is closed:
    what pytest's reporters keep of them isn't the test's, and a verdict may still change them. With limits, the teardown first
    spares the wider fixtures, so that reruns find them; it is completed when the verdict is known.
    """
    ihook = item.ihook
    ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    compat.begin_request(item)
    compat.renew_instance(item)
    sibling = examiner.sibling
    try:
        runner = PhaseRunner(recorder, item)
        recorder.begin(item, examiner.wanted(item).plan, Purpose.FIRST)
        _run_phases(item, nextitem, sibling, runner, examiner)
    finally:
        compat.end_request(item)
    ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _run_phases(
    item: pytest.Item,
    nextitem: pytest.Item | None,
    sibling: compat.StandIn | None,
    runner: PhaseRunner,
    examiner: Examiner,
) -> None:
    log = item.ihook.pytest_runtest_logreport
    shows_setup = item.config.getoption("setupshow", default=False)
    waiting = runner.reports
    waiting.append(runner.run("setup"))
    if waiting[0].passed:
        if shows_setup:
            compat.show_setup(item)
        waiting.append(runner.run("call"))
    may_wait = not waiting[-1].failed or compat.is_strict_xpass(waiting[-1])
    # a test's letter belongs between the lines on its set-up and on its teardown
    if not may_wait or (shows_setup and sibling is None):
        _hand_on(waiting, log)
    following = _next_to_run(item, nextitem) if sibling is None else sibling
    try:
        teardown_report = runner.run("teardown", nextitem=following)
    except BaseException:
        # the session is interrupted, and the test itself was over
        _hand_on(waiting, log)
        raise
    try:
        examiner.conclude()
    except BaseException:
        # the session is interrupted, and the test itself was over
        _hand_on([*waiting, teardown_report], log)
        raise
    _hand_on(waiting, log)
    if sibling is not None:
        _complete_teardown(item, _next_to_run(item, nextitem), runner, teardown_report)
    else:
        log(report=teardown_report)


def _hand_on(waiting: list[pytest.TestReport], log: Callable[..., object]) -> None:
    for report in waiting:
        log(report=report)
    waiting.clear()


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
    completion = runner.run("teardown", nextitem=nextitem)
    if completion.passed or report.failed:
        log(report=report)
    else:
        completion.__dict__.update(memopt=getattr(report, "memopt", None))
    if not completion.passed:
        log(report=completion)
