"""Modules that are loaded when something of them is used."""

from __future__ import annotations

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from types import ModuleType

from ..errors import UnknownModuleError
from .lazy_module import OnUseLoader


def lazy_import(name: str) -> ModuleType:
    """The module ``name``, loaded when its first attribute is used; at once where it is loaded already.

    ``pandas = lazy_import("pandas")`` in the place of ``import pandas``: no time and no memory until ``pandas.DataFrame``.
    That it is there is looked up now; an error of its own code comes with its first use, and each use tries again until
    it loads. Threads that use it at the same time wait for the one that loads it.

    The lazy module goes into ``sys.modules``, and onto its package as an attribute. So ``import pandas`` elsewhere gets
    the same one, lazy still, and ``from pandas import DataFrame`` loads it. Its ``__name__``, ``__spec__``, ``__loader__``,
    ``__package__``, ``__file__`` and ``__cached__`` can be asked for without loading it, and setting an attribute loads it
    first. When it is loaded it is an ordinary module. One that puts something else into ``sys.modules`` in its place
    passes all uses on to that.

    The packages above ``"a.b"`` are imported at once, as its path is theirs to say. An extension module written before
    multi-phase initialisation (PEP 489), and a package without ``__init__.py``, are imported at once too.

    Args:
        name: full name, as in ``"pandas"`` or ``"xml.dom.minidom"``.

    Raises:
        UnknownModuleError: which is a ``ModuleNotFoundError``, where there is no such module.
    """
    loaded = sys.modules.get(name)
    if loaded is not None:
        return loaded
    spec = _spec_of(name)
    if spec.loader is None or not hasattr(spec.loader, "exec_module"):
        return importlib.import_module(name)
    loader = spec.loader = OnUseLoader(spec.loader)
    module = module_from_spec(spec)
    loader.exec_module(module)
    # another thread may have been first; whoever is, all get the same one
    winner = sys.modules.setdefault(name, module)
    package, _, attribute = name.rpartition(".")
    if package:
        setattr(sys.modules[package], attribute, winner)
    return winner


def _spec_of(name: str) -> ModuleSpec:
    if not all(name.split(".")):
        raise UnknownModuleError(
            f"lazy_import: {name!r} is not the full name of a module, such as 'pandas' or 'a.b'", name=name
        )
    try:
        spec = find_spec(name)
    except ModuleNotFoundError as error:
        # a package above may well lack what it needs itself: that is told by its own error
        if error.name is None or not f"{name}.".startswith(f"{error.name}."):
            raise
        spec = None
    if spec is None:
        raise UnknownModuleError(
            f"lazy_import: there is no module {name!r} here: install it, or correct the name", name=name
        )
    return spec
