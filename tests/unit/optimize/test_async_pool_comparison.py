"""Async types, with and without their pool: in one event loop of the comparison's own."""

from __future__ import annotations

import asyncio

import pytest

from pytest_memopt.errors import ComparisonError
from pytest_memopt.optimize.pool_comparison import compare_pool
from pytest_memopt.pool.recipe import make_type


class Client:
    """A resource that knows its event loop, and counts in its class what is done."""

    built = closed = 0

    def __init__(self):
        self.loop = asyncio.get_running_loop()
        type(self).built += 1

    async def aclose(self):
        assert asyncio.get_running_loop() is self.loop
        type(self).closed += 1


@pytest.fixture
def client():
    """A class of resources with counts of its own."""
    return type("Client", (Client,), {})


async def awaited(*_):
    """Something that has to be awaited."""
    await asyncio.sleep(0)


async def broken(*_):
    """What a user's function may do."""
    raise LookupError("nothing there")


def test_both_sides_do_what_they_say(client):
    """Without a pool each use builds, and awaits the resource's own close; the pool builds one and resets it each time."""
    done = []

    async def factory():
        await asyncio.sleep(0)
        return client()

    async def reset(one):
        done.append("reset")

    async def use(one):
        done.append("use")

    found = compare_pool(make_type("client", factory, reset=reset), use=use, pairs=6)
    uses = done.count("use")
    assert len(found.anew_s) == len(found.pooled_s) == 6
    assert done.count("reset") == found.pooled_count
    assert client.built == client.closed == uses - found.pooled_count + 1


def test_plain_functions_need_no_awaiting(client):
    """Of an async type some functions may be plain ones, and a resource may have no close."""
    assert len(compare_pool(make_type("client", client, reset=awaited), use=lambda one: None, pairs=6).anew_s) == 6

    async def number():
        return object()

    assert len(compare_pool(make_type("object", number), pairs=6).anew_s) == 6


BEGIN = "resource type 'client' can't be compared with its pool: its"


@pytest.mark.parametrize(
    ("parts", "use", "told"),
    [
        ({"factory": broken}, None, f"{BEGIN} factory raised LookupError: nothing there"),
        ({"close": broken}, None, f"{BEGIN} close raised LookupError: nothing there"),
        ({}, broken, f"{BEGIN} use raised LookupError: nothing there"),
        ({"reset": broken}, None, "resource 'client' could not be reset: LookupError: nothing there"),
        ({"fingerprint": broken}, None, f"{BEGIN} factory or fingerprint raised LookupError: nothing there"),
    ],
    ids=["factory", "close", "use", "reset", "fingerprint"],
)
def test_failures_name_type_and_operation(client, parts, use, told):
    """Whatever fails, on either side, is one clear error."""
    with pytest.raises(ComparisonError) as caught:
        compare_pool(make_type("client", **{"factory": client, "validate": awaited, **parts}), use=use, pairs=6)
    assert told in str(caught.value)


def test_inside_of_an_event_loop_there_is_no_comparison():
    """Where an event loop runs already, another can't: that is said."""

    async def inside():
        compare_pool(make_type("client", awaited), pairs=6)

    with pytest.raises(ComparisonError, match="'client' is async, and an event loop runs here already"):
        asyncio.run(inside())
