"""The hooks that measure: each is a call or two to the recorder or the examiner."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from . import compat
from .engine import Engine
from .examiner import Examiner
from .guests import GuestHooks
from .header import WORKER_OUTPUT, Header
from .item_protocol import run_measured
from .journal import Journal
from .recorder import Recorder
from .run import AGAIN
from .timeouts import note_timer


class MeasuringHooks:
    """Registered when there is something to measure, in the process that runs the tests."""

    def __init__(
        self, engine: Engine, examiner: Examiner, journal: Journal, header: Header, guests: GuestHooks
    ) -> None:
        self._guests = guests
        self._recorder = engine.recorder
        self._examiner = examiner
        self._journal = journal
        self._header = header
        self._collector = engine.collector

    @property
    def recorder(self) -> Recorder:
        """Who keeps the account."""
        return self._recorder

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Write down which item begins, and leave no window open behind an interruption."""
        self._journal.note(item.nodeid, self._recorder.window.rss_bytes)
        self._examiner.start(item, nextitem)
        try:
            return (yield)
        finally:
            self._recorder.abandon()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Note the limits that fit no test: a slip of the pen would else go unnoticed."""
        self._header.idle_rules = self._examiner.idle_rules(session.items)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Thaw what was frozen (what runs from now on may look at all objects), and tell the controller of the meters."""
        self._collector.give_back()
        if (output := getattr(session.config, "workeroutput", None)) is not None:
            output[WORKER_OUTPUT] = self._header.to_wire()

    def pytest_keyboard_interrupt(self) -> None:
        """Ctrl-C in a worker: the controller tells which test it was in, and may come to that when it is gone."""
        if self._examiner.is_workers:
            self._journal.leave_to_reader()

    @pytest.hookimpl(specname="pytest_runtest_protocol")
    def pytest_runtest_protocol_measured(self, item: pytest.Item, nextitem: pytest.Item | None) -> object:
        """Run the items that are measured, unless another plugin runs them its own way (pytest-rerunfailures, flaky)."""
        if self._examiner.is_exempt(item):
            self._guests.be_there()
            return None
        for other in compat.other_protocols(item, self):
            self._guests.be_there()
            self._examiner.is_foreign = True
            if other(item=item, nextitem=nextitem) is not None:
                return True
        self._examiner.is_foreign = False
        run_measured(item, nextitem, self._recorder, self._examiner)
        return True

    @pytest.hookimpl(specname="pytest_runtest_setup")
    def pytest_runtest_setup_of_shared_ground(self, item: pytest.Item) -> None:
        """Before pytest's own set-up, and after those who may skip the test."""
        self._recorder.set_up_shared_ground(item)

    @pytest.hookimpl(specname="pytest_runtest_teardown")
    def pytest_runtest_teardown_of_shared_ground(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Before pytest's own teardown: so that the end of a module isn't its last test's."""
        self._recorder.tear_down_shared_ground(item, nextitem)

    @pytest.hookimpl(specname="pytest_runtest_call")
    def pytest_runtest_call_begins(self) -> None:
        """Before pytest's own call: all that came up to here is pytest's or a fixture's."""
        self._recorder.note_overhead()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A report goes out: in the midst of a test it is a subtest's; of a foreign item, all have been made."""
        self._recorder.note_subtest(report)
        if self._examiner.is_foreign:
            self._examiner.conclude()

    @pytest.hookimpl(optionalhook=True, tryfirst=True)
    def pytest_timeout_set_timer(self, item: pytest.Item, settings: object) -> None:
        """pytest-timeout is about to set its timer: each run of ours is to have as much time."""
        note_timer(item, settings)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object]) -> Generator[None, object, object]:
        """Note what building a fixture costs."""
        recorder = self._recorder
        if recorder.current is None or recorder.current.purpose in AGAIN:
            return (yield)
        account = recorder.begin_fixture(fixturedef)
        try:
            return (yield)
        finally:
            recorder.end_fixture(fixturedef, account)
