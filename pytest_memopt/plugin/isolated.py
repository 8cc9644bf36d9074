"""Loaded by ``-p`` in a pytest that hunts one test for another process: the options as they were there, one test, an answer.

Besides the hunt itself, which is made as everywhere, nothing here judges anything.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import sys
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from .task import LEAK, PROBLEM, Task, name_within_file

_OPTION: Final = "memopt_isolated"
_LIMIT_MARK: Final = "memory_limit"
_GRACE_S: Final = 10.0
_TOLD_MOST: Final = 200
TASK: pytest.StashKey[Task] = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the option that names the task; no help lists it."""
    parser.addoption("--memopt-isolated", dest=_OPTION, help=argparse.SUPPRESS)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Take over the options and the module path of the process that asks, before any conftest is loaded."""
    task = Task(**json.loads(Path(getattr(early_config.known_args_namespace, _OPTION)).read_text(encoding="utf-8")))
    early_config.stash[TASK] = task
    sys.path[:] = task.sys_path
    for namespace in (early_config.option, early_config.known_args_namespace):
        vars(namespace).update(task.options)
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Answer reports with what they bring; end in any case, also when nobody is there any more who waits."""
    task = config.stash[TASK]
    config.pluginmanager.register(_Answering(task), "memopt-answering")
    faulthandler.dump_traceback_later(task.timeout_s + _GRACE_S, exit=True)


class _Answering:
    """Selects the test, and leaves the answer."""

    def __init__(self, task: Task) -> None:
        self._task = task
        self._failed: pytest.TestReport | None = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> Generator[None, None, None]:
        """Leave that one test of the file, whatever else selects; limits were judged where the test ran first."""
        there = [item for item in items if name_within_file(item) == self._task.name]
        try:
            return (yield)
        finally:
            items[:] = there[:1]
            for node in items[0].listchain() if items else ():
                node.own_markers[:] = [mark for mark in node.own_markers if mark.name != _LIMIT_MARK]

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Say so when the test isn't there."""
        if not session.items:
            self._answer(PROBLEM, f"the test {self._task.name} was not collected from {self._task.path}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take the finding off the report that brings it, or the reason why there is none."""
        if self._failed is None and not report.passed:
            self._failed = report
        record = getattr(report, "memopt", {}).get("record")
        if record is None:
            return
        if record.leak is not None:
            from ..verdicts.leak_wire import leak_to_wire

            self._answer(LEAK, leak_to_wire(record.leak))
        else:
            self._answer(PROBLEM, self._why(record.why))

    def _why(self, why: str | None) -> str:
        report = self._failed
        if report is None:
            return f"it was not hunted: {why or 'nobody wanted to'}"
        crash = getattr(report.longrepr, "reprcrash", None)
        lines = (crash.message if crash is not None else report.longreprtext).strip().splitlines()
        return f"its {report.when} {report.outcome}{f': {lines[0][:_TOLD_MOST]}' if lines else ''}"

    def _answer(self, key: str, value: Mapping[str, Any] | str) -> None:
        from ..leaks.fresh_process import leave_answer

        leave_answer(Path(self._task.answer), {key: value})
