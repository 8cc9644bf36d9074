"""The namespace of a module, read past whatever its class does when it is asked."""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

_SPACE: Final[Any] = vars(ModuleType)["__dict__"]


def module_space(module: object) -> dict[Any, Any]:
    """The namespace of a module, whatever its class thinks of that; an empty one where it was never initialised."""
    space: dict[Any, Any] | None = _SPACE.__get__(module)
    return {} if space is None else space
