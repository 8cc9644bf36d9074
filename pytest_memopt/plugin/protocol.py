"""Running an item whose limits may fail it: like pytest does, but the call's report waits for the verdict."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from . import compat


def run_limited(item: pytest.Item, nextitem: pytest.Item | None, conclude: Callable[[], None]) -> None:
    """Run set-up, call and teardown of ``item``, report them in this order, and tear down what ``nextitem`` doesn't need.

    The teardown first spares the wider fixtures, so that reruns find them; it is completed when the verdict is known.
    A call that failed by itself is reported at once. ``conclude`` is called for the verdict, between the phases' end and
    their reports.
    """
    ihook = item.ihook
    ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
    compat.begin_request(item)
    try:
        _run_phases(item, nextitem, conclude)
    finally:
        compat.end_request(item)
    ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)


def _run_phases(item: pytest.Item, nextitem: pytest.Item | None, conclude: Callable[[], None]) -> None:
    log = item.ihook.pytest_runtest_logreport
    waiting: pytest.TestReport | None = None
    if compat.run_phase(item, "setup", log=True).passed:
        if item.config.getoption("setupshow", False):
            compat.show_setup(item)
        call_report = compat.run_phase(item, "call", log=False)
        if call_report.passed or compat.is_strict_xpass(call_report):
            waiting = call_report
        else:
            log(report=call_report)
    teardown_report = compat.run_phase(item, "teardown", log=False, nextitem=compat.StandIn(item))
    conclude()
    if waiting is not None:
        log(report=waiting)
    _complete_teardown(item, _next_to_run(item, nextitem), teardown_report)


def _next_to_run(item: pytest.Item, nextitem: pytest.Item | None) -> pytest.Item | None:
    """No item comes next when the session is about to stop: then everything is torn down here, where it is reported."""
    return None if item.session.shouldfail or item.session.shouldstop else nextitem


def _complete_teardown(item: pytest.Item, nextitem: pytest.Item | None, report: pytest.TestReport) -> None:
    """End the wider fixtures that end here; an error of theirs is reported on this item, as pytest does."""
    log = item.ihook.pytest_runtest_logreport
    if not compat.will_tear_down_more(item, nextitem):
        log(report=report)
        return
    completion = compat.run_phase(item, "teardown", log=False, nextitem=nextitem)
    if completion.passed or report.failed:
        log(report=report)
    else:
        completion.__dict__.update(memopt=getattr(report, "memopt", None))
    if not completion.passed:
        log(report=completion)
