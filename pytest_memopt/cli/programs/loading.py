"""What a program is made of: its code, and the module ``__main__`` that it runs in, set up as `python` sets it up."""

from __future__ import annotations

import builtins
import io
import os
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from importlib.util import find_spec
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any
from zipfile import is_zipfile

from ...errors import UsageError
from ..target import load_target
from .target import Target, TargetKind

_MAIN = "__main__"


@contextmanager
def stage_of(target: Target) -> Generator[Callable[[], Callable[[], object]], None, None]:
    """Set ``sys.argv`` and ``sys.path`` for ``target``; gives what loads it. At the end all is as it was before.

    What loads it gives what runs it; it raises `UsageError` where there is no such program, and what the program's own
    code raises on the way. Until the end ``__main__`` is the program's, and what that holds stays.
    """
    argv, path, main = list(sys.argv), list(sys.path), sys.modules[_MAIN]
    sys.argv[:] = [target.name, *target.args]
    loaders = {TargetKind.SCRIPT: _load_script, TargetKind.MODULE: _load_module, TargetKind.CALLABLE: _load_callable}
    try:
        yield lambda: loaders[target.kind](target.name)
    finally:
        sys.argv[:], sys.path[:], sys.modules[_MAIN] = argv, path, main


def _load_callable(name: str) -> Callable[[], object]:
    return load_target(name)


def _load_script(name: str) -> Callable[[], object]:
    path = Path(name).absolute()
    if path.is_dir() or is_zipfile(path):
        _search_first(str(path))
        spec = PathFinder.find_spec(_MAIN, [str(path)])
        if spec is None:
            raise UsageError(f"{name!r} can't be run: there is no {_MAIN}.py in it")
        return _by_spec(spec)
    _search_first(str(path.resolve().parent))
    try:
        with io.open_code(str(path)) as file:
            source = file.read()
    except OSError as error:
        raise UsageError(f"{name!r} can't be read: {error.strerror}") from None
    code = compile(source, str(path), "exec", dont_inherit=True)
    return _main(code, __file__=str(path), __loader__=SourceFileLoader(_MAIN, str(path)), __package__=None)


def _load_module(name: str) -> Callable[[], object]:
    _search_first(os.getcwd())  # noqa: PTH109 - what Python puts there
    spec = _found(name)
    if spec is not None and spec.submodule_search_locations is not None:
        spec = _found(f"{name}.{_MAIN}")
        if spec is None:
            raise UsageError(f"the package {name!r} can't be run: it has no {_MAIN} module")
    if spec is None:
        raise UsageError(f"there is no module {name!r}")
    sys.argv[0] = spec.origin or name
    return _by_spec(spec)


def _found(name: str) -> ModuleSpec | None:
    """The module's spec; ``None`` where it, or a package that it is said to be in, isn't there."""
    try:
        return find_spec(name)
    except ModuleNotFoundError as error:
        if error.name is not None and f"{name}.".startswith(f"{error.name}."):
            return None
        raise
    except (ImportError, ValueError) as error:
        raise UsageError(f"{name!r} is no module that can be run: {error}") from None


def _by_spec(spec: ModuleSpec) -> Callable[[], object]:
    get_code = getattr(spec.loader, "get_code", None)
    code = None if get_code is None else get_code(spec.name)
    if code is None:
        raise UsageError(f"{spec.name!r} can't be run: it has no Python code")
    return _main(code, __file__=spec.origin, __loader__=spec.loader, __package__=spec.parent, __spec__=spec)


def _main(code: CodeType, **names: Any) -> Callable[[], object]:
    """What runs ``code`` as ``__main__``, under these names of modules."""
    module = ModuleType(_MAIN)
    vars(module).update({"__builtins__": builtins, "__cached__": None, **names})

    def run() -> None:
        sys.modules[_MAIN] = module
        exec(code, vars(module))  # noqa: S102 - running it is what was asked for

    return run


def _search_first(folder: str) -> None:
    """Look for modules in ``folder`` first, in the place of what Python put there when it started us."""
    if not getattr(sys.flags, "safe_path", False):
        sys.path[:1] = [folder]
