"""Where everything that is alive hangs: modules first, then what runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from contextvars import copy_context
from enum import Enum
from types import FrameType, FunctionType, ModuleType
from typing import Any, Final, NamedTuple

from ..meters.module_space import module_space
from ..meters.naming import module_name
from ..meters.originals import sys, threading
from .attributes import read_attribute
from .frames import frame_label, is_own_frame, local_variables
from .keys import key_text

_FUNCTION_MODULE: Final = FunctionType.__dict__["__module__"]


class RootKind(str, Enum):
    """What kind of thing holds an object; the value says it to people."""

    MODULE_GLOBAL = "module global"
    CLASS_ATTRIBUTE = "class attribute"
    FUNCTION = "function"
    CLOSURE = "closure"
    CACHE = "cache"
    THREAD_LOCAL = "thread-local"
    FRAME = "frame"
    THREAD = "thread"
    CONTEXT = "context"
    EVENT_LOOP = "event loop"
    OUTSIDE = "outside Python"


class Root(NamedTuple):
    """One place where paths begin.

    Attributes:
        entry: the object there: the namespace of a module, the value of a local variable.
        label: how a path begins: ``app.cache``, ``<frame of app.run>.session``.
        normal: the label without what differs from run to run.
        is_space: whether ``entry`` is a namespace, whose keys are names.
    """

    kind: RootKind
    entry: object
    label: str
    normal: str
    is_space: bool = False


def module_roots() -> list[Root]:
    """The namespace of each module; what else somebody put into ``sys.modules`` is taken as it is."""
    roots: list[Root] = []
    for name, module in list(sys.modules.items()):
        if type(name) is not str:
            continue
        if issubclass(type(module), ModuleType):
            roots.append(Root(RootKind.MODULE_GLOBAL, module_space(module), name, name, is_space=True))
        else:
            roots.append(Root(RootKind.MODULE_GLOBAL, module, name, name))
    return roots


def hub_ids() -> set[int]:
    """Identities of what leads to all modules or threads at once, and would make paths that tell nothing."""
    hubs: list[Any] = [sys.modules, vars(threading).get("_active"), vars(threading).get("_limbo")]
    return {id(one) for one in (*hubs, *sys.modules.values()) if issubclass(type(one), (dict, ModuleType))}


def loader_roots(modules: Iterable[Root]) -> list[Root]:
    """What loaded ``modules``: a loader that rewrites code may hold all of its program, and its module says nothing of it."""
    found: dict[int, Root] = {}
    for root in modules:
        loader = root.entry.get("__loader__") if root.is_space and type(root.entry) is dict else None
        if loader is not None:
            label = f"{root.label}.__loader__"
            found.setdefault(id(loader), Root(RootKind.MODULE_GLOBAL, loader, label, label))
    return list(found.values())


def running_roots() -> list[Root]:
    """What runs: threads, the current context and event loop, then local variables of all frames but ours."""
    return [*_thread_roots(), *_context_roots(), *_loop_roots(), *_frame_roots()]


def home_entries(roots: list[Root], wanted: set[int]) -> dict[int, object]:
    """For each of ``wanted`` that is a module's global: the namespace by whose name it is best called.

    That is the module that says it defined it, then the packages of that module, then the shortest public name.
    """
    best: dict[int, tuple[tuple[int, int, int], object]] = {}
    for root in roots:
        if not root.is_space:
            continue
        values = _values(root.entry)
        if wanted.isdisjoint(map(id, values)):
            continue
        for value in values:
            rank = _distance(root.label, value)
            if id(value) in wanted and (id(value) not in best or rank < best[id(value)][0]):
                best[id(value)] = (rank, root.entry)
    return {number: entry for number, (_, entry) in best.items()}


def _values(space: Any) -> list[object]:
    try:
        return list(dict.values(space))
    except RuntimeError:  # another thread is at it
        return []


def _distance(module: str, value: object) -> tuple[int, int, int]:
    home = _defining_module(value)
    foreign = 0 if module == home else 1 if home.startswith(f"{module}.") else 2
    return (foreign, f".{module}".count("._"), len(module))


def _defining_module(value: object) -> str:
    if type(value) is FunctionType:
        name = _FUNCTION_MODULE.__get__(value)
        return name if type(name) is str else ""
    return module_name(value if issubclass(type(value), type) else type(value))  # type: ignore[arg-type]


def _frame_roots() -> Iterator[Root]:
    for frame in _innermost_frames():
        inner: FrameType | None = frame
        while inner is not None:
            if not is_own_frame(inner):
                label = frame_label(inner)
                for name, value in local_variables(inner):
                    yield Root(RootKind.FRAME, value, f"{label}.{name}", f"{label}.{name}")
            inner = inner.f_back


def _innermost_frames() -> list[FrameType]:
    """One frame for each thread; of this thread the one that called us, as a frame that is its own local is a circle."""
    others = sys._current_frames()  # noqa: SLF001 - documented, in spite of its name
    others.pop(threading.get_ident(), None)
    depth = 1
    with suppress(ValueError):  # nobody called us: the search is at the bottom of a thread
        while is_own_frame(sys._getframe(depth)):  # noqa: SLF001 - as above
            depth += 1
        return [sys._getframe(depth), *others.values()]  # noqa: SLF001 - as above
    return list(others.values())


def _thread_roots() -> Iterator[Root]:
    for thread in threading.enumerate():
        name = key_text(read_attribute(thread, "_name"))
        yield Root(RootKind.THREAD, thread, f"<thread {name}>", "<thread *>")


def _context_roots() -> Iterator[Root]:
    for variable, value in copy_context().items():
        label = f"<context>.{variable.name}"
        yield Root(RootKind.CONTEXT, value, label, label)
        yield Root(RootKind.CONTEXT, variable, label, label)


def _loop_roots() -> Iterator[Root]:
    events = sys.modules.get("asyncio.events")
    loop = events._get_running_loop() if type(events) is ModuleType else None  # noqa: SLF001 - asks, raises nothing
    if loop is not None:
        yield Root(RootKind.EVENT_LOOP, loop, "<event loop>", "<event loop>")
