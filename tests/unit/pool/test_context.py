"""Borrowing for a block or a function, and finding there what was borrowed."""

import asyncio
import inspect
import threading

import pytest

from pytest_memopt.errors import PoolError, ResourceTypeError
from pytest_memopt.pool.context import get_pooled_resource, with_pooled_resource
from pytest_memopt.pool.default import DEFAULT
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.manager import ResourceManager


class Thing:
    """A resource with arguments."""

    def __init__(self, *args):
        self.args = args


@pytest.fixture(autouse=True)
def manager():
    """The manager that lends in these tests."""
    with ResourceManager(PoolHooks()) as manager:
        manager.register("thing", Thing)
        manager.register("other", Thing)
        DEFAULT.stand_in(manager)
        yield manager
        assert manager.leases() == []
        DEFAULT.step_aside(manager)


def test_a_block_has_its_resource(manager):
    """Inside the block the resource is found by its type, and it is given back at the end."""
    with with_pooled_resource("thing", "mine") as thing:
        assert get_pooled_resource("thing") is thing
        assert get_pooled_resource("thing", "mine") is thing
        assert len(manager.leases()) == 1


def test_it_is_given_back_when_the_block_raises(manager):
    """An error in the block changes nothing."""
    with pytest.raises(KeyError), with_pooled_resource("thing"):
        raise KeyError
    assert manager.leases() == []


def test_the_innermost_block_is_found_first():
    """Nested borrowers see their own, and by its name the one around."""
    with with_pooled_resource("thing", "outer") as outer:
        with with_pooled_resource("thing", "inner") as inner, with_pooled_resource("other"):
            assert get_pooled_resource("thing") is inner is not outer
            assert get_pooled_resource("thing", "outer") is outer
        assert get_pooled_resource("thing") is outer


@pytest.mark.parametrize(("resource_id", "told"), [(None, ""), ("mine", " as 'mine'")])
def test_nothing_borrowed_is_told(resource_id, told):
    """Who asks outside of any block learns what to do."""
    with pytest.raises(PoolError, match=f"no resource of type 'thing' is borrowed here{told}; do so around this call"):
        get_pooled_resource("thing", resource_id)


def test_another_thread_does_not_see_it():
    """What a thread borrowed is its own."""
    seen = []

    def look():
        try:
            get_pooled_resource("thing")
        except PoolError as error:
            seen.append(str(error))

    with with_pooled_resource("thing"):
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert len(seen) == 1


def test_arguments_go_to_the_factory():
    """Positional and named arguments tell resources apart."""
    with with_pooled_resource("thing", "mine", 1, 2) as thing:
        assert thing.args == (1, 2)


def test_an_unknown_type_is_told_on_entering():
    """The mistake is told where the block begins, for types may be registered until then."""
    context = with_pooled_resource("thinx")
    with pytest.raises(ResourceTypeError, match="did you mean 'thing'"):
        context.__enter__()


def test_a_context_is_entered_once_at_a_time():
    """One that is held is refused, and can be used again afterwards."""
    context = with_pooled_resource("thing")
    assert repr(context) == "<ResourceContext of 'thing', not held>"
    with context:
        assert repr(context) == "<ResourceContext of 'thing', held>"
        with pytest.raises(PoolError, match="is entered already; make one for each block"):
            context.__enter__()
    with context as thing:
        assert thing is get_pooled_resource("thing")


def test_leaving_a_context_that_was_not_entered_does_nothing():
    """There is nothing to give back."""
    with_pooled_resource("thing").__exit__(None, None, None)


def test_a_function_borrows_for_each_call():
    """Recursive and concurrent calls have a resource each."""

    @with_pooled_resource("thing")
    def use(depth):
        """Documented."""
        mine = get_pooled_resource("thing")
        below = use(depth - 1) if depth else ()
        assert get_pooled_resource("thing") is mine
        return (mine, *below)

    assert len(set(map(id, use(3)))) == 4
    assert use.__doc__ == "Documented."


def test_a_parameter_of_the_resource_s_name_gets_it():
    """The caller doesn't see the parameter, and may still give it."""

    @with_pooled_resource("thing", "db")
    def use(number, db):
        return number, db

    number, db = use(1)
    assert number == 1
    assert isinstance(db, Thing)
    assert use(1, db="mine") == (1, "mine")
    assert list(inspect.signature(use).parameters) == ["number"]


def test_a_generator_holds_its_resource_until_it_ends(manager):
    """Between two values it is held, and at its end it is given back, also when it is closed early."""

    @with_pooled_resource("thing")
    def produce():
        sent = yield get_pooled_resource("thing")
        yield sent
        return "end"

    running = produce()
    assert isinstance(next(running), Thing)
    assert running.send(5) == 5
    assert len(manager.leases()) == 1
    running.close()
    assert manager.leases() == []
    assert len(list(produce())) == 2


def test_tasks_have_resources_of_their_own(manager):
    """Decorated coroutine functions borrow for each call, and tasks beside each other see their own."""

    @with_pooled_resource("thing", "db")
    async def use(db):
        await asyncio.sleep(0)
        assert get_pooled_resource("thing") is db
        return db

    async def main():
        used = await asyncio.gather(*(use() for _ in range(5)))
        async with with_pooled_resource("thing") as thing:
            assert get_pooled_resource("thing") is thing
        await manager.aclose()
        return used

    assert len(set(map(id, asyncio.run(main())))) == 5


def test_an_async_generator_holds_its_resource(manager):
    """Between its values the resource is held, and given back at the end."""

    @with_pooled_resource("thing")
    async def produce():
        yield get_pooled_resource("thing")
        yield len(manager.leases())

    async def main():
        values = [value async for value in produce()]
        await manager.aclose()
        return values

    thing, held = asyncio.run(main())
    assert isinstance(thing, Thing)
    assert held == 1


def test_leaving_an_async_context_that_was_not_entered_does_nothing():
    """There is nothing to give back."""
    asyncio.run(with_pooled_resource("thing").__aexit__(None, None, None))
