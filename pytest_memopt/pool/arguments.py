"""The arguments that a resource is built with, and the key under which equal ones are pooled together."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from ..errors import ResourceTypeError

__tracebackhide__ = True  # pytest shows who borrowed, and user code, instead of what is between them


class Arguments(NamedTuple):
    """What the factory is called with.

    Attributes:
        key: ``None`` for no arguments; members with equal keys stand in for one another.
        positional, named: as in the call.
        slot: the number of the lease among those of all processes, for types that are shared.
    """

    key: Hashable = None
    positional: tuple[Any, ...] = ()
    named: Mapping[str, Any] = MappingProxyType({})
    slot: int | None = None

    def in_slot(self, slot: int) -> Arguments:
        """The same, for members that belong to ``slot``."""
        return self._replace(key=(slot, self.key), slot=slot)


NO_ARGUMENTS: Final = Arguments()


def arguments_of(
    subject: str,
    positional: tuple[Any, ...],
    named: Mapping[str, Any],
    key: Callable[..., Hashable] | None = None,
) -> Arguments:
    """The arguments of a call with their key: by the type's own function where it has one, else they themselves.

    Raises:
        ResourceTypeError: naming ``subject`` and the argument that can't be hashed.
    """
    if not (positional or named):
        return NO_ARGUMENTS
    chosen = key(*positional, **named) if key is not None else (positional, *sorted(named.items()))
    try:
        hash(chosen)
    except TypeError:
        culprit = f"its key= returned {chosen!r}" if key is not None else _unhashable(positional, named)
        raise ResourceTypeError(
            f"{subject}: {culprit}, which can't be hashed, so resources can't be told apart by it; "
            "register the type with key=, a function that takes the arguments and returns something that can"
        ) from None
    return Arguments(chosen, positional, named)


def _unhashable(positional: tuple[Any, ...], named: Mapping[str, Any]) -> str:
    for name, value in [*enumerate(positional, 1), *named.items()]:
        try:
            hash(value)
        except TypeError:  # noqa: PERF203 - the last thing that is done
            return f"argument {name} is {value!r}"
    return f"its arguments are {positional!r}, {named!r}"
