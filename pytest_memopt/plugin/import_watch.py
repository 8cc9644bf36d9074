"""What the imports cost while tests are collected, and which of them most tests could do without."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Final

import pytest

from ..errors import MeterError
from ..meters.originals import sys
from ..optimize.effect import Effect
from ..optimize.import_advice import ImportAdvice, advise
from ..optimize.import_cost import ImportTree
from ..optimize.measured_imports import measure_imports
from ..optimize.suite_effect import StrategyEffect
from ..report.advice import MOST, Advice, import_advice
from ..units import format_size

NAME: Final = "lazy"
_INSTALLED: Final = "site-packages"


WATCH: pytest.StashKey[ImportWatch] = pytest.StashKey()


def watch_imports(config: pytest.Config) -> ImportWatch:
    """The watch of this session, which begins when it is asked for first, and ends with it at the latest."""
    if WATCH not in config.stash:
        config.stash[WATCH] = ImportWatch()
        config.add_cleanup(partial(config.stash[WATCH].end, None))
    return config.stash[WATCH]


class ImportWatch:
    """Measures from when it is made until ``end``; changes nothing."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._why = ""
        self._test_modules: dict[str, ModuleType] = {}
        try:
            self._measured = self._open.enter_context(measure_imports())
        except MeterError as error:
            self._why = str(error)

    def end(self, session: pytest.Session | None) -> None:
        """Measure no longer; note which modules the tests of ``session`` are in. Once more does nothing."""
        self._open.close()
        if session is not None:
            found = (getattr(item, "module", None) for item in session.items)
            self._test_modules = {module.__name__: module for module in found if isinstance(module, ModuleType)}

    def findings(self, root: Path) -> tuple[StrategyEffect, list[Advice]]:
        """What the imports cost, and what to do about it."""
        if self._why:
            return StrategyEffect(NAME, Effect.FAILED, self._why), []
        tree = self._measured.tree
        advice = import_advice(self._advised(tree, root)[:MOST], root)
        why = f"imports until all tests were collected took {format_size(tree.total_bytes)} and {tree.total_s:.1f} s"
        why += "" if advice else "; none that most tests could do without is worth a line"
        return StrategyEffect(NAME, Effect.NO_EFFECT, f"{why}; advice only"), advice

    def _advised(self, tree: ImportTree, root: Path) -> tuple[ImportAdvice, ...]:
        loaded = {cost.module for cost in tree.costs}
        own = {name for name in loaded if _is_below(sys.modules.get(name), root)}
        asked = {edge.module for edge in tree.edges if edge.importer in own} & loaded - own
        users = {
            name: sum(_uses(module, name) for module in self._test_modules.values())
            for name in {_top(name, asked) for name in asked}
        }
        return advise(tree, users, len(self._test_modules), own=own) if self._test_modules else ()


def _top(name: str, asked: set[str]) -> str:
    """The package that was asked for too, if any: a submodule comes with it."""
    package = name.partition(".")[0]
    return package if package in asked else name


def _is_below(module: ModuleType | None, root: Path) -> bool:
    path = getattr(module, "__file__", None)
    return isinstance(path, str) and Path(path).is_relative_to(root) and _INSTALLED not in path


def _uses(module: ModuleType, name: str) -> bool:
    """Whether something among the module's names is of the module ``name``, or is that itself."""
    return any(_home(value) == name or _home(value).startswith(f"{name}.") for value in list(vars(module).values()))


def _home(value: object) -> str:
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, (type, FunctionType, BuiltinFunctionType)):
        return str(getattr(value, "__module__", ""))
    return str(type(value).__module__)
