"""Resource types by name, and who lends them."""

import asyncio
import warnings

import pytest

from pytest_memopt.errors import PoolClosed, ResourceTypeError
from pytest_memopt.flags import Flag
from pytest_memopt.pool.default import DEFAULT, DefaultManager, register_resource_type
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.manager import ResourceManager


class Thing:
    """A resource that knows its arguments, and whether it was closed."""

    def __init__(self, *args, **named):
        self.args, self.named = args, named
        self.closed = 0

    def close(self):
        self.closed += 1


@pytest.fixture
def manager():
    """A manager that looks after nothing in the background."""
    with ResourceManager(PoolHooks()) as manager:
        yield manager


@pytest.fixture
def names():
    """Names that are taken out of the process's own manager afterwards."""
    registered = []
    yield registered
    for name in registered:
        DEFAULT.own._types.remove(name)
        if (pool := DEFAULT.own._pools.pop(name, None)) is not None:
            pool.close()


def test_a_resource_is_borrowed_by_name_and_lent_again(manager):
    """The second borrower gets what the first gave back."""
    manager.register("thing", Thing)
    with manager.borrow("thing") as first:
        pass
    with manager.borrow("thing") as second:
        assert second is first
    assert manager.get_stats()["thing"].hits == 1


def test_the_pool_is_made_by_the_first_borrower(manager):
    """Registering builds nothing, and has no statistics."""
    manager.register("thing", Thing, min_idle=5)
    assert manager.get_stats() == {}
    assert list(manager.types()) == ["thing"]


def test_arguments_are_the_factory_s(manager):
    """Resources with other arguments are other resources."""
    manager.register("thing", Thing)
    with manager.borrow("thing", 1, colour="red") as red, manager.borrow("thing", 1, colour="blue") as blue:
        assert (red.args, red.named) == ((1,), {"colour": "red"})
        assert blue.named == {"colour": "blue"}
    with manager.borrow("thing", 1, colour="red") as again:
        assert again is red


def test_a_name_is_registered_once_unless_it_is_to_be_replaced(manager):
    """The same again is no mistake, another factory is, and ``replace`` closes what the old one built."""
    manager.register("thing", Thing)
    manager.register("thing", Thing)
    with pytest.raises(
        ResourceTypeError, match=r"'thing' is registered already, with the factory .*Thing.*replace=True"
    ):
        manager.register("thing", list)
    with manager.borrow("thing") as thing:
        pass
    manager.register("thing", list, replace=True)
    assert thing.closed == 1
    with manager.borrow("thing") as other:
        assert other == []


@pytest.mark.parametrize(
    ("asked", "hint"),
    [("thinx", "did you mean 'thing'?"), ("zebra", "there are 'other', 'thing'")],
)
def test_an_unknown_type_is_refused_with_the_names_there_are(manager, asked, hint):
    """Who asks for a type that isn't there is told which there are."""
    manager.register("thing", Thing)
    manager.register("other", Thing)
    with pytest.raises(ResourceTypeError, match=f"resource type '{asked}' is not registered; ") as refusal:
        manager.borrow(asked)
    assert str(refusal.value).endswith(hint)


def test_a_manager_without_types_says_how_to_register_one(manager):
    """The first mistake of a beginner has its remedy in the message."""
    with pytest.raises(ResourceTypeError, match="none is registered: use register_resource_type"):
        manager.borrow("thing")


def test_a_type_for_async_borrowers_is_refused_to_others(manager):
    """A coroutine function can't be called by a thread."""

    async def build():
        return Thing()

    manager.register("thing", build)
    with pytest.raises(ResourceTypeError, match="its factory is a coroutine function"):
        manager.borrow("thing")


def test_closing_closes_all_and_lends_no_more(manager):
    """Idle resources are closed at once, lent ones when they come back; a second time does nothing."""
    manager.register("thing", Thing)
    with manager.borrow("thing"), manager.borrow("thing") as idle:
        pass
    lease = manager.borrow("thing")
    manager.close()
    manager.close()
    assert (idle.closed, lease.resource.closed) == (1, 0)
    lease.give_back()
    assert lease.resource.closed == 1
    with pytest.raises(PoolClosed):
        manager.borrow("thing")
    manager.register("late", Thing)
    with pytest.raises(PoolClosed, match="the resource manager is closed"):
        manager.borrow("late")


def test_statistics_can_be_popped(manager):
    """``pop_stats`` counts anew from here."""
    manager.register("thing", Thing)
    manager.borrow("thing").give_back()
    assert manager.pop_stats()["thing"].borrowed == 1
    assert manager.get_stats()["thing"].borrowed == 0


def test_leases_of_all_types_are_listed(manager):
    """What is held now can be asked for, whichever pool lends it."""
    manager.register("a", Thing)
    manager.register("b", Thing)
    leases = [manager.borrow("a"), manager.borrow("b")]
    assert manager.leases() == leases
    for lease in leases:
        lease.give_back()
    assert manager.leases() == []


def test_upkeep_reaches_every_pool(manager):
    """One call keeps all pools ready."""
    manager.register("thing", Thing, min_idle=2)
    manager.borrow("thing").give_back()
    manager.maintain()
    assert manager.get_stats()["thing"].idle == 2


def test_a_switched_off_pool_builds_and_closes_each_time(manager, monkeypatch):
    """``ENABLE_MEMORY_POOLING=false`` changes nothing for the borrower, but that nothing is kept."""
    monkeypatch.setenv(Flag.POOLING.value, "false")
    manager.register("thing", Thing)
    with manager.borrow("thing") as first:
        pass
    with manager.borrow("thing") as second:
        assert second is not first
    assert (first.closed, second.closed) == (1, 1)
    assert manager.get_stats()["thing"].hits == 0


