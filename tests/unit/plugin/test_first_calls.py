"""Which functions have their frames made before an item runs."""

import sys
from types import ModuleType, SimpleNamespace

from pytest_memopt.meters.spare_frames import SpareFrames
from pytest_memopt.plugin.first_calls import FirstCalls
from pytest_memopt.pool.pool import MemoryPool


def of_item():
    """A test."""


def of_fixture():
    """What it asks for."""


class Item:
    """Stands in for pytest's: its function, its module, one fixture; and an instance that must not be made."""

    def __init__(self, module=None):
        self._obj = of_item
        self.module = module
        self._fixtureinfo = SimpleNamespace(name2fixturedefs={"one": [SimpleNamespace(func=of_fixture)]})

    @property
    def obj(self):
        raise AssertionError("it would be made here")


def test_the_runner_comes_once_the_item_each_time():
    """Functions of pytest and of the plugin are laid out before the first item; an item's own, and its fixtures', before it."""
    made = []
    calls = FirstCalls(SpareFrames(lambda code: made.append(code.co_name)))
    calls.lay_out(Item())
    assert {"runtestprotocol", "lay_out", "of_item", "of_fixture"} <= set(made)
    made.clear()
    calls.lay_out(Item())
    assert sorted(made) == ["of_fixture", "of_item"]


def test_the_pool_comes_with_the_plugin():
    """What lends and takes back resources runs in the windows of tests, and is no test's."""
    made = []
    FirstCalls(SpareFrames(made.append)).lay_out(Item())
    assert MemoryPool.give_back.__code__ in made


def test_a_module_is_laid_out_with_its_first_item(monkeypatch):
    """Helpers in the module of a test run with it for the first time too."""
    module = ModuleType("of_tests")
    exec("def helps(): ...", vars(module))
    monkeypatch.setitem(sys.modules, "of_tests", module)
    made = []
    calls = FirstCalls(SpareFrames(lambda code: made.append(code.co_name)))
    calls.lay_out(Item(module))
    assert "helps" in made
    made.clear()
    calls.lay_out(Item(module))
    assert "helps" not in made


def test_an_item_without_functions_is_left_alone():
    """An item of another kind (a file of data) has neither module nor fixtures."""
    made = []
    calls = FirstCalls(SpareFrames(lambda code: made.append(code.co_name)))
    calls.lay_out(Item())
    made.clear()
    calls.lay_out(SimpleNamespace())
    assert made == []
