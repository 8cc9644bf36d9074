"""Clearing caches, the program's among them."""

import functools
import linecache
import re

import pytest

from pytest_memopt.errors import OptimizationError, UsageError
from pytest_memopt.optimize.cleanup import Cleanup, RegisteredCache
from pytest_memopt.optimize.readings import Reading
from pytest_memopt.optimize.strategy import MemoryState, OptimizationStrategy

QUIET = MemoryState(Reading(1000), 0)


@pytest.fixture(autouse=True)
def sources(monkeypatch):
    """What linecache keeps in a test: nothing at first."""
    kept = {}
    monkeypatch.setattr(linecache, "cache", kept)
    return kept


class Prices:
    """A cache of a program's that can be filled again."""

    def __init__(self, **faults):
        self.entries = {"tea": 3}
        self.faults = faults

    def _do(self, name):
        if name in self.faults:
            raise self.faults[name]

    def clear(self):
        self._do("clear")
        self.entries = {}

    def restore(self):
        self._do("restore")
        self.entries = {"tea": 3}

    def registered(self, name="prices"):
        return RegisteredCache(name, self.clear, lambda: len(self.entries), self.restore)


@functools.lru_cache
def double(value):
    """Twice as much."""
    return 2 * value


def test_nothing_is_cleared_without_a_reason(sources):
    """It is called for by what was registered or asked for, by many sources, or by much memory; else not."""
    assert isinstance(Cleanup(), OptimizationStrategy)
    assert Cleanup().is_called_for(QUIET) is None
    assert Cleanup().is_called_for(MemoryState(Reading(), 0)) is None
    assert Cleanup(["app.*"]).is_called_for(QUIET)
    assert Cleanup(release_idle=int).is_called_for(QUIET)
    much = MemoryState(Reading(2_000_000_000), 0)
    assert Cleanup().is_called_for(much) == "1.9 GiB are in use, over 953.7 MiB"
    sources["lazy.py"] = (str,)
    sources["long.py"] = (2 * 1024**2, 1.0, ["x" * 1024**2] * 2, "long.py")
    assert Cleanup().is_called_for(QUIET) == "linecache keeps 2.0 MiB of sources"


def test_the_interpreters_caches_are_cleared():
    """Regular expressions are compiled anew afterwards."""
    re.compile("a.c" * 4)
    assert Cleanup().apply().done == ("the interpreter's own caches were cleared",)
    assert not re._cache


def test_functions_are_cleared_where_asked():
    """A cache of functools is cleared by its name only, and told with entries and hit rate."""
    double(1), double(1)
    Cleanup().apply()
    assert double.cache_info().currsize == 1
    change = Cleanup([f"{__name__}.double"]).apply()
    assert change.done[1] == f"the cache of {__name__}.double was cleared: 1 entries, hit rate 50%"
    assert double.cache_info().currsize == 0


def test_a_cache_without_calls_has_no_hit_rate(monkeypatch):
    """Entries that nobody asked for are told as never asked."""
    from pytest_memopt.optimize import cleanup
    from pytest_memopt.optimize.function_caches import FunctionCache

    assert "never asked" in cleanup._cleared_text(FunctionCache("f", 1, None, 0, 0))


def test_registered_caches_are_cleared_and_filled_again():
    """Applied, each is empty; reverted, each that can be filled is as before, once."""
    prices, cleanup = Prices(), Cleanup()
    cleanup.register(prices.registered())
    cleanup.register(RegisteredCache("sizes", dict))
    assert cleanup.apply().done[1:] == (
        "the cache 'prices' was cleared: 1 entries",
        "the cache 'sizes' was cleared",
    )
    assert prices.entries == {}
    cleanup.revert()
    assert prices.entries == {"tea": 3}
    prices.entries = {}
    cleanup.revert()
    assert prices.entries == {}


def test_an_empty_cache_is_left_alone():
    """A cache that says that it is empty is neither cleared nor filled."""
    prices, cleanup = Prices(), Cleanup()
    prices.entries = {}
    cleanup.register(prices.registered())
    assert cleanup.apply().done[1:] == ("the cache 'prices' was empty",)
    cleanup.revert()
    assert prices.entries == {}


def test_idle_things_are_let_go():
    """What closes them tells how many there were."""
    told = "7 idle members of pools were closed, which the next borrowers have built anew"
    assert Cleanup(release_idle=lambda: 7).apply().done[1:] == (told,)


def test_what_cannot_be_cleared_is_named_and_the_others_are():
    """One cache that raises keeps none of the others full, and the error names it; so does a failing release."""
    broken, whole = Prices(clear=ValueError("no")), Prices()

    def release():
        raise OSError("gone")

    cleanup = Cleanup(release_idle=release)
    cleanup.register(broken.registered("broken"))
    cleanup.register(whole.registered("whole"))
    with pytest.raises(OptimizationError) as caught:
        cleanup.apply()
    assert str(caught.value) == (
        "the cache 'broken' could not be cleared: ValueError: no; idle members of pools could not be closed: OSError: gone"
    )
    assert whole.entries == {}
    cleanup.revert()
    assert whole.entries == {"tea": 3}


def test_what_cannot_be_filled_is_named_and_the_others_are():
    """One cache that can't be filled again keeps none of the others empty."""
    broken, whole, cleanup = Prices(restore=ValueError("no")), Prices(), Cleanup()
    cleanup.register(broken.registered("broken"))
    cleanup.register(whole.registered("whole"))
    cleanup.apply()
    with pytest.raises(OptimizationError, match="'broken' could not be filled again: ValueError: no"):
        cleanup.revert()
    assert whole.entries == {"tea": 3}


@pytest.mark.parametrize(
    ("cache", "message"),
    [
        (RegisteredCache("", dict), "this one is empty"),
        (RegisteredCache("a", None), "'a': clear is None, which can't be called"),
        (RegisteredCache("a", dict, 5), "'a': size is 5"),
        (RegisteredCache("a", dict, None, 5), "'a': restore is 5"),
    ],
)
def test_what_cannot_be_called_is_refused(cache, message):
    """A cache is checked when it is registered, not when it is cleared."""
    with pytest.raises(UsageError, match=message):
        Cleanup().register(cache)
