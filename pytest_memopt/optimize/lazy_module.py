"""A module that isn't loaded yet, and the loader that makes one; used by several threads at once."""

from __future__ import annotations

import sys
import threading
from importlib.util import LazyLoader
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from importlib.abc import Loader

# what is known before a module runs. `import x` looks at the spec of what is in sys.modules, `inspect` at the files of
# all modules, `unittest` at their registries of warnings: that must not load them all
_KNOWN_BEFORE: Final = frozenset(
    ("__cached__", "__class__", "__file__", "__loader__", "__name__", "__package__", "__spec__", "__warningregistry__")
)


class OnUseLoader(LazyLoader):
    """Python's ``LazyLoader``, safe with threads on every version.

    Until 3.11.8 and 3.12.2 a module of ``LazyLoader`` is an ordinary one from the moment at which the first thread begins
    to load it, so that a second one finds it empty (https://github.com/python/cpython/issues/114763). Nor does it try
    again after an error, nor let a module put another one in its place.
    """

    loader: Loader

    def exec_module(self, module: ModuleType) -> None:
        """Let ``module`` be loaded when it is used."""
        spec = module.__spec__
        if spec is None:
            raise TypeError(f"the lazy module {module.__name__!r} has no spec to be loaded by")
        spec.loader = module.__loader__ = self.loader
        spec.loader_state = _Waiting(type(module), dict(vars(module)))
        module.__class__ = _LazyModule


class _Waiting:
    """How far the loading of one module has come.

    Attributes:
        kind: the class that the module has otherwise.
        attributes: what it begins with.
        lock: held by the thread that loads it, who may use it meanwhile as it is.
        is_running: whether it is being loaded.
        other: what it has put into ``sys.modules`` in its place.
    """

    __slots__ = ("attributes", "is_running", "kind", "lock", "other")

    def __init__(self, kind: type[ModuleType], attributes: dict[str, Any]) -> None:
        self.kind = kind
        self.attributes = attributes
        self.lock = threading.RLock()
        self.is_running = False
        self.other: Any = None


class _LazyModule(ModuleType):
    """A module whose first use loads it."""

    def __getattribute__(self, name: str) -> Any:
        if name in _KNOWN_BEFORE:
            return ModuleType.__getattribute__(self, name)
        return _attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        loaded = _loaded(self)
        if loaded is self:
            ModuleType.__setattr__(self, name, value)
        else:
            setattr(loaded, name, value)

    def __delattr__(self, name: str) -> None:
        loaded = _loaded(self)
        if loaded is self:
            ModuleType.__delattr__(self, name)
        else:
            delattr(loaded, name)


def _attribute(module: ModuleType, name: str) -> Any:
    loaded = _loaded(module)
    if loaded is module and type(module) is _LazyModule:  # it is being loaded, by this thread
        return ModuleType.__getattribute__(module, name)
    return getattr(loaded, name)


def _loaded(module: ModuleType) -> Any:
    """The module, or what took its place; loaded, unless this very thread is about to."""
    spec = object.__getattribute__(module, "__spec__")
    waiting: _Waiting | None = spec.loader_state if isinstance(spec.loader_state, _Waiting) else None
    if waiting is None:  # another thread has loaded it meanwhile
        return module
    with waiting.lock:
        if type(module) is _LazyModule and not waiting.is_running and waiting.other is None:
            waiting.is_running = True
            try:
                _load(module, spec, waiting)
            finally:
                waiting.is_running = False
    return module if waiting.other is None else waiting.other


def _load(module: ModuleType, spec: Any, waiting: _Waiting) -> None:
    name = spec.name
    present = sys.modules.get(name)
    if present is None:
        sys.modules[name] = module
    if present is None or present is module:
        try:
            spec.loader.exec_module(module)
        except BaseException:
            attributes = object.__getattribute__(module, "__dict__")
            attributes.clear()
            attributes.update(waiting.attributes)
            object.__setattr__(module, "__class__", _LazyModule)
            raise
        present = sys.modules.get(name, module)
    if present is not module:
        waiting.other = present
        return
    if type(module) is _LazyModule:  # else it has chosen a class of its own
        object.__setattr__(module, "__class__", waiting.kind)
    spec.loader_state = None
