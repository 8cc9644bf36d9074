"""What a TARGET on the command line names: something in a module or in a file."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from ..errors import UsageError, one_line


def load_target(target: str) -> Callable[..., object]:
    """The callable that ``target`` names.

    Raises:
        UsageError: when it names nothing that can be called; the message says what is wrong.
    """
    found = find_target(target)
    if not callable(found):
        place, name = split_target(target)
        raise UsageError(f"{target!r}: {place} has no callable {name!r}")
    return found


def find_target(target: str) -> object:
    """What ``target`` names; ``None`` where its module or file, which is loaded, has nothing of that name.

    Raises:
        UsageError: when that can't be loaded; the message says what is wrong.
    """
    place, name = split_target(target)
    found: object = _namespace(place, target)
    try:
        for part in name.split("."):
            found = found.get(part) if isinstance(found, dict) else getattr(found, part, None)
    except Exception:  # noqa: BLE001 - an attribute may be computed, by code that raises anything
        found = None
    return found


def split_target(target: str) -> tuple[str, str]:
    """The module or file, and the name in it.

    Raises:
        UsageError: when it doesn't have both.
    """
    place, _, name = target.rpartition(":")
    if not (place and name):
        raise UsageError(f"{target!r} is not a target; write module:callable or file.py:callable")
    return place, name


def current_folder() -> Path:
    """The folder that targets are looked for in.

    Raises:
        UsageError: when it can't be read.
    """
    try:
        return Path.cwd()
    except OSError as error:
        raise UsageError(f"the current folder can't be read: {error.strerror}; change to one that exists") from None


def _namespace(place: str, target: str) -> dict[str, object]:
    try:
        if place.endswith(".py"):
            sys.path.insert(0, str((current_folder() / place).resolve().parent))
            return _run_file(Path(place))
        sys.path.insert(0, str(current_folder()))
        return vars(importlib.import_module(place))
    except UsageError:
        raise
    except (Exception, SystemExit) as error:
        raise UsageError(f"{target!r} could not be loaded: {one_line(error)}") from error


def _run_file(path: Path) -> dict[str, object]:
    """What the file at ``path`` defines; it is a module, whose names the hunt finds, unless another one is called so."""
    spec = spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no module")
    module = module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    spec.loader.exec_module(module)
    return vars(module)
