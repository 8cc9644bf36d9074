"""Hunting the leaks of one test in a pytest of its own: started afresh, with the same options, on that test alone."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from ..interpreter import interpreter_command
from ..leaks.finding import LeakFinding
from ..leaks.fresh_process import (
    Answer,
    OnWait,
    Place,
    ask,
    calm_environment,
    fresh_place,
    inconclusive,
    leave_answer,
    patience_s,
)
from ..leaks.wish import LeakWish
from ..settings import Settings
from ..verdicts.leak_wire import leak_from_wire
from .task import LEAK, PROBLEM, Task, name_within_file

_CHILD: Final = f"{__package__}.isolated"
# read before a plugin can say anything: they go by the command line
_AT_THE_START: Final = ("rootdir", "inifilename", "confcutdir", "override_ini", "plugins", "assertmode")
_SELECTION: Final = (
    "file_or_dir",
    "deselect",
    "lf",
    "failedfirst",
    "newfirst",
    "last_failed_no_failures",
    "cacheclear",
)
_STOPPING: Final = ("maxfail", "stepwise", "stepwise_skip", "stepwise_reset", "usepdb", "usepdb_cls", "trace")
_WORKERS: Final = ("numprocesses", "maxprocesses", "dist", "distload", "tx", "px", "looponfail", "maxworkerrestart")
_REPORTS: Final = (
    *("basetemp", "xmlpath", "junitprefix", "pastebin", "debug", "log_file", "setupshow", "durations", "reportchars"),
    *("report_log", "htmlpath", "json_report", "json_report_file", "allure_report_dir", "clean_alluredir", "csv_path"),
    *("cov_source", "cov_report", "cov_append", "cov_fail_under", "cov_config", "benchmark_save", "benchmark_json"),
)
_KEPT_BACK: Final = frozenset((*_AT_THE_START, *_SELECTION, *_STOPPING, *_WORKERS, *_REPORTS))
_OURS: Final = frozenset({"memopt_gc", "memopt_tracer", "memopt_leaks_budget", "memopt_known_leaks"})
_OURS_UNSET: Final = (
    *("memopt=false", "memopt_report=false", "memopt_json=", "memopt_limits=", "memopt_rounds="),
    *("memopt_isolate=false", "memopt_no_history=false", "memopt_accept_leaks=false", "memopt_live=false"),
)
_NOT_INHERITED: Final = ("PYTEST_ADDOPTS", "PYTEST_CURRENT_TEST", "GITHUB_STEP_SUMMARY")
_OF_COVERAGE: Final = ("COV_CORE_", "COVERAGE_PROCESS_")
_QUIET_WORKER: Final = "no:terminal"  # as xdist starts its workers


class Isolation(NamedTuple):
    """What a process needs to start as this one did.

    Attributes:
        config: of this session.
        settings: what the user asked for.
        environment: the variables before the first test.
        path: where modules were looked for then.
    """

    config: pytest.Config
    settings: Settings
    environment: Mapping[str, str]
    path: Sequence[str]

    def hunt(self, item: pytest.Item, wish: LeakWish, on_wait: OnWait | None = None) -> LeakFinding:
        """What the hunt for leaks in ``item`` found in a process of its own; inconclusive where it came to nothing.

        Args:
            item: the test.
            wish: what its mark asks for.
            on_wait: told now and then how many seconds it was waited for, and how many are left.
        """
        started_s = time.perf_counter()
        timeout_s = patience_s(self.settings.leak_budget_s)
        with fresh_place() as place:
            task = Task(
                path=str(item.path),
                name=name_within_file(item),
                options=self._options(wish, place),
                sys_path=list(self.path),
                answer=str(place.answer),
                timeout_s=timeout_s,
            )
            task_path = place.folder / "task.json"
            leave_answer(task_path, task._asdict())
            answer = ask(
                self._command(task_path, place, task.path),
                place,
                timeout_s,
                cwd=self.config.invocation_params.dir,
                environment=calm_environment(dict(self._variables())),
                on_wait=on_wait,
            )
        return _finding(answer)._replace(duration_s=round(time.perf_counter() - started_s, 3), isolated=True)

    def _command(self, task: Path, place: Place, test_path: str) -> list[str]:
        option, config = self.config.option, self.config
        plugins = [name for name in option.plugins if name != _QUIET_WORKER]
        overrides = [*(option.override_ini or ()), "addopts=", *_OURS_UNSET, *self._files_apart(place)]
        return [
            *interpreter_command(),
            *("-m", "pytest", "-p", _CHILD, f"--memopt-isolated={task}", f"--basetemp={place.folder / 't'}"),
            f"--rootdir={config.rootpath}",
            *(["-c", str(config.inipath)] if config.inipath is not None else []),
            *([f"--confcutdir={option.confcutdir}"] if option.confcutdir else []),
            *([f"--assert={option.assertmode}"] if option.assertmode else []),
            *(["--disable-plugin-autoload"] if getattr(option, "disable_plugin_autoload", False) else []),
            *(part for name in plugins for part in ("-p", name)),
            *(part for override in overrides for part in ("-o", override)),
            test_path,
        ]

    def _files_apart(self, place: Place) -> Iterator[str]:
        """Where pytest writes there, as far as its plugins that do are in use: others don't know these options."""
        has, config = self.config.pluginmanager.hasplugin, self.config
        if has("cacheprovider"):
            yield f"cache_dir={place.folder / 'cache'}"
        if has("logging-plugin") and (config.getini("log_file") or config.option.log_file):
            yield f"log_file={place.folder / 'log.txt'}"

    def _options(self, wish: LeakWish, place: Place) -> dict[str, Any]:
        """The values of this run's options, those of all plugins, with ours so that this test is hunted and no more."""
        given = {
            name: value
            for name, value in vars(self.config.option).items()
            if name not in _KEPT_BACK and (name in _OURS or not name.startswith("memopt")) and _is_plain(value)
        }
        ours = {
            "memopt_leaks": True,
            "memopt_rounds": wish.rounds,
            "memopt_history": str(place.folder / "history.db"),
        }
        return {**given, **ours}

    def _variables(self) -> Iterator[tuple[str, str]]:
        for name, value in self.environment.items():
            if name not in _NOT_INHERITED and not name.startswith(_OF_COVERAGE):
                yield name, value


def _is_plain(value: object) -> bool:
    """Whether it can be handed on; objects that a plugin put among the options can't."""
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def _finding(answer: Answer) -> LeakFinding:
    if answer.problem is not None:
        return inconclusive(answer.problem)
    if PROBLEM in answer.data:
        return inconclusive(str(answer.data[PROBLEM]))
    try:
        return leak_from_wire(answer.data[LEAK])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return inconclusive(f"it left an answer that makes no sense: {error!r}")
