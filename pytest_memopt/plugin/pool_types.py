"""Resource types that a project registers for its tests: by hook, and by ini option."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from traceback import extract_tb
from typing import Any, Final

import pytest

from ..errors import MemoptError, ResourceTypeError, one_line
from ..pool.manager import ResourceManager
from ..pool.wording import cut
from ..settings import strip_lines

HOOK: Final = "pytest_memopt_register_resources"
OPTION: Final = "memopt_resources"
_OURS: Final = str(Path(__file__).parent.parent)

__tracebackhide__ = True  # what is wrong with a type is shown without us


def register_types(config: pytest.Config, manager: ResourceManager) -> None:
    """Have the hook and the ini option register their types.

    Raises:
        pytest.UsageError: for a line, a factory or a type that makes no sense.
    """
    try:
        for line in strip_lines(config.getini(OPTION) or ()):
            name, factory = _read(line, str(config.rootpath))
            manager.register(name, factory)
        _call_hook(config, manager)
    except MemoptError as error:
        raise pytest.UsageError(str(error)) from None


def _call_hook(config: pytest.Config, manager: ResourceManager) -> None:
    try:
        config.hook.pytest_memopt_register_resources(manager=manager)
    except MemoptError:
        raise
    except Exception as error:  # noqa: BLE001 - user code
        where = _line_of(error, str(config.rootpath))
        raise ResourceTypeError(f"{HOOK}: {type(error).__name__}: {error}{where}") from None


def _line_of(error: Exception, folder: str) -> str:
    """Where the project's own code raised it, or called what did; nothing for an error from elsewhere."""
    own = [
        f" ({Path(frame.filename).relative_to(folder)}:{frame.lineno})"
        for frame in extract_tb(error.__traceback__)
        if Path(frame.filename).is_relative_to(folder) and not frame.filename.startswith(_OURS)
    ]
    return own[-1] if own else ""


def check_types(session: pytest.Session) -> None:
    """Register the types before the first test of a session whose tests borrow: a wrong one ends it.

    Under pytest-xdist it fails the tests that borrow: a worker that ends has nobody to tell why. What lends is loaded there
    too, so that the first of them doesn't pay for it.

    Raises:
        pytest.UsageError: see `register_types`.
    """
    config = session.config
    if config.option.collectonly:
        return
    from .pool_lending import manager_of

    if not getattr(config.option, "tx", None) and not hasattr(config, "workerinput"):
        manager_of(config)


def _read(line: str, folder: str) -> tuple[str, Any]:
    """The name and the factory of ``name = module:factory``; modules are looked for in ``folder`` too."""
    name, equals, target = (part.strip() for part in line.partition("="))
    module_name, colon, path = target.partition(":")
    if not (name and equals and colon and module_name and path):
        raise ResourceTypeError(f'{OPTION}: {line!r} can\'t be read; write "name = package.module:factory"')
    try:
        factory = _load(module_name, path, folder)
    except Exception as error:  # noqa: BLE001 - whatever a module raises while it is imported
        raise ResourceTypeError(f"{OPTION}: {line!r}: {one_line(error)}") from None
    if not callable(factory):
        raise ResourceTypeError(f"{OPTION}: {line!r}: {target} is {cut(factory)}, which can't be called")
    return name, factory


def _load(module_name: str, path: str, folder: str) -> Any:
    found: Any
    if folder not in sys.path:
        sys.path.append(folder)
        try:
            found = import_module(module_name)
        finally:
            sys.path.remove(folder)
    else:
        found = import_module(module_name)
    for part in path.split("."):
        found = getattr(found, part)
    return found
