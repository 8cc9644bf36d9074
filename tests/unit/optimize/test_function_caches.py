"""Finding the caches of functools."""

import functools
import gc
import operator
import sys
from types import ModuleType

import pytest

from pytest_memopt.optimize.function_caches import FunctionCache, clear_function_caches, find_function_caches

HERE = __name__


@functools.lru_cache(maxsize=50)
def double(value):
    """Twice as much."""
    return 2 * value


class Shop:
    """A class with caches of its own."""

    @staticmethod
    @functools.cache
    def price(number):
        """What it costs."""
        return number

    @functools.lru_cache  # noqa: B019 - the test's subject
    def stock(self, number):
        """How many there are."""
        return number


@pytest.fixture(autouse=True)
def filled():
    """Each test finds two results and one hit in the first cache, one in each of the others."""
    for cache in (double, Shop.price, Shop.stock):
        cache.cache_clear()
    double(1), double(2), double(2)
    Shop.price(1)
    Shop.stock(Shop, 1)


def mine(found):
    """Those of this module."""
    return [one for one in found if one.name.startswith(HERE)]


def test_caches_are_listed_with_size_and_hit_rate():
    """Those that keep something are listed by name, the fullest first, with hits and misses."""
    assert mine(find_function_caches()) == [
        FunctionCache(f"{HERE}.double", 2, 50, 1, 2),
        FunctionCache(f"{HERE}.Shop.price", 1, None, 0, 1),
        FunctionCache(f"{HERE}.Shop.stock", 1, 128, 0, 1),
    ]
    assert mine(find_function_caches())[0].hit_ratio == pytest.approx(1 / 3)
    assert FunctionCache("f", 0, None, 0, 0).hit_ratio is None


def test_an_empty_cache_is_not_listed():
    """A cache that keeps nothing is no finding."""
    double.cache_clear()
    assert f"{HERE}.double" not in [one.name for one in find_function_caches()]


def test_frozen_caches_are_found_too(monkeypatch):
    """Where the collector doesn't list them, those that modules and classes hold are found, each once."""
    module = ModuleType("caches_of_a_test")
    module.double, module.again, module.Shop, module.number = double, double, Shop, 5
    monkeypatch.setitem(sys.modules, "caches_of_a_test", module)
    monkeypatch.setitem(sys.modules, "no_module_of_a_test", 5)
    gc.freeze()
    try:
        assert [one.name for one in mine(find_function_caches())] == [
            f"{HERE}.double",
            f"{HERE}.Shop.price",
            f"{HERE}.Shop.stock",
        ]
    finally:
        gc.unfreeze()


class Incomparable(type):
    """A metaclass that lets nobody compare its classes."""

    __hash__ = type.__hash__

    def __eq__(cls, other):
        raise RuntimeError("nobody may compare")


def test_no_code_of_what_modules_hold_is_run(monkeypatch):
    """A class in a module may hold an object whose class can't be compared."""
    odd = Incomparable("Odd", (), {})
    holder = type("Holder", (), {"part": odd(), "price": Shop.__dict__["price"]})
    module = ModuleType("odd_module_of_a_test")
    module.holder, module.odd = holder, odd
    monkeypatch.setitem(sys.modules, "odd_module_of_a_test", module)
    gc.freeze()
    try:
        assert f"{HERE}.Shop.price" in [one.name for one in find_function_caches()]
    finally:
        gc.unfreeze()


def test_only_what_was_asked_for_is_cleared():
    """Globs choose; the function works as before, with the same room, and the others keep what they have."""
    cleared = clear_function_caches([f"{HERE}.d*", "nothing.*"])
    assert cleared == (FunctionCache(f"{HERE}.double", 2, 50, 1, 2),)
    assert double.cache_info() == (0, 0, 50, 0)
    assert double(2) == 4
    assert double.cache_parameters() == {"maxsize": 50, "typed": False}
    assert Shop.price.cache_info().currsize == 1


def test_what_is_cached_need_not_be_a_function():
    """A cache around a callable is called like its type, and one that lost what it wraps like nothing."""
    getter = functools.cache(operator.itemgetter(0))
    lost = functools.cache(len)
    getter((1,)), lost((1,))
    del lost.__wrapped__
    names = [one.name for one in find_function_caches()]
    assert "operator.itemgetter" in names
    assert "?" in names
    getter.cache_clear(), lost.cache_clear()
