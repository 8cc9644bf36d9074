"""Which attribute an object is, found without running a line of the class that has it."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import suppress
from types import CodeType, FunctionType, GetSetDescriptorType, MemberDescriptorType, ModuleType, TracebackType
from typing import Any, Final

from ..meters.naming import module_name
from ..meters.originals import sys
from .kinds import lineage

_NAMESPACE: Final = type.__dict__["__dict__"]
_DICT_OFFSET: Final = type.__dict__["__dictoffset__"]
_PLAIN_GET: Final = object.__getattribute__
_MISSING: Final = object()

# Computed attributes of builtin types that do nothing but hand out what they have.
_COMPUTED: Final[tuple[tuple[type, tuple[str, ...]], ...]] = (
    (BaseException, ("__traceback__", "__context__", "__cause__", "args")),
    (TracebackType, ("tb_next",)),
    (FunctionType, ("__defaults__", "__kwdefaults__")),
)


def namespace(cls: type) -> dict[str, Any]:
    """What the body of ``cls`` and later assignments to it defined, read past its metaclass."""
    found: dict[str, Any] = _NAMESPACE.__get__(cls)
    return found


def has_dict(cls: type) -> bool:
    """Whether instances of ``cls`` can have attributes of any name."""
    return bool(_DICT_OFFSET.__get__(cls))


def attribute_name(owner: object, value: object) -> str | None:
    """The name by which ``owner`` itself refers to ``value``, ``None`` where it can't be told.

    CPython 3.11 and later keep attributes beside the object, without a ``__dict__`` to look into, and asking for one
    would create it. So those names are tried that the code of the class mentions.
    """
    return next(_matching(owner, value), None)


def read_attribute(owner: object, name: str) -> Any:
    """The attribute ``name`` of ``owner``; ``None`` where there is none, or where code of the class would run."""
    found = _plain_attribute(owner, name)
    return None if found is _MISSING else found


def _matching(owner: object, value: object) -> Iterator[str]:
    for cls in lineage(type(owner)):
        for name, member in list(namespace(cls).items()):
            if type(member) is MemberDescriptorType and _described(member, owner) is value:
                yield name
    for base, names in _COMPUTED:
        if issubclass(type(owner), base):
            yield from (name for name in names if _described(base.__dict__[name], owner) is value)
    if has_dict(type(owner)):
        for list_names in (_mentioned_names, _names_nearby):
            mentioned = list_names(type(owner))
            mentioned.pop("__dict__", None)  # which would be made
            yield from (name for name in mentioned if _plain_attribute(owner, name) is value)


def _described(member: Any, owner: object) -> Any:
    try:
        return member.__get__(owner)
    except (AttributeError, TypeError, ValueError):  # an empty slot, or one of another layout
        return _MISSING


def _plain_attribute(owner: object, name: str) -> Any:
    """What is stored in ``owner`` as ``name``, unless something in its class stands before that."""
    for cls in lineage(type(owner)):
        if name in (space := namespace(cls)):
            if _is_one_of(type(space[name]), MemberDescriptorType, GetSetDescriptorType):
                return _described(space[name], owner)
            if _computes(type(space[name])):
                return _MISSING
            break
    try:
        return _PLAIN_GET(owner, name)
    except (AttributeError, TypeError):
        return _MISSING


def _is_one_of(cls: type, *others: type) -> bool:
    """By identity: a class need not be hashable, and may run code when it is compared."""
    return any(cls is other for other in others)


def _computes(cls: type) -> bool:
    return any(name in namespace(base) for base in lineage(cls) for name in ("__get__", "__set__"))


def _mentioned_names(cls: type) -> dict[str, None]:
    """Names that may be attributes of instances, in the order of their mention: an order makes results repeatable."""
    names: dict[str, None] = {}
    for base in lineage(cls):
        space = namespace(base)
        for listed in ("__static_attributes__", "__annotations__", "__match_args__"):
            if _is_one_of(type(space.get(listed)), tuple, dict):
                names.update(dict.fromkeys(name for name in space[listed] if type(name) is str))
        for value in list(space.values()):
            for function in _functions_of(value):
                _add_names(function.__code__, names)
    return names


def _names_nearby(cls: type) -> dict[str, None]:
    names: dict[str, None] = {}
    for code in _neighbouring_code(cls):
        _add_names(code, names)
    return names


def _neighbouring_code(cls: type) -> Iterator[CodeType]:
    """The functions beside the class, and those that run: they may set attributes of its instances too."""
    module = sys.modules.get(module_name(cls))
    if issubclass(type(module), ModuleType):
        space = vars(ModuleType)["__dict__"].__get__(module)
        yield from (value.__code__ for value in list(space.values()) if type(value) is FunctionType)
    depth = 0
    with suppress(ValueError):  # there is no further frame
        while depth := depth + 1:
            yield sys._getframe(depth).f_code  # noqa: SLF001 - documented, in spite of its name


def _functions_of(value: object) -> Iterator[FunctionType]:
    if type(value) is FunctionType:
        yield value
    elif _is_one_of(type(value), staticmethod, classmethod):
        yield from _functions_of(value.__func__)  # type: ignore[attr-defined]
    elif type(value) is property:
        yield from (one for one in (value.fget, value.fset) if type(one) is FunctionType)
    elif type(value) is functools.cached_property:
        yield from _functions_of(value.func)


def _add_names(code: CodeType, names: dict[str, None]) -> None:
    names.update(dict.fromkeys(code.co_names))
    for constant in code.co_consts:
        if type(constant) is CodeType:
            _add_names(constant, names)
        elif type(constant) is str and constant.isidentifier():  # setattr(self, "name", …)
            names[constant] = None
