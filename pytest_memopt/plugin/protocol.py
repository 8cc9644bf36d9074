"""Running one item as pytest does, phase by phase, so that readings fall between the phases and not inside its hooks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from ..meters.stack_frames import make_frame_objects
from . import compat
from .compat import When
from .recorder import Recorder

# names written out: the interpreter's attribute cache keeps, and lets go of, a name that is put together each time
HOOKS: dict[When, str] = {
    "setup": "pytest_runtest_setup",
    "call": "pytest_runtest_call",
    "teardown": "pytest_runtest_teardown",
}


def _nothing() -> None:
    """What a phase does before it is known."""


class PhaseRunner:
    """Runs phases of an item under the recorder.

    A reading taken inside a hook counts what the hook itself has alive: the generators of other plugins' wrappers, the
    list of implementations. Between two hooks only the result of the phase is alive, whose weight is known.

    Attributes:
        reports: room for the reports, made before the window opens; empty.
    """

    def __init__(self, recorder: Recorder, item: pytest.Item) -> None:
        self._recorder = recorder
        self._item = item
        self._ihook = item.ihook  # asked for once: pytest looks through its conftest modules each time
        self._reraised = compat.reraised(item.config)
        self._actions: dict[When, Callable[[], None]] = dict.fromkeys(HOOKS, _nothing)
        recorder.machinery = self._actions
        self.reports: list[pytest.TestReport] = []

    def run(self, when: When, *, nextitem: object = None) -> pytest.TestReport:
        """Run one phase, and make its report."""
        recorder, item = self._recorder, self._item
        hook = getattr(self._ihook, HOOKS[when])
        # held, for what was made before the window opened must not be let go of inside it
        if when == "teardown":
            compat.let_instance_go(item)
            self._actions[when] = partial(hook, item=item, nextitem=nextitem)
        else:
            self._actions[when] = partial(hook, item=item)
        make_frame_objects()  # in each phase, for that of this function ends with it
        recorder.begin_phase(when)
        call = pytest.CallInfo.from_call(self._actions[when], when=when, reraise=self._reraised)
        recorder.end_phase(when, call)
        report: pytest.TestReport = self._ihook.pytest_runtest_makereport(item=item, call=call)
        recorder.note_report(when, call, report)
        compat.interact_if_wanted(item, call, report)
        if call.excinfo is not None:
            recorder.charge_again(when)
            del call
            recorder.end_phase(when)
        return report
