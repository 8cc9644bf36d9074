"""Tasks of asyncio that have not ended, in all event loops of the process, running or not."""

from __future__ import annotations

from collections.abc import Iterable
from types import ModuleType
from typing import Any, Final

from .originals import gc, sys

# where asyncio keeps its tasks: up to 3.11 in the first, then in the second, eager ones in the third
_WEAK: Final = ("_all_tasks", "_scheduled_tasks")
_EAGER: Final = "_eager_tasks"
_NATIVE_LISTS: Final = (3, 14)  # from then on in lists of the interpreter that no Python code can read without a loop


def count_pending(tracked: Iterable[object] = (), version: tuple[int, ...] = sys.version_info[:2]) -> int:
    """How many tasks have not ended; 0 where asyncio isn't loaded.

    Args:
        tracked: what the garbage collector lists, from which tasks are picked where asyncio has no list of its own.
        version: of the interpreter.
    """
    module = sys.modules.get("asyncio.tasks")  # who didn't load it can't have one
    if module is None:
        return 0
    known = tracked if version >= _NATIVE_LISTS else _registered(module)
    return sum(_is_pending(one, module.Task) for one in known)


def pending_tasks(version: tuple[int, ...] = sys.version_info[:2]) -> list[Any]:
    """The tasks themselves."""
    module = sys.modules.get("asyncio.tasks")
    if module is None:
        return []
    known = gc.get_objects() if version >= _NATIVE_LISTS else _registered(module)
    return [one for one in known if _is_pending(one, module.Task)]


def describe_task(task: Any) -> str:
    """The function that the task runs, as in ``"app.poll"``."""
    coroutine = task.get_coro()
    name = getattr(coroutine, "__qualname__", type(coroutine).__qualname__)
    frame = getattr(coroutine, "cr_frame", None)
    module = frame.f_globals.get("__name__") if frame is not None else None
    return f"{module}.{name}" if module else str(name)


def _registered(module: ModuleType) -> list[object]:
    """What asyncio's lists hold. A list is copied in one step, as a loop in another thread may add to it meanwhile."""
    found: list[object] = list(getattr(module, _EAGER, ()))
    for name in _WEAK:
        found += [reference() for reference in list(getattr(getattr(module, name, None), "data", ()))]
    return found


def _is_pending(one: object, task_type: type[Any]) -> bool:
    # by type(), and by the method of asyncio's own: what a subclass made of it is not run between two readings
    return issubclass(type(one), task_type) and not task_type.done(one)
