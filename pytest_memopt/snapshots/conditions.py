"""The conditions of a query: what a user asks for, checked and turned into values."""

from __future__ import annotations

import builtins
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from types import ModuleType
from typing import Final, Protocol

from ..errors import UsageError
from ..meters.naming import type_name
from .group import TypeGroup
from .kinds import class_key, is_static, is_tracked

KEYWORDS: Final = ("type", "subclasses", "module", "name", "size_gt", "size_lt")
_WILDCARDS: Final = frozenset("*?[")


class QueryError(UsageError, TypeError):
    """A query asks for what there isn't, or for what a snapshot can't know; the message says what it can."""


class Condition(Protocol):
    """Something that is true or false of all objects of a type."""

    def accepts(self, group: TypeGroup) -> bool:
        """Whether the objects of ``group`` are meant."""
        ...


@dataclass(frozen=True, slots=True)
class OfClass:
    """The objects of one class; of its subclasses too, if asked for."""

    key: int
    with_subclasses: bool

    def accepts(self, group: TypeGroup) -> bool:
        """Whether the group's type is the class, or derives from it."""
        return self.key in group.lineage if self.with_subclasses else self.key == group.key


@dataclass(frozen=True, slots=True)
class NamedLike:
    """The objects of types whose full name is ``pattern``, or matches it where it has a wildcard."""

    pattern: str

    def accepts(self, group: TypeGroup) -> bool:
        """Whether the type's full name matches."""
        return matches(group.name, self.pattern)


@dataclass(frozen=True, slots=True)
class InModule:
    """The objects of types of a module, or of a package with all that is inside it."""

    pattern: str

    def accepts(self, group: TypeGroup) -> bool:
        """Whether the type's module is meant."""
        return matches(group.module, self.pattern) or group.module.startswith(f"{self.pattern}.")


def matches(name: str, pattern: str) -> bool:
    """Whether ``name`` is ``pattern``, or matches it as a glob (``app.*``); letter case counts."""
    return name == pattern or (not _WILDCARDS.isdisjoint(pattern) and fnmatchcase(name, pattern))


def by_type(wanted: object, *, subclasses: bool) -> Condition:
    """The condition behind ``type=``: a class, or a full name that may be a glob.

    Raises:
        QueryError: it is neither, ``subclasses`` comes with a name, or the collector doesn't track such objects.
    """
    if issubclass(type(wanted), type):
        cls: type = wanted  # type: ignore[assignment]  # isinstance() would ask a proxy for its __class__
        _refuse_untracked(cls, subclasses=subclasses)
        return OfClass(class_key(cls), with_subclasses=subclasses)
    if not isinstance(wanted, str):
        raise QueryError(f"type={wanted!r} is neither a class nor a full type name such as 'app.models.Session'")
    if subclasses:
        raise QueryError(f"subclasses=True needs the class itself, not its name {wanted!r}")
    if (loaded := _loaded_class(wanted)) is not None:
        _refuse_untracked(loaded, subclasses=False)
    return NamedLike(wanted)


def refuse_unknown(unknown: list[str]) -> None:
    """Refuse keywords that ``where`` doesn't know.

    Raises:
        QueryError: there is one; the message names the nearest that exists, and all of them.
    """
    if unknown:
        near = get_close_matches(unknown[0], KEYWORDS, n=1)
        hint = f"; did you mean {near[0]}=?" if near else ""
        raise QueryError(f"where() doesn't know {unknown[0]}={hint} It takes {', '.join(KEYWORDS)}")


def _refuse_untracked(cls: type, *, subclasses: bool) -> None:
    # an empty base such as collections.abc.Mapping is untracked by itself, its subclasses are not
    if is_tracked(cls) or (subclasses and (cls is object or not is_static(cls))):
        return
    raise QueryError(
        f"{type_name(cls)} objects aren't tracked by the garbage collector, so a snapshot can't see them; "
        "their bytes count in memory_limit(growth=...)"
    )


def _loaded_class(name: str) -> type | None:
    """The class of that full name if its module is loaded and has it; no user code is run."""
    home, _, attribute = name.rpartition(".")
    module = sys.modules.get(home) if home else builtins
    found = vars(module).get(attribute) if type(module) is ModuleType else None
    return found if issubclass(type(found), type) else None
