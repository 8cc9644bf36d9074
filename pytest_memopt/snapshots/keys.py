"""Keys of dicts for people, with no ``__repr__`` of a user's class run."""

from __future__ import annotations

from enum import EnumMeta
from typing import Final

from ..meters.naming import type_name
from .attributes import read_attribute

# by identity: a class need not be hashable, and may run code when it is compared
_PLAIN: Final = frozenset(map(id, (bytes, float, bool, type(None))))
_MOST_CHARACTERS: Final = 40
_MOST_BITS: Final = 128


def key_text(key: object) -> str:
    """A key as code would write it, if it is short and of a builtin type; else what it is: ``<app.Key>``."""
    cls = type(key)
    text = None
    if cls is tuple:
        text = _tuple_text(key)  # type: ignore[arg-type]
    elif cls is str:
        text = _shortened(key)  # type: ignore[arg-type]
    elif cls is int:
        text = repr(key) if key.bit_length() <= _MOST_BITS else None  # type: ignore[attr-defined]
    elif id(cls) in _PLAIN:
        text = repr(key) if cls is not bytes or len(key) <= _MOST_CHARACTERS else None  # type: ignore[arg-type]
    elif issubclass(cls, type):
        return type_name(key)  # type: ignore[arg-type]
    elif issubclass(type(cls), EnumMeta):
        text = _enum_text(key)
    return f"<{type_name(cls)}>" if text is None else text


def _shortened(key: str) -> str:
    return repr(key) if len(key) <= _MOST_CHARACTERS else f"{key[: _MOST_CHARACTERS - 1]!r}…"


def _tuple_text(key: tuple[object, ...]) -> str | None:
    if sum(len(one) if type(one) is str else 8 for one in key) > 2 * _MOST_CHARACTERS:
        return None
    inner = [f"<{type_name(tuple)}>" if type(one) is tuple else key_text(one) for one in key]
    return f"({', '.join(inner)}{',' if len(inner) == 1 else ''})"


def _enum_text(key: object) -> str | None:
    name = read_attribute(key, "_name_")
    return f"{type_name(type(key)).rpartition('.')[2]}.{name}" if type(name) is str else None