def test_a_child_knows_its_parent_s_types_and_lends_by_itself(manager):
    """Types are inherited, also those that are registered or replaced later; pools are not."""
    child = ResourceManager(PoolHooks(), parent=manager)
    manager.register("thing", Thing)
    with child.borrow("thing") as thing:
        pass
    assert manager.get_stats() == {}
    manager.register("thing", list, replace=True)
    with child.borrow("thing") as other:
        assert other == []
    assert thing.closed == 1
    child.register("thing", dict)
    with child.borrow("thing") as own:
        assert own == {}
    child.close()


def test_a_manager_tells_what_it_has(manager):
    """Its ``repr`` lists the types."""
    assert repr(manager) == "<ResourceManager of no types>"
    manager.register("thing", Thing)
    assert repr(manager) == "<ResourceManager of 'thing'>"


def test_register_resource_type_is_the_process_s_and_a_stand_in_sees_it(names):
    """Programs register with the process's manager; whoever stands in for it lends those types."""
    names.append("test-default-thing")
    kind = register_resource_type("test-default-thing", Thing, max_size=3, cleanup_interval=None)
    assert kind.policy.max_size == 3
    assert DEFAULT.get() is DEFAULT.own
    with ResourceManager(PoolHooks(), parent=DEFAULT.own) as other:
        DEFAULT.stand_in(other)
        try:
            assert DEFAULT.get() is other
            DEFAULT.get().borrow("test-default-thing").give_back()
        finally:
            DEFAULT.step_aside(other)
    assert "test-default-thing" not in DEFAULT.own.get_stats()


def test_after_a_fork_the_manager_can_be_used(manager):
    """The child has a lock of its own, and pools that are empty."""
    manager.register("thing", Thing)
    lease = manager.borrow("thing")
    manager.after_fork_in_child()
    for pool in manager._pools_now():
        pool.after_fork_in_child()
    with manager.borrow("thing") as thing:
        assert thing is not lease.resource


def test_async_borrowers_have_pools_of_their_own(manager):
    """`borrow_async` lends in tasks, with arguments, and counts together with the pool for threads."""

    async def main():
        async with manager.borrow_async("thing", 5) as thing:
            assert thing.args == (5,)
        lease = await manager.borrow_async("thing", 5)
        assert lease.resource is thing
        await lease.give_back()
        await manager.aclose()
        return thing

    manager.register("thing", Thing)
    manager.borrow("thing", 5).give_back()
    thing = asyncio.run(main())
    assert thing.closed == 1
    assert manager.get_stats()["thing"].borrowed == 3
    with pytest.raises(PoolClosed):
        asyncio.run(borrow(manager))


async def borrow(manager):
    """Ask once more."""
    await manager.borrow_async("thing")


def test_a_manager_is_closed_from_outside_of_its_event_loops(manager):
    """`close` without a loop closes async pools too, in one it only ends the lending."""

    async def use():
        async with manager.borrow_async("thing") as thing:
            pass
        manager.close()
        with pytest.raises(PoolClosed):
            await manager.borrow_async("thing")
        return thing

    manager.register("thing", Thing)
    with warnings.catch_warnings(record=True):
        warnings.simplefilter("always")
        thing = asyncio.run(use())
        assert thing.closed == 0
        manager.close()
    assert thing.closed == 1


def test_stand_ins_may_be_nested():
    """A session inside of a session lends for as long as it lasts; then the outer one does again, and at last the process's own."""
    default = DefaultManager()
    with ResourceManager(PoolHooks()) as outer, ResourceManager(PoolHooks()) as inner:
        default.stand_in(outer)
        default.stand_in(inner)
        assert default.get() is inner
        default.step_aside(inner)
        default.step_aside(inner)
        assert default.get() is outer
        default.step_aside(outer)
        assert default.get() is default.own
    default.own.close()


class Stubborn(Thing):
    """A resource that can't be closed."""

    def close(self):
        super().close()
        raise OSError("busy")


def test_every_pool_is_closed_though_a_listener_raises():
    """Where telling of one pool's failure raises, the other pools are closed all the same."""

    def refuse(trouble):
        raise RuntimeError(trouble.text())

    manager = ResourceManager(PoolHooks(tell=refuse))
    manager.register("stubborn", Stubborn)
    manager.register("thing", Thing)
    lent = [manager.borrow(name) for name in ("stubborn", "thing")]
    for lease in lent:
        lease.give_back()
    with pytest.raises(RuntimeError, match="busy"):
        manager.close()
    assert [lease.resource.closed for lease in lent] == [1, 1]


def test_an_async_pool_whose_type_was_replaced_is_closed_with_the_manager():
    """It lends no more, the new type is lent instead, also where a parent's was replaced, and nothing stays open."""

    async def use():
        with ResourceManager(PoolHooks()) as parent:
            manager = ResourceManager(PoolHooks(), parent=parent)
            parent.register("thing", Thing)
            async with manager.borrow_async("thing") as inherited:
                pass
            parent.register("thing", Thing, max_size=5, replace=True)
            async with manager.borrow_async("thing") as replaced:
                assert replaced is not inherited
            manager.register("thing", Thing)
            async with manager.borrow_async("thing") as own:
                pass
            manager.register("thing", Thing, max_size=5, replace=True)
            assert own.closed == 0
            await manager.aclose()
            return [inherited.closed, replaced.closed, own.closed]

    assert asyncio.run(use()) == [1, 1, 1]
