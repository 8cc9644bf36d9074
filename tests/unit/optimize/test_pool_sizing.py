"""The strategy `pool`: what it raises, how that is judged by the leases since, and what comes back."""

import pytest

from pytest_memopt.optimize.effect import Effect
from pytest_memopt.optimize.optimizer import MemoryOptimizer
from pytest_memopt.optimize.pool_sizing import PoolSizing
from pytest_memopt.optimize.strategy import OptimizationStrategy
from pytest_memopt.pool.hooks import PoolHooks
from pytest_memopt.pool.manager import ResourceManager


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    """The environment says nothing."""
    monkeypatch.delenv("ENABLE_MEMORY_OPTIMIZATION", raising=False)


@pytest.fixture
def manager(clock):
    """A manager by a clock that a test moves; building takes 20 ms by it."""
    with ResourceManager(PoolHooks(clock=clock, tell=lambda _: None)) as manager:
        yield manager


@pytest.fixture
def register(manager, clock):
    """Registers a type whose resources take 20 ms to build."""

    def build(number=0):
        clock.pass_by(0.02)
        return [number]

    return lambda name="db", **options: manager.register(name, build, **{"max_size": 2, **options})


@pytest.fixture
def optimizer(manager, memory):
    """An optimizer of the fake memory that looks after the pools of the manager, and nothing else."""
    return MemoryOptimizer([PoolSizing(lambda: manager)], reader=memory)


@pytest.fixture
def size(manager):
    """The size that a pool has now."""
    return lambda name="db": manager.kind_in_use(name).policy.max_size


def lend(manager, count, kinds, name="db"):
    """So many leases one after the other, of so many kinds in turn."""
    for number in range(count):
        manager.borrow(name, number % kinds).give_back()


def lend_the_last(manager, count, name="db"):
    """So many leases of what was built last."""
    for _ in range(count):
        manager.borrow(name, 2).give_back()


def only(optimizer):
    """The one outcome of a call."""
    (outcome,) = optimizer.optimize().outcomes
    return outcome


def test_it_is_a_strategy(optimizer):
    """It offers what the optimizer asks for, and needs no manager."""
    assert isinstance(PoolSizing(), OptimizationStrategy)
    assert MemoryOptimizer([PoolSizing(lambda: None)]).optimize().uncalled == ("pool",)


def test_a_pool_that_does_well_is_left_alone(manager, register, optimizer, size):
    """Without a reason nothing is tried."""
    register()
    lend(manager, 30, 2)
    assert optimizer.optimize().uncalled == ("pool",)
    assert size() == 2


def test_more_members_are_judged_by_the_leases_since(manager, register, optimizer, size):
    """Raised, with nothing claimed; told as help when the members were used and a lease costs less; back when reverted."""
    register()
    lend(manager, 30, 3)
    outcome = only(optimizer)
    assert (outcome.effect, outcome.is_open, size(), optimizer.kept) == (Effect.NO_EFFECT, True, 4, ("pool",))
    assert outcome.judgement.why.startswith("nothing to measure yet: what more members are good for shows")
    assert outcome.changed[0].startswith(
        "the pool 'db' has max_size=4 instead of 2: 28 members were closed to make room"
    )
    assert outcome.to_dict()["in_force"]
    lend(manager, 10, 3)
    assert optimizer.optimize().uncalled == ("pool",)
    assert (optimizer.kept, size()) == (("pool",), 4)
    lend(manager, 50, 3)
    outcome = only(optimizer)
    assert (outcome.effect, outcome.changed) == (Effect.HELPED, ("the pool 'db' keeps max_size=4",))
    assert outcome.timing.before_s == pytest.approx(28 / 30 * 0.02)
    assert outcome.timing.after_s == 0.0
    assert optimizer.optimize().uncalled == ("pool",)
    optimizer.revert()
    assert (size(), optimizer.kept) == (2, ())


def test_what_was_not_used_goes_back_and_is_not_tried_again(manager, register, optimizer, size):
    """A pool that never had more members than before gets its size back, told as no effect."""
    register()
    lend(manager, 30, 3)
    optimizer.optimize()
    lend_the_last(manager, 40)
    outcome = only(optimizer)
    assert (outcome.effect, outcome.is_open, size(), optimizer.kept) == (Effect.NO_EFFECT, False, 2, ())
    assert "the pool 'db' never had more than 2 members" in outcome.judgement.why
    lend(manager, 30, 3)
    assert optimizer.optimize().uncalled == ("pool",)


def test_what_helped_before_stays_when_a_further_raise_does_not(manager, register, optimizer, size):
    """Only the step that was in vain goes back."""
    register()
    lend(manager, 30, 3)
    optimizer.optimize()
    lend(manager, 60, 4)
    assert only(optimizer).effect is Effect.HELPED
    lend(manager, 30, 6)
    assert (only(optimizer).is_open, size()) == (True, 8)
    lend_the_last(manager, 30)
    outcome = only(optimizer)
    assert (outcome.effect, size(), optimizer.kept) == (Effect.NO_EFFECT, 4, ("pool",))
    assert outcome.judgement.why.startswith("pools that were given more members before keep them")
    optimizer.revert()
    assert size() == 2


def test_each_pool_is_judged_by_itself(manager, register, optimizer, size):
    """One keeps what it was given, the other one doesn't."""
    register()
    register("other")
    for name in ("db", "other"):
        lend(manager, 30, 3, name)
    assert len(only(optimizer).changed) == 2
    lend(manager, 60, 3)
    lend_the_last(manager, 60, "other")
    outcome = only(optimizer)
    assert outcome.changed == ("the pool 'db' keeps max_size=4", "the pool 'other' has max_size=2 again")
    assert (outcome.effect, size(), size("other")) == (Effect.HELPED, 4, 2)


def test_what_somebody_else_set_meanwhile_stays(manager, register, optimizer, size):
    """Reverting puts back what the strategy did, and nothing else."""
    register()
    lend(manager, 30, 3)
    optimizer.optimize()
    manager.pool("db").resize(7)
    optimizer.revert()
    assert size() == 7


def test_a_pool_that_was_closed_is_forgotten(manager, register, optimizer):
    """Nobody waits for its leases."""
    register()
    lend(manager, 30, 3)
    optimizer.optimize()
    manager.pool("db").close()
    assert optimizer.optimize().uncalled == ("pool",)


def test_one_at_a_time_stays_so_and_is_told(manager, register, optimizer, size):
    """What only people can decide is told, and changes nothing."""
    register(max_size=1)
    lend(manager, 30, 3)
    outcome = only(optimizer)
    assert (outcome.effect, outcome.is_open, outcome.changed, size()) == (Effect.NO_EFFECT, False, (), 1)
    assert "left to you: the pool 'db': max_size=2 instead of 1: 29 members were closed" in outcome.judgement.why


def test_experience_is_of_what_was_judged(manager, register, memory):
    """A raise that waits for its leases is neither a success nor a failure."""
    strategy = PoolSizing(lambda: manager)
    optimizer = MemoryOptimizer([strategy], reader=memory)
    register()
    lend(manager, 30, 3)
    optimizer.optimize()
    assert dict(optimizer._memory.load()) == {}
    lend(manager, 60, 3)
    optimizer.optimize()
    assert optimizer._memory.load()["pool"] == (1, 1)


def test_a_block_ends_as_it_began(manager, register, optimizer, size):
    """Sizes come back at the end of the block, and the next block raises them again."""
    register()
    lend(manager, 30, 3)
    for _ in range(2):
        with optimizer.applied():
            assert size() == 4
        assert size() == 2
