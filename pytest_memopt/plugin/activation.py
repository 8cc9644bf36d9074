"""Turning the plugin on, as far as it is needed, and off again."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from . import ACTIVATION, START_PATH, is_controller, plain_imports
from .option_values import settings_from

if TYPE_CHECKING:
    from ..leaks.known import KnownLeaks
    from ..limits.rules import Rule
    from ..settings import Settings
    from .header import Header
    from .isolation import Isolation
    from .leak_hunt import LeakHunter
    from .optimizing import OptimizingHooks


class Activation:
    """The plugin's state in one process.

    Attributes:
        settings: what the user asked for.
        rules: limits by glob and marker expression.
        has_marks: whether some collected test carries a mark of ours.
    """

    def __init__(self, config: pytest.Config, settings: Settings, rules: list[Rule]) -> None:
        self._config = config
        self.settings = settings
        self.rules = rules
        self.has_marks = False
        self.header: Header | None = None
        self._optimizing: OptimizingHooks | None = None
        self._is_optimized = False
        self._closers: list[Any] = []

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to measure."""
        return self.settings.is_on or bool(self.rules) or self.has_marks

    @property
    def measures_here(self) -> bool:
        """Whether tests run in this process: not on an xdist controller, not while only showing what would run."""
        option = self._config.option
        shows_only = option.collectonly or getattr(option, "setupplan", False) or getattr(option, "setuponly", False)
        return not (shows_only or is_controller(self._config))

    def activate(self, run_name: str | None = None) -> None:
        """Register what the session needs, under a name for the run that was given to workers; only once."""
        self._begin_optimizing()
        if self.header is not None or not self.is_needed:
            return
        with plain_imports():
            from .header import JOURNAL_FOLDER, Header

        worker_input = getattr(self._config, "workerinput", {})
        self.header = header = Header(self._journal_folder(JOURNAL_FOLDER))
        header.run_name = worker_input.get("memopt_run", run_name or header.run_name)
        if self.measures_here:
            self._register_measuring(header, worker_input.get("workerid"))
        if not worker_input and not self._config.option.collectonly:
            self._register_telling(header)

    def _register_telling(self, header: Header) -> None:
        with plain_imports():
            from .controller import Controller
            from .run_ledger import RunLedger

        ledger = RunLedger()
        controller = Controller(self._config, self.settings, header, ledger)
        self._config.pluginmanager.register(controller, "memopt-controller")
        if self.settings.pool_compare and is_controller(self._config):
            with plain_imports():
                from .compare_claims import CompareMeeting

            self._config.pluginmanager.register(CompareMeeting(), "memopt-compare-meeting")
        if self.settings.live:
            with plain_imports():
                from .live_progress import LiveProgress

            self._config.pluginmanager.register(LiveProgress(self._config, ledger), "memopt-live")

    def _begin_optimizing(self) -> None:
        if self._is_optimized or not self.settings.optimize:
            return
        self._is_optimized = True
        with plain_imports():
            from .optimization import begin_optimizing

        self._optimizing = begin_optimizing(self._config, self.settings, runs_tests=self.measures_here)
        if self._optimizing is not None:
            self._closers.append(self._optimizing)

    def header_line(self) -> str | None:
        """What measures in this process; nothing when nothing does, or when workers do."""
        if self.header is None or not self.header.meters:
            return None
        isolated = "; leaks hunted in processes of their own" if self.settings.isolate else ""
        return f"{self.header.line(self.settings.gc.value)}{isolated}"

    def close(self) -> None:
        """Give back what was borrowed from the process."""
        for closer in reversed(self._closers):
            closer.close()
        self._closers.clear()

    def _register_measuring(self, header: Header, worker: str | None) -> None:
        with plain_imports():
            from ..settings import GcChoice
            from .engine import build_engine
            from .examiner import Examiner
            from .guests import GuestHooks
            from .journal import Journal
            from .last_collections import LastCollections
            from .session import MeasuringHooks

            if self.settings.leaks:
                from . import leak_hunt  # noqa: F401 - now, while nothing that imports need has been patched

        if self._optimizing is not None:
            self._optimizing.yield_collector()
        engine = build_engine(self._config, self.settings)
        if self._optimizing is not None and not self.settings.is_on and self.settings.gc is GcChoice.FREEZE:
            self._optimizing.follow(engine.collector)
        header.floor, header.meters = engine.floor, engine.meters
        journal = Journal(header.journal_folder, header.run_name, worker or "main")
        if self.settings.gc is GcChoice.FREEZE and not self._config.pluginmanager.has_plugin("memopt-last-collections"):
            self._config.pluginmanager.register(LastCollections(self._config), "memopt-last-collections")
        self._closers += [engine, journal]
        known = self._known_leaks()
        environment = dict(os.environ)  # before a test has changed it

        def make_hunter() -> LeakHunter:
            with plain_imports():
                from .hunt_progress import hunt_progress_of
                from .leak_hunt import LeakHunter

            is_isolated = hasattr(self._config.option, "memopt_isolated")
            isolation = None if is_isolated else partial(self._isolation, environment)
            return LeakHunter(engine.rounds, self.settings, known, isolation, hunt_progress_of(self._config))

        examiner = Examiner(engine.recorder, self.settings, self.rules, worker, make_hunter)
        guests = GuestHooks(self._config.pluginmanager, engine.recorder, examiner)
        hooks = MeasuringHooks(engine, examiner, journal, header, guests)
        self._config.pluginmanager.register(hooks, "memopt-measuring")

    def _isolation(self, environment: dict[str, str]) -> Isolation:
        """How hunts are made in processes of their own."""
        with plain_imports():
            from .isolation import Isolation
        return Isolation(self._config, self.settings, environment, self._config.stash[START_PATH])

    def _known_leaks(self) -> KnownLeaks:
        from ..errors import UsageError
        from ..leaks.known import read_known_leaks

        try:
            return read_known_leaks(self.settings.known_leaks_path)
        except UsageError as error:
            raise pytest.UsageError(str(error)) from None

    def _journal_folder(self, default: Path) -> Path:
        history = self.settings.history_path
        return (history.parent / default.name) if history is not None else self._config.rootpath / default


def activation_of(config: pytest.Config) -> Activation:
    """The activation of this session, made from its settings when it is first asked for.

    Raises:
        pytest.UsageError: for a setting that makes no sense.
    """
    if ACTIVATION not in config.stash:
        settings = settings_from(config)
        rules: list[Rule] = []
        if settings.limit_lines:
            from .wanted import parse_rules

            rules = parse_rules(settings)
        config.stash[ACTIVATION] = Activation(config, settings, rules)
    return config.stash[ACTIVATION]


def check_marks(
    config: pytest.Config, marked: list[pytest.Item | pytest.Collector], report: pytest.CollectReport
) -> pytest.CollectReport:
    """Parse the marks of ours on ``marked``; a wrong one turns the report into a failed one."""
    from .wanted import problem_of_marks

    registered = {line.partition("(")[0].partition(":")[0].strip() for line in config.getini("markers")}
    problems = [problem for node in marked if (problem := problem_of_marks(node, registered))]
    if problems:
        report.outcome, report.result, report.longrepr = "failed", [], "\n".join(problems)
    elif any(mark.name != "limit_memory" for node in marked for mark in node.own_markers):
        activation_of(config).has_marks = True
    return report
