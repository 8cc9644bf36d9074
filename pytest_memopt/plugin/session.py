"""The hooks that measure: each is one call to the recorder or to the examiner."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from . import compat
from .engine import Engine
from .examiner import Examiner
from .journal import Journal
from .protocol import run_limited
from .run import Purpose
from .state import WANTED


class MeasuringHooks:
    """Registered when there is something to measure, in the process that runs the tests."""

    def __init__(self, engine: Engine, examiner: Examiner, journal: Journal) -> None:
        self._recorder = engine.recorder
        self._examiner = examiner
        self._journal = journal
        self._resident = engine.resident

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Let the examiner know which item is next, and leave no window open behind an interruption."""
        self._journal.note(item.nodeid, self._resident.read() if self._resident.available else 0)
        if self._examiner.is_exempt(item):
            return (yield)
        self._examiner.start(item, nextitem)
        try:
            return (yield)
        finally:
            self._recorder.abandon()

    @pytest.hookimpl(specname="pytest_runtest_protocol")
    def run_limited_items(self, item: pytest.Item, nextitem: pytest.Item | None) -> object:
        """Run items with limits ourselves: their report must wait until the teardown has been measured."""
        if not self._examiner.is_limited(item):
            return None
        for other in compat.other_protocols(item, self):
            if other(item=item, nextitem=nextitem) is not None:
                return True
        run_limited(item, nextitem, self._examiner.conclude)
        return True

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Open the window, outside of everything that other plugins do."""
        if self._examiner.is_exempt(item):
            return (yield)
        self._recorder.begin(item, item.stash[WANTED].plan, self._examiner.purpose)
        self._recorder.begin_phase("setup")
        try:
            return (yield)
        finally:
            self._recorder.end_phase("setup")

    @pytest.hookimpl(specname="pytest_runtest_setup")
    def set_up_shared_ground(self, item: pytest.Item) -> None:
        """Before pytest's own set-up, and after those who may skip the test."""
        self._recorder.set_up_shared_ground(item)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Charge the call to the test."""
        self._recorder.begin_phase("call")
        try:
            return (yield)
        finally:
            self._recorder.end_phase("call")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        """Charge the teardown to the test."""
        self._recorder.begin_phase("teardown")
        try:
            return (yield)
        finally:
            self._recorder.end_phase("teardown")

    @pytest.hookimpl(specname="pytest_runtest_teardown")
    def tear_down_shared_ground(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Before pytest's own teardown: so that the end of a module isn't its last test's."""
        self._recorder.tear_down_shared_ground(item, nextitem)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep reports off the test's account."""
        self._recorder.enter_report()
        report = yield
        self._examiner.note_report(item, call, report)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_logreport(self) -> Generator[None, object, object]:
        """With the last report made, the run is over. Subtests report from within it: that isn't the test's."""
        self._examiner.conclude()
        try:
            return (yield)
        finally:
            self._recorder.leave_report()

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """Note what building a fixture costs."""
        if self._recorder.current is None or self._recorder.current.purpose is Purpose.RERUN:
            return (yield)
        with self._recorder.building(fixturedef.argname, fixturedef.scope):
            return (yield)
