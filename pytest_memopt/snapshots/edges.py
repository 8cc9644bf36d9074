"""What one step on the way to an object is called: an attribute, a key, a variable of a closure."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextvars import Context
from threading import local
from types import CellType, FrameType, FunctionType, MappingProxyType, ModuleType, TracebackType
from typing import Any, ClassVar, Final, NamedTuple, TypeAlias

from ..meters.naming import type_name
from .attributes import attribute_name, has_dict, read_attribute
from .bounds import CACHE_TYPE
from .frames import frame_label, local_variables, suspended_frame
from .keys import key_text
from .kinds import is_static
from .places import Places

_PAIR: Final = 2


_Namer: TypeAlias = "Callable[[EdgeNamer, Sequence[Any]], Edge | None]"


class Edge(NamedTuple):
    """One step.

    Attributes:
        text: for people, to be put behind the name of where the step begins.
        normal: the same without keys and indices.
        length_count: how many objects further it leads: an instance and its ``__dict__`` are one step.
    """

    text: str
    normal: str
    length_count: int = 1


class EdgeNamer:
    """Names steps between objects that are known beforehand; no code of theirs is run."""

    def __init__(self, wanted: Collection[int]) -> None:
        """Ready to name steps to the objects with the identities ``wanted``."""
        self._places = Places(wanted)

    def edge(self, way: Sequence[Any]) -> Edge:
        """The step from the first object of ``way`` towards the last, at least one further."""
        cls = type(way[0])
        for meant, namer in self._NAMERS:
            if issubclass(cls, meant) and (found := namer(self, way)) is not None:
                return found
        if (frame := suspended_frame(way[0])) is not None:
            return self._suspended_edge(way, frame)
        name = attribute_name(way[0], way[1])
        if name not in {None, "__dict__"}:
            return _same(f".{name}")
        if has_dict(cls) and (found := self.space_edge(way[1:])) is not None:
            return found._replace(length_count=2)
        return _same(".<attribute>") if not is_static(cls) else _same(f".<{type_name(type(way[1]))}>")

    def space_edge(self, way: Sequence[Any]) -> Edge | None:
        """The step out of a namespace: ``.name``; ``None`` where ``way`` doesn't begin with one."""
        if len(way) < _PAIR or type(way[0]) is not dict:
            return None
        place = self._places.entry(way[0], way[1])
        return _same(f".{place[0]}") if place and type(place[0]) is str else None

    def _class_edge(self, way: Sequence[Any]) -> Edge | None:
        found = self.space_edge(way[1:])
        return None if found is None else found._replace(length_count=2)

    def _function_edge(self, way: Sequence[Any]) -> Edge | None:
        function, held = way[:2]
        if type(held) is tuple and len(way) > _PAIR:
            return _part_of_function(function, held, way)
        if (found := self.space_edge(way[1:])) is None:
            return None
        marked = ".<defaults>" if held is function.__kwdefaults__ else ""
        return _same(f"{marked}{found.text}", 2)

    def _cache_edge(self, way: Sequence[Any]) -> Edge | None:
        if type(way[1]) is FunctionType:
            return _same(".__wrapped__")
        if way[1] is read_attribute(way[0], "__dict__"):
            return None
        if type(way[1]) is dict and len(way) > _PAIR and (entry := self._entry_edge(way[1:])) is not None:
            return Edge(f".<cache>{entry.text}", f".<cache>{entry.normal}", 2)
        return Edge(".<cache>[…]", ".<cache>[*]")

    def _local_edge(self, way: Sequence[Any]) -> Edge | None:
        found = self.space_edge(way[2:]) if type(way[1]) is dict else None
        return None if found is None else found._replace(length_count=3)

    def _context_edge(self, way: Sequence[Any]) -> Edge | None:
        further = next((n for n, one in enumerate(way) if n and not type_name(type(one)).startswith("hamt")), None)
        if further is None:
            return None
        name = next((variable.name for variable, value in way[0].items() if value is way[further]), None)
        return _same(f".{name}" if name else f".<{type_name(type(way[further]))}>", further)

    def _traceback_edge(self, way: Sequence[Any]) -> Edge | None:
        further = next((n for n, one in enumerate(way) if n and type(one) is not TracebackType), len(way) - 1)
        if type(way[further]) is not FrameType or further + 1 == len(way):
            return None
        inner = self._frame_edge(way[further:])
        first = "" if type(way[0]) is TracebackType else ".__traceback__"
        return _same(f"{first}{inner.text}", further + inner.length_count)

    def _suspended_edge(self, way: Sequence[Any], frame: FrameType) -> Edge:
        if way[1] is not frame:
            return self._frame_edge([frame, *way[1:]])
        return self._frame_edge(way[1:])._replace(length_count=2) if len(way) > _PAIR else _same(".<frame>")

    def _frame_edge(self, way: Sequence[Any]) -> Edge:
        frame, held = way[:2]
        label, variables = f".{frame_label(frame)}", local_variables(frame)
        for name, value in variables:
            if value is held:
                return _same(f"{label}.{name}")
        if (type(held) is CellType or type(held) is dict) and len(
            way
        ) > _PAIR:  # a variable of a closure, or all variables together
            for name, value in variables:
                if value is way[_PAIR]:
                    return _same(f"{label}.{name}", 2)
        return _same(".f_back" if held is frame.f_back else f"{label}.<{type_name(type(held))}>")

    def _entry_edge(self, way: Sequence[Any]) -> Edge | None:
        place = self._places.entry(way[0], way[1])
        if place is None:
            return None
        return Edge(f"[{key_text(place[0])}]", "[*]") if place else _same(".keys()")

    def _index_edge(self, way: Sequence[Any]) -> Edge | None:
        place = self._places.index(way[0], way[1])
        return None if place is None else Edge(f"[{place}]", "[*]")

    def _member_edge(self, way: Sequence[Any]) -> Edge | None:
        return None if self._places.index(way[0], way[1]) is None else _same("{…}")

    def _no_edge(self, way: Sequence[Any]) -> Edge:  # noqa: ARG002 - one of many
        return Edge("", "")

    # The first that fits and has an answer; no instance may keep its own methods: that would be a circle.
    _NAMERS: ClassVar[tuple[tuple[type | tuple[type, ...], _Namer], ...]] = (
        ((type, ModuleType), _class_edge),
        (FunctionType, _function_edge),
        (CACHE_TYPE, _cache_edge),
        (local, _local_edge),
        (Context, _context_edge),
        ((BaseException, TracebackType), _traceback_edge),
        (FrameType, _frame_edge),
        ((CellType, MappingProxyType), _no_edge),
        (dict, _entry_edge),
        ((list, tuple, deque), _index_edge),
        ((set, frozenset), _member_edge),
    )


def _same(text: str, length_count: int = 1) -> Edge:
    return Edge(text, text, length_count)


def _part_of_function(function: FunctionType, held: tuple[Any, ...], way: Sequence[Any]) -> Edge | None:
    position = next((n for n, one in enumerate(held) if one is way[_PAIR]), 0)
    code = function.__code__
    if held is function.__closure__:
        return _same(f".<closure>.{code.co_freevars[position]}", min(3, len(way) - 1))
    if held is function.__defaults__:
        return _same(f".<defaults>.{code.co_varnames[code.co_argcount - len(held) + position]}", 2)
    return None
