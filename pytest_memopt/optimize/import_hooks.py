"""What is put in the place of the interpreter's import functions while imports are measured, and how that is undone."""

from __future__ import annotations

import builtins
import importlib
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple

from ..errors import MeterError
from ..meters.originals import sys
from .import_cost import ImportOutcome
from .import_ledger import ImportLedger
from .import_site import MACHINERY, importing_frame

_LOAD: Final = "_find_and_load"
_IMPORT: Final = "__import__"


class _Replaced(NamedTuple):
    home: ModuleType
    name: str
    before: Any
    ours: Any


class ImportHooks:
    """Owns the two functions that are replaced: finders, loaders, modules and their specs stay as they are.

    ``_find_and_load`` of ``importlib._bootstrap`` is where CPython (3.10 to 3.14) goes for each module that isn't in
    ``sys.modules``, whoever asks and whatever loads it: the ``import`` statement, ``importlib.import_module``, packages
    on the way, pytest's assertion rewriting. It is measured. ``builtins.__import__`` sees what is there already too; it
    is noted who asks for what.

    Both call what they stand for, and count as the interpreter's own to tracebacks and to the ``stacklevel`` of
    warnings.

    Raises:
        MeterError: by `install`, where the interpreter has no such function.
    """

    def __init__(self, ledger: ImportLedger) -> None:
        self._ledger = ledger
        self._replaced: list[_Replaced] = []

    def install(self) -> None:
        """Put ours in place."""
        machinery = importlib._bootstrap  # noqa: SLF001 - there is no public place
        if not isinstance(getattr(machinery, _LOAD, None), FunctionType):
            raise MeterError(f"imports can't be measured: this interpreter has no importlib._bootstrap.{_LOAD}")
        for home, name, replacement in ((machinery, _LOAD, _charging), (builtins, _IMPORT, _noting)):
            before = getattr(home, name)
            ours = replacement(before, self._ledger)
            self._replaced.append(_Replaced(home, name, before, ours))
            setattr(home, name, ours)

    def remove(self) -> None:
        """Put back what was there; where somebody replaced ours meanwhile, that stays, and ours does nothing any more."""
        while self._replaced:
            home, name, before, ours = self._replaced.pop()
            if getattr(home, name) is ours:
                setattr(home, name, before)


def _charging(load: Callable[..., Any], ledger: ImportLedger) -> Callable[..., Any]:
    loaded = sys.modules

    def _find_and_load(name: str, import_: Any) -> Any:  # pragma: no cover - it goes by another file's name
        record = None if name in loaded else ledger.begin(name, importing_frame())
        if record is None:
            module = load(name, import_)
            ledger.note(module)
            return module
        try:
            module = load(name, import_)
        except BaseException:
            ledger.end(record, ImportOutcome.FAILED)
            raise
        ledger.end(record, ImportOutcome.LOADED)
        return module

    return _as_machinery(_find_and_load)


def _noting(import_: Callable[..., Any], ledger: ImportLedger) -> Callable[..., Any]:
    note, loaded = ledger.note, sys.modules

    def _import(  # pragma: no cover - as above
        name: str,
        globals: Any = None,  # noqa: A002 - the names of the arguments are the interpreter's
        locals: Any = None,  # noqa: A002
        fromlist: Any = (),
        level: int = 0,
    ) -> Any:
        module = import_(name, globals, locals, fromlist, level)
        if fromlist:
            note(module)
            note_submodules(module, fromlist, ledger)
        else:
            note(module if level else loaded.get(name))
        return module

    return _as_machinery(_import)


def note_submodules(package: object, names: Any, ledger: ImportLedger) -> None:
    """Note those of ``names``, imported from ``package``, that are modules of their own."""
    if not issubclass(type(package), ModuleType):
        return
    attributes = object.__getattribute__(package, "__dict__")
    if "__path__" in attributes:
        for name in names:
            ledger.note(sys.modules.get(f"{attributes.get('__name__')}.{name}"))


def _as_machinery(function: Any) -> Callable[..., Any]:
    """``function``, taken for the interpreter's own: by tracebacks, which leave it out, and by warnings."""
    function.__code__ = function.__code__.replace(co_filename=MACHINERY)
    return function  # type: ignore[no-any-return]
