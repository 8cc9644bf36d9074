"""The names that users import."""

import ast
import importlib
from pathlib import Path

import pytest

import pytest_memopt
from pytest_memopt.public_names import HOMES


@pytest.mark.parametrize("name", pytest_memopt.__all__)
def test_every_public_name_is_there(name):
    """Each name that is promised can be had, and knows its own name."""
    found = getattr(pytest_memopt, name)
    assert found is not None
    assert getattr(found, "__name__", name) == name


def test_lazy_names_are_the_promised_ones():
    """The table of homes, ``__all__`` and ``dir()`` name the same, and each home holds the name."""
    assert {*HOMES, "__version__"} == set(pytest_memopt.__all__)
    assert dir(pytest_memopt) == sorted(pytest_memopt.__all__)
    for name, home in HOMES.items():
        assert getattr(importlib.import_module(f"pytest_memopt.{home}"), name) is getattr(pytest_memopt, name)


def test_type_checkers_see_the_same_names():
    """The stub takes each public name from the module that the table names, and no other."""
    stub = ast.parse(Path(pytest_memopt.__file__).with_suffix(".pyi").read_text("utf-8"))
    told = {alias.asname: node.module for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert told == HOMES


def test_all_names_are_imported_by_a_star():
    """``from pytest_memopt import *`` gives what is promised."""
    names = {}
    exec("from pytest_memopt import *", names)
    assert set(pytest_memopt.__all__) <= set(names)


def test_an_unknown_name_is_an_attribute_error():
    """A name that nobody promised is refused as Python does."""
    with pytest.raises(AttributeError, match="module 'pytest_memopt' has no attribute 'nothing'"):
        _ = pytest_memopt.nothing


def test_the_version_is_the_distribution_s():
    """The version comes from the metadata of what is installed."""
    metadata = importlib.import_module("importlib.metadata")
    assert pytest_memopt.__version__ == metadata.version("pytest-memopt")
