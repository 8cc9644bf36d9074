"""The process that prints: it collects the records, keeps the history, writes the reports and shows the summary."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from ..errors import MemoptError, one_line
from ..leaks.ruling import LeakKind
from ..report import json_report, terminal
from ..report.failure import warn_line
from ..report.leaks import slow_hunt
from ..report.output import open_report
from ..report.ranking import unchecked
from ..report.summary import RunSummary
from ..settings import Settings
from ..verdicts.record import TestRecord, VerdictKind
from . import journal, plain_imports
from .header import POOL_OUTPUT, POOL_USES, WORKER_OUTPUT, Header
from .run_ledger import RunLedger
from .summing_up import sum_up

QUIET = -1


class Controller:
    """Registered in the process that talks to the user: the only one without xdist, the controller with it."""

    def __init__(self, config: pytest.Config, settings: Settings, header: Header, ledger: RunLedger) -> None:
        self._config = config
        self._settings = settings
        self._header = header
        self._ledger = ledger
        self._workers: set[str] = set()
        self._summary: RunSummary | None = None
        self.run_name = header.run_name
        self._note_killed_runs()
        if settings.keeps_history:
            with plain_imports():
                from . import run_history  # noqa: F401 - now, while nothing that imports need has been patched

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what the report brought along, and don't let pytest keep it a second time."""
        wire: Mapping[str, Any] | None = report.__dict__.pop("memopt", None)
        if wire is not None:
            self._tell_slow_hunt(self._ledger.add(wire))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a new xdist worker where its journal is."""
        node.workerinput["memopt_run"] = self.run_name

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodeready(self, node: Any) -> None:
        """Count the workers."""
        self._workers.add(node.gateway.id)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        """A worker is gone: what measured in it is known now; if it died, its journal tells during which test."""
        self._header.learn(getattr(node, "workeroutput", {}).get(WORKER_OUTPUT, {}))
        self._ledger.add_pools(getattr(node, "workeroutput", {}).get(POOL_OUTPUT, ()))
        worker = node.gateway.id
        if not error or (entry := journal.take_last(self._header.journal_folder, self.run_name, worker)) is None:
            return
        if entry.interrupted:
            self._note_interrupted(worker, entry)
        else:
            self._ledger.lose(worker, entry.story)

    def pytest_keyboard_interrupt(self) -> None:
        """Ctrl-C: what workers are doing is not waited for, so that at least the tests they were in are told."""
        for worker in sorted(self._workers):
            entry = journal.take_last(self._header.journal_folder, self.run_name, worker)
            if entry is not None:
                self._note_interrupted(worker, entry)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self) -> None:
        """Sum up, while nothing can fail any more; what goes wrong here is told, and changes no result."""
        if not (self._ledger.records() or self._ledger.workers() or self._settings.is_on):
            return
        try:
            self._sum_up()
        except Exception as error:  # noqa: BLE001 - a test may have left the process in any state: without imports, say
            self._tell(f"the run could not be summed up: {one_line(error)}")

    def _sum_up(self) -> None:
        if self._settings.leaks or self._settings.accepts_leaks:
            with plain_imports():
                from .known_leaks import settle_known_leaks

            self._ledger.warnings += settle_known_leaks(self._settings, self._ledger.records())
        pools = self._config.stash.get(POOL_USES, [])
        self._ledger.add_pools(pools)
        self._summary = sum_up(self._config, self._settings, self._header, self._ledger, len(self._workers))
        self._write_json(self._summary)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print what there is to say: all of it when asked for, else only what must not stay unsaid."""
        summary = self._summary
        if summary is None or not (self._settings.is_on or self._must_tell(summary)):
            return
        verbosity = self._config.get_verbosity() if self._settings.report else QUIET
        tells_warnings = bool(summary.tests) and not self._settings.report
        writer = _Writer(terminalreporter._tw)  # noqa: SLF001 - the public methods know no markup within a line
        terminal.render(
            summary,
            writer,
            top=self._settings.top,
            verbosity=verbosity,
            width=terminalreporter._tw.fullwidth,  # noqa: SLF001
            are_warnings_told=tells_warnings,
        )
        if verbosity < 0:
            for line in _left_unsaid(summary):
                writer.line(line)
            if self._settings.pool_compare:
                for line in _comparisons(summary):
                    writer.line(line)
        if tells_warnings:
            for warning in summary.warnings:
                writer.line(f"warning: {warning}", yellow=True)

    def _must_tell(self, summary: RunSummary) -> bool:
        told = (VerdictKind.BREACH, VerdictKind.UNMEASURED, VerdictKind.WARM_UP, VerdictKind.INCONCLUSIVE)
        is_noteworthy = any(record.verdict in told and record.limits for record in summary.tests)
        is_noteworthy |= any(
            record.leak is not None and record.leak.verdict is LeakKind.INCONCLUSIVE for record in summary.tests
        )
        return is_noteworthy or bool(summary.warnings) or any(worker.lost for worker in summary.workers)

    def _write_json(self, summary: RunSummary) -> None:
        if self._settings.json_path is None:
            return
        try:
            with open_report(Path(self._settings.json_path)) as out:
                json_report.render(summary, out)
        except MemoptError as error:
            self._tell(str(error))

    def _tell(self, message: str) -> None:
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            reporter.write_line(f"memopt: {message}", yellow=True)

    def _tell_slow_hunt(self, record: TestRecord) -> None:
        """With ``-v``, a line below a test whose hunt took long, wherever it ran; it ends when pytest goes on."""
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        if reporter is None or self._config.get_verbosity(pytest.Config.VERBOSITY_TEST_CASES) <= 0:
            return
        if (told := slow_hunt(record)) is not None:
            reporter.write(f"\n  leak hunt in {record.nodeid}: {told}", flush=True)

    def _note_interrupted(self, worker: str, entry: journal.LastEntry) -> None:
        if entry.nodeid and not self._ledger.knows(entry.nodeid):
            self._ledger.warnings.append(f"{worker} was interrupted: {entry.story}")

    def _note_killed_runs(self) -> None:
        try:
            orphans = journal.take_orphans(self._header.journal_folder, self.run_name)
        except OSError:
            return
        for entry in orphans:
            self._ledger.warnings.append(f"an earlier run was killed ({entry.worker}): {entry.story}")


def _left_unsaid(summary: RunSummary) -> Iterator[str]:
    """What a brief summary only counts: limits that warn, and limits that could not be checked."""
    for record in summary.tests:
        if line := warn_line(record):
            yield line
        if unchecked(record):
            yield f"{record.nodeid}: unmeasured: {record.why}"


def _comparisons(summary: RunSummary) -> Iterator[str]:
    """What the table of pools would tell."""
    from ..report.pools import comparison_lines

    yield from comparison_lines(summary.pools)


class _Writer:
    """Pytest's terminal writer, as the renderer wants it."""

    def __init__(self, writer: Any) -> None:
        self._writer = writer

    @property
    def encoding(self) -> str | None:
        """The stream's encoding."""
        return getattr(self._writer._file, "encoding", None)  # noqa: SLF001

    def write(self, text: str, **markup: bool) -> None:
        """Write ``text``."""
        self._writer.write(text, **markup)

    def line(self, text: str = "", **markup: bool) -> None:
        """Write ``text`` and end the line."""
        self._writer.line(text, **markup)
