"""How a type is called in every report, limit and query: ``app.models.Session``, and builtins without a module."""

from __future__ import annotations

from functools import partial
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any, Final

_UNKNOWN: Final = "?"

# The descriptors of `type` itself: plain attribute access would run what a metaclass put in their place.
_MODULE: Final = type.__dict__["__module__"]
_QUALNAME: Final = type.__dict__["__qualname__"]


def type_name(cls: type) -> str:
    """The full name of ``cls``: module and qualified name, builtins without their module.

    ``Session`` of ``app/models.py`` is ``app.models.Session``, a class made in a test is
    ``test_app.test_it.<locals>.Session``, a dict is ``dict``. No code of the class or its metaclass is run, and nothing
    is raised: a class whose module isn't a string is called ``?.Session``.
    """
    module = module_name(cls)
    qualname = _plain(_QUALNAME.__get__(cls))
    return qualname if module == "builtins" else f"{module}.{qualname}"


def module_name(cls: type) -> str:
    """The module of ``cls`` as the class states it; ``"?"`` where it is missing or isn't a string."""
    try:
        return _plain(_MODULE.__get__(cls))
    except AttributeError:
        return _UNKNOWN


def target_name(target: object) -> str:
    """What is called when ``target`` is: ``app.collect`` for a function or method, else the name of its type.

    A ``functools.partial`` is called like what it calls. No code of ``target`` is run.
    """
    while type(target) in (partial, MethodType):
        target = target.func if isinstance(target, partial) else target.__func__  # type: ignore[attr-defined]
    if type(target) in (FunctionType, BuiltinFunctionType):
        module, name = _plain(target.__module__), _plain(target.__qualname__)  # type: ignore[attr-defined]
        return name if module in ("builtins", _UNKNOWN) else f"{module}.{name}"
    return type_name(type(target))


def _plain(name: Any) -> str:
    # type(), not isinstance(): the latter asks the value for its __class__, which may be a lie or user code
    return str.__str__(name) if issubclass(type(name), str) else _UNKNOWN
