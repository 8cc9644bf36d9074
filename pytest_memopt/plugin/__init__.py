"""The pytest plugin: it translates between pytest and the rest of the package, and decides nothing.

This module is loaded in every pytest run, so it imports next to nothing; the session's plugin object, with psutil and
all meters behind it, is made when there is something to measure.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from _pytest.assertion.rewrite import AssertionRewritingHook

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from .activation import Activation


@contextmanager
def plain_imports() -> Generator[None, None, None]:
    """Have what is imported inside come from the interpreter's own cache of compiled modules.

    pytest rewrites the asserts of every plugin's modules and reads them by a loader of its own, which takes twice as
    long; we have a hundred, and no assert in them.
    """
    before = list(sys.meta_path)
    sys.meta_path[:] = [finder for finder in before if not isinstance(finder, AssertionRewritingHook)]
    plain = list(sys.meta_path)
    try:
        yield
    finally:
        # a module that was imported may have brought a finder of its own
        came = [finder for finder in sys.meta_path if finder not in plain]
        sys.meta_path[:] = [*came, *before]


with plain_imports():
    from . import hookspecs
    from .fixtures import memopt, memory_snapshot, pooled_resource, resource_manager
    from .options import MARKERS, add_options, asks_for_something, wants_imports

__all__ = [
    "memopt",
    "memory_snapshot",
    "pooled_resource",
    "pytest_addhooks",
    "pytest_addoption",
    "pytest_collection_finish",
    "pytest_configure",
    "pytest_load_initial_conftests",
    "pytest_make_collect_report",
    "pytest_report_header",
    "pytest_report_teststatus",
    "pytest_unconfigure",
    "resource_manager",
]


OUR_MARKS = frozenset({"memory_limit", "no_leaks", "memopt", "limit_memory"})
ACTIVATION: pytest.StashKey[Activation] = pytest.StashKey()
START_PATH: pytest.StashKey[Sequence[str]] = pytest.StashKey()


def __dir__() -> list[str]:
    """What pytest is to look at: it searches all names of a plugin for hooks and for fixtures, at a cost for each."""
    return __all__


def is_controller(config: pytest.Config) -> bool:
    """Whether xdist's workers run the tests, and this process hands them out."""
    return bool(getattr(config.option, "tx", None)) and not hasattr(config, "workerinput")


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the hooks that other plugins may implement."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare options, ini twins and nothing else."""
    add_options(parser)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Watch what the first ``conftest.py`` imports too, where advice on imports is wanted."""
    if wants_imports(early_config):
        from .optimization import watch_imports_early

        watch_imports_early(early_config)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marks; read the settings and make the engine only if some option asks for something."""
    config.stash[START_PATH] = list(sys.path)  # before collected files add their folders
    for line in MARKERS:
        config.addinivalue_line("markers", line)
    if is_controller(config):
        from .rack_sweeper import RackSweeper

        config.pluginmanager.register(RackSweeper(config), "memopt-rack-sweeper")
    if asks_for_something(config):
        from .activation import activation_of

        activation_of(config).activate()
    elif is_controller(config):
        from .mark_relay import MarkRelay

        config.pluginmanager.register(MarkRelay(config), "memopt-mark-relay")


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Check the marks of what was collected: a wrong one is an error of collection that names the test."""
    report = yield
    marked = [
        node
        for node in (collector, *report.result)
        if any(mark.name in OUR_MARKS for mark in getattr(node, "own_markers", ()))
    ]
    if not marked or report.outcome != "passed":
        return report
    from .activation import check_marks

    return check_marks(collector.config, marked, report)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish(session: pytest.Session) -> None:
    """Make the engine when some test carries a limit, though nobody asked for all tests to be measured."""
    config = session.config
    if (activation := config.stash.get(ACTIVATION, None)) is not None and activation.has_marks:
        activation.activate()
    has_types = config.getini("memopt_resources") or config.hook.pytest_memopt_register_resources.get_hookimpls()
    if (has_types or activation is not None) and _borrows(session):
        from .pool_types import check_types

        check_types(session)


def _borrows(session: pytest.Session) -> bool:
    return any("resource_manager" in getattr(item, "fixturenames", ()) for item in session.items)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say what measures, when something does."""
    activation = config.stash.get(ACTIVATION, None)
    return activation.header_line() if activation is not None else None


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, tuple[str, dict[str, bool]]] | None:
    """Give a test that failed by its memory a letter and a word of its own; it still counts as failed."""
    if report.failed and getattr(report, "memopt_failed", False):
        return "failed", "M", ("MEMORY", {"red": True})
    return None


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give back what was borrowed from the process."""
    if (activation := config.stash.get(ACTIVATION, None)) is not None:
        activation.close()
