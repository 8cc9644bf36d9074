"""Chains of objects, written down."""

from __future__ import annotations

from collections.abc import Sequence
from threading import local
from types import FunctionType, ModuleType
from typing import Any, Final, NamedTuple

from ..meters.module_space import module_space
from ..meters.naming import type_name
from .attributes import read_attribute
from .bounds import CACHE_TYPE, bound_of
from .edges import EdgeNamer
from .roots import Root, RootKind

_LAST_STEPS: Final = 3
_INNER_KINDS: Final = ((".<closure>", RootKind.CLOSURE), (".<cache>", RootKind.CACHE))


class Route(NamedTuple):
    """A chain of objects in names; the fields are those of a ``Holder``."""

    path: str
    normal: str
    owner: str
    kind: RootKind
    bound_count: int | None


class _Name(NamedTuple):
    """A name of its own that an object has, wherever it was met, and what holding something through it is called."""

    text: str
    kind: RootKind
    is_owner: bool


class RouteWriter:
    """Writes one chain after the other; the name begins anew at whatever can be found by its own name."""

    def __init__(self, namer: EdgeNamer) -> None:
        """Ready to write, with ``namer`` for the steps."""
        self._namer = namer

    def write(self, chain: Sequence[Any], root: Root) -> Route:
        """The chain from ``root``, whose entry is its first object, to its last."""
        text, normal, owner, kind = root.label, root.normal, root.label, root.kind
        passed: list[object] = []
        at = 0
        while at + 1 < len(chain):
            own = own_name(chain[at])
            edge = self._namer.space_edge(chain[at:]) if root.is_space and not at else None
            edge = edge or self._namer.edge(chain[at:])
            if own is not None:
                text = normal = own.text
                owner, kind = own.text, own.kind
            if text == owner:
                kind = next((inner for mark, inner in _INNER_KINDS if edge.text.startswith(mark)), kind)
            text, normal = text + edge.text, normal + edge.normal
            if (root.is_space and not at) or (own is not None and not own.is_owner):
                owner = text
            elif issubclass(type(chain[at]), local):
                owner, kind = text, RootKind.THREAD_LOCAL
            passed.append(chain[at])
            at += edge.length_count
        bounds = (bound_of(one) for one in reversed(passed[-_LAST_STEPS:]))
        return Route(text, normal, owner, kind, next((bound for bound in bounds if bound is not None), None))


def own_name(one: object) -> _Name | None:
    """The name that ``one`` goes by in source code; ``None`` for what is only found through something else."""
    cls = type(one)
    if issubclass(cls, type):
        return _Name(type_name(one), RootKind.CLASS_ATTRIBUTE, is_owner=False)  # type: ignore[arg-type]
    if issubclass(cls, ModuleType):
        name = module_space(one).get("__name__")
        return _Name(name, RootKind.MODULE_GLOBAL, is_owner=False) if type(name) is str else None
    if cls is FunctionType:
        return _defined(one, RootKind.FUNCTION, "<")
    return _defined(one, RootKind.CACHE, "<lambda>") if cls is CACHE_TYPE else None


def _defined(one: object, kind: RootKind, nameless: str) -> _Name | None:
    """The name of a function, unless there is ``nameless`` in it: what was made in a call isn't found by its name."""
    if kind is RootKind.FUNCTION:
        module, name = one.__module__, one.__qualname__  # type: ignore[attr-defined]
    else:
        module, name = (read_attribute(one, part) for part in ("__module__", "__qualname__"))
    is_named = type(module) is str and type(name) is str and nameless not in name
    return _Name(f"{module}.{name}", kind, is_owner=True) if is_named else None
