"""Hooks for the items that we don't run ourselves: exempt ones, and those that another plugin runs its own way."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from .examiner import Examiner
from .recorder import Recorder
from .run import Purpose

NAME = "memopt-guests"


class GuestHooks:
    """Registered when the first such item comes: most sessions have none, and each hook is called for every test."""

    def __init__(self, manager: pytest.PytestPluginManager, recorder: Recorder, examiner: Examiner) -> None:
        self._manager = manager
        self._recorder = recorder
        self._examiner = examiner

    def be_there(self) -> None:
        """Be registered from now on."""
        if not self._manager.has_plugin(NAME):
            self._manager.register(self, NAME)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Mark an exempt test as such, and follow the reports on an item that another plugin runs."""
        report = yield
        self._examiner.mark_exempt(item, report)
        if self._examiner.is_foreign:
            self._recorder.note_report(call.when, call, report)
        return report

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Open the window on an item that another plugin runs."""
        if not self._examiner.is_foreign:
            return (yield)
        self._recorder.begin(item, self._examiner.wanted(item).plan, Purpose.FOREIGN)
        self._recorder.begin_phase("setup")
        try:
            return (yield)
        finally:
            self._recorder.end_phase("setup")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Charge the call of an item that another plugin runs."""
        if not self._examiner.is_foreign:
            return (yield)
        self._recorder.begin_phase("call")
        try:
            return (yield)
        finally:
            self._recorder.end_phase("call")

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        """Charge the teardown of an item that another plugin runs."""
        if not self._examiner.is_foreign:
            return (yield)
        self._recorder.begin_phase("teardown")
        try:
            return (yield)
        finally:
            self._recorder.end_phase("teardown")
