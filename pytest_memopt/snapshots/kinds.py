"""What a snapshot must know of a type, read past its metaclass: no code of a user's class runs here."""

from __future__ import annotations

from typing import Any, Final

from ..meters.naming import type_name

_FLAGS: Final = type.__dict__["__flags__"]
_MRO: Final = type.__dict__["__mro__"]
_NAMESPACE: Final = type.__dict__["__dict__"]
_ITEM_SIZE: Final = type.__dict__["__itemsize__"]
_WEAKREF_OFFSET: Final = type.__dict__["__weakrefoffset__"]

_MADE_AT_RUN_TIME: Final = 1 << 9  # Py_TPFLAGS_HEAPTYPE
_TRACKED: Final = 1 << 14  # Py_TPFLAGS_HAVE_GC

OBJECT_SIZEOF: Final = object.__dict__["__sizeof__"]


def class_key(cls: type) -> int:
    """A number that stands for ``cls`` in snapshots: of its identity and its full name.

    Both go in, since the address of a class that died is given to the next one.
    """
    return hash((id(cls), type_name(cls)))


def lineage(cls: type) -> tuple[type, ...]:
    """The class and all its bases, in the order of resolution."""
    bases: tuple[type, ...] = _MRO.__get__(cls)
    return bases


def is_tracked(cls: type) -> bool:
    """Whether the garbage collector keeps track of instances of ``cls``: what it doesn't, no snapshot sees."""
    return bool(_FLAGS.__get__(cls) & _TRACKED)


def is_static(cls: type) -> bool:
    """Whether ``cls`` was compiled into the interpreter or an extension as one fixed structure."""
    return not _FLAGS.__get__(cls) & _MADE_AT_RUN_TIME


def is_stampable(cls: type) -> bool:
    """Whether instances are told apart by a weak reference: those of classes made at run time that support it.

    Builtin types are left out: functions, sets and classes are a third of any heap and seldom replaced in place.
    """
    return not is_static(cls) and bool(_WEAKREF_OFFSET.__get__(cls)) and not issubclass(cls, type)


def is_fixed_size(cls: type) -> bool:
    """Whether all instances of ``cls`` have one size."""
    return special(cls, "__sizeof__") is OBJECT_SIZEOF and not _ITEM_SIZE.__get__(cls)


def is_hashed_by_address(cls: type) -> bool:
    """Whether ``cls`` can be the key of a dict without its metaclass having a say."""
    meta = type(cls)
    return meta is type or all(special(meta, name) is special(object, name) for name in ("__hash__", "__eq__"))


def special(cls: type, name: str) -> Any:
    """What ``cls`` or the nearest of its bases defines as ``name``, as the interpreter looks up special methods."""
    return next(space[name] for space in map(_NAMESPACE.__get__, lineage(cls)) if name in space)
