import collections
import os
import re
from functools import partial

import pytest

from pytest_memopt.meters.naming import module_name, target_name, type_name


class Session:
    class Inner:
        """Nested."""


class _Hostile(type):
    def __getattribute__(cls, name):
        raise RuntimeError(name)


class Guarded(metaclass=_Hostile):
    pass


class Lying(str):
    __slots__ = ()

    def __str__(self):
        raise RuntimeError

    __format__ = __str__


def without_module():
    """A class made where `__name__` is unknown."""
    namespace = {"__builtins__": {"type": type}}
    exec("made = type('Made', (), {})", namespace)
    return namespace["made"]


@pytest.mark.parametrize(
    ("cls", "name"),
    [
        (dict, "dict"),
        (type(None), "NoneType"),
        (collections.OrderedDict, "collections.OrderedDict"),
        (re.Pattern, "re.Pattern"),
        (Session, f"{__name__}.Session"),
        (Session.Inner, f"{__name__}.Session.Inner"),
    ],
    ids=str,
)
def test_a_type_is_called_by_module_and_qualified_name(cls, name):
    """The full name is module and qualified name, and builtins go without their module."""
    assert type_name(cls) == name


def test_a_class_made_in_a_function_tells_where():
    """The qualified name of a local class keeps the function that made it."""

    class Local:
        pass

    assert type_name(Local) == f"{__name__}.test_a_class_made_in_a_function_tells_where.<locals>.Local"


def test_no_code_of_a_metaclass_is_run():
    """A metaclass that intercepts every attribute doesn't get to see the question."""
    assert type_name(Guarded) == f"{__name__}.Guarded"


@pytest.mark.parametrize("module", [None, 7, property(lambda self: "app")], ids=["None", "int", "property"])
def test_a_module_that_is_no_string_is_unknown(module):
    """Where `__module__` holds something else than a string, the module is `?`."""
    cls = type("Odd", (), {"__module__": module})
    assert (module_name(cls), type_name(cls)) == ("?", "?.Odd")


def test_a_class_without_a_module_is_unknown():
    """A class made where no module was known has the module `?`."""
    cls = without_module()
    if hasattr(cls, "__module__") and isinstance(cls.__module__, str):  # Python 3.13 takes the builtins' name
        assert type_name(cls) == f"{cls.__module__}.Made".removeprefix("builtins.")
    else:
        assert type_name(cls) == "?.Made"


def test_the_name_is_a_plain_string():
    """A string subclass with code of its own is turned into the string that it holds."""
    cls = type("Plain", (), {"__module__": Lying("app.models")})
    cls.__qualname__ = Lying("Session")
    name = type_name(cls)
    assert (type(name), name) == (str, "app.models.Session")


def _called():
    """Is called."""


class _Callable:
    def __call__(self):
        """Is called."""

    def method(self):
        """Is called."""


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (_called, f"{__name__}._called"),
        (partial(partial(_called)), f"{__name__}._called"),
        (_Callable().method, f"{__name__}._Callable.method"),
        (partial(_Callable().method), f"{__name__}._Callable.method"),
        (len, "len"),
        (os.getpid, "posix.getpid"),
        ([].append, "list.append"),
        (_Callable(), f"{__name__}._Callable"),
        (int, "type"),
    ],
    ids=range(9),
)
def test_what_is_called_has_a_name(target, name):
    """Functions and methods by their own, also behind a partial; anything else by its type."""
    assert target_name(target) == name
