"""What objects refer to: the same as the collector says, but for a module that breaks by being asked."""

import gc
import subprocess
import sys
import types
from textwrap import dedent

from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.meters.referents import referents, referents_past_asyncio

ASKED_TWICE = dedent("""
    import asyncio, contextlib, gc, _asyncio
    with contextlib.suppress(ImportError):
        import resource  # where it goes wrong, not all of the machine's memory
        resource.setrlimit(resource.RLIMIT_AS, (4 * 1024**3,) * 2)
    from pytest_memopt.meters.referents import referents

    async def wait():
        future = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(future.set_result, 5)
        return await future

    for _ in range(3):
        assert asyncio.run(wait()) == 5
        assert len(referents(_asyncio)) < 1000
        gc.collect()
    print("whole")
""")


@given(st.lists(st.one_of(st.integers(), st.text(), st.lists(st.integers()), st.just(types), st.just(int))))
def test_they_are_those_of_the_collector(objects):
    """For all else, in one call or alone, among modules or not, the answer is the collector's."""
    wanted = sorted(map(id, gc.get_referents(*objects)))
    assert sorted(map(id, referents(*objects))) == wanted
    assert sorted(map(id, referents_past_asyncio(*objects))) == wanted


def test_of_asyncio_the_namespace_alone_is_told():
    """The module isn't asked; what it holds is reached by its names, as that of the others beside it."""
    broken, other = types.ModuleType("_asyncio"), types.ModuleType("other")
    found = referents_past_asyncio([1.5], broken, other)
    assert [one for one in found if one is vars(broken)]
    assert [one for one in found if one is vars(other)]
    assert 1.5 in [one for one in found if type(one) is float]


def test_a_module_without_a_name_is_asked():
    """A module that a test has robbed of its name, or given another thing as name, is no reason to fail."""
    nameless, odd = types.ModuleType("a"), types.ModuleType("b")
    del nameless.__name__
    odd.__name__ = ["_asyncio"]
    assert len(referents_past_asyncio(nameless, odd)) == len(gc.get_referents(nameless, odd))


def test_asyncio_stays_whole():
    """Futures that were waited for, and a module that is asked again and again: nothing is freed twice."""
    command = [sys.executable, "-c", ASKED_TWICE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.stdout == "whole\n", done.stderr
