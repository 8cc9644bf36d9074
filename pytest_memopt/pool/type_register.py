"""Resource types by name: each name once, and an unknown one told with those that there are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from ..errors import ResourceTypeError
from .recipe import ResourceType
from .wording import cut

__tracebackhide__ = True  # pytest shows who registered or asked


class TypeRegister:
    """The types of one manager, who calls it under its lock where it changes."""

    def __init__(self) -> None:
        self._types: dict[str, ResourceType] = {}

    def add(self, kind: ResourceType, *, replace: bool) -> bool:
        """Register ``kind``; whether it is another one than was registered by this name.

        Raises:
            ResourceTypeError: when another one has the name, and isn't to be replaced.
        """
        known = self._types.get(kind.name)
        if known is not None and known != kind and not replace:
            raise ResourceTypeError(
                f"{kind.subject} is registered already, with the factory {_name_of(known.factory)}; "
                "choose another name, or say replace=True"
            )
        self._types[kind.name] = kind
        return known != kind

    def remove(self, name: str) -> None:
        """Forget the type of that name, if there is one."""
        self._types.pop(name, None)

    def all(self) -> dict[str, ResourceType]:
        """All of them, by name."""
        return dict(self._types)


def find_type(name: str, types: Mapping[str, ResourceType]) -> ResourceType:
    """The type called ``name``.

    Raises:
        ResourceTypeError: when there is none, with the names that there are.
    """
    if name not in types:
        raise ResourceTypeError(_unknown(name, types))
    return types[name]


def _unknown(name: object, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    names = sorted(known)
    close = get_close_matches(name, names, n=1) if isinstance(name, str) else []
    if close:
        hint = f"did you mean {close[0]!r}?"
    elif names:
        hint = f"there {'are' if len(names) > 1 else 'is'} {', '.join(map(repr, names))}"
    else:
        hint = "none is registered: use register_resource_type"
    return f"resource type {name!r} is not registered; {hint}"


def _name_of(factory: object) -> str:
    module, name = getattr(factory, "__module__", None), getattr(factory, "__qualname__", None)
    code = getattr(factory, "__code__", None)
    where = "" if code is None else f" ({code.co_filename}:{code.co_firstlineno})"
    return f"{module}.{name}{where}" if module and name else cut(factory)
