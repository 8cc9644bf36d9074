"""The optimizer: what it tries, keeps, reverts and remembers."""

import gc
import sys

import pytest

from pytest_memopt.errors import OptimizationError, UsageError
from pytest_memopt.optimize import optimizer as optimizer_module
from pytest_memopt.optimize.cleanup import Cleanup
from pytest_memopt.optimize.collection_counter import CollectionCounter
from pytest_memopt.optimize.collector_tuning import CollectorTuning
from pytest_memopt.optimize.effect import Effect
from pytest_memopt.optimize.experience import Experience, ProcessMemory
from pytest_memopt.optimize.optimizer import MemoryOptimizer, optimize_memory, process_optimizer
from pytest_memopt.optimize.outcome import Optimization
from pytest_memopt.optimize.strategy import OptimizationStrategy
from pytest_memopt.optimize.thresholds import Thresholds

MIB = 1024**2
OFF = "ENABLE_MEMORY_OPTIMIZATION"


@pytest.fixture(autouse=True)
def switched_on(monkeypatch):
    """The environment says nothing."""
    monkeypatch.delenv(OFF, raising=False)


@pytest.fixture
def make(memory):
    """Makes an optimizer of the fake memory with these strategies."""
    return lambda *strategies, **others: MemoryOptimizer(strategies, reader=memory, **others)


def _look_and_raise(look, seen):
    """The body of a block that raises."""
    seen.append(look())
    raise KeyError("body")


def fail():
    """A deed that raises."""
    raise ValueError("no")


def test_what_helped_is_kept_and_the_rest_is_not(make, saver, make_strategy):
    """Of four strategies the one that helped is in force; the others are reverted, or were not called for."""
    good, idle, costly = saver("good", 5 * MIB), saver("idle"), saver("costly", -MIB)
    broken, uncalled = make_strategy("broken", fail), make_strategy("uncalled", reason=None)
    optimizer = make(good, idle, costly, broken, uncalled)
    done = optimizer.optimize()
    assert {one.strategy: one.effect.value for one in done.outcomes} == {
        "good": "helped",
        "idle": "no effect",
        "costly": "reverted",
        "broken": "failed",
    }
    assert (optimizer.kept, done.uncalled) == (("good",), ("uncalled",))
    assert done.saved_bytes == 5 * MIB
    assert [one.calls for one in (good, idle, costly, broken)] == [["apply"], *[["apply", "revert"]] * 3]


def test_no_effect_is_never_counted(make, saver):
    """However many strategies do nothing, the total is 0."""
    done = make(*(saver(f"idle {number}", 1000, 2000) for number in range(20))).optimize()
    assert {one.effect for one in done.outcomes} == {Effect.NO_EFFECT}
    assert done.to_dict()["total_memory_saved_mb"] == 0


def test_garbage_is_told_apart(make, memory, saver):
    """Garbage that was waiting is an outcome of its own, the first one; a little of it is none."""
    memory.garbage = 3 * MIB
    optimizer = make(saver("good", 5 * MIB))
    done = optimizer.optimize()
    assert [one.strategy for one in done.outcomes] == ["collect", "good"]
    assert done.outcomes[0].judgement[2:] == (3 * MIB, 3 * MIB)
    assert optimizer.kept == ("good",)
    memory.garbage = 1000
    assert [one.strategy for one in optimizer.optimize().outcomes] == ["good"]


def test_strategies_are_told_the_state(make, memory, make_strategy):
    """They decide by a settled reading, the number of objects, the thresholds and the collections that were watched."""
    strategy, thresholds = make_strategy("curious"), Thresholds(objects_count=5)
    optimizer = make(strategy, thresholds=thresholds)
    optimizer.optimize()
    with optimizer.watch() as counter:
        gc.collect()
    assert not counter.is_counting
    optimizer.optimize()
    unwatched, watched = strategy.states
    assert unwatched.reading == memory.read()
    assert unwatched.tracked_count > 0
    assert unwatched.thresholds is thresholds
    assert unwatched.collections is None
    assert watched.collections.counts[2] == 1


def test_what_helped_before_is_tried_first(make, saver):
    """Experience is loaded before, and stored after; the order follows it."""
    history = ProcessMemory()
    history.store({"second": Experience(1, 1)})
    done = make(saver("first"), saver("second", MIB), history=history).optimize()
    assert [one.strategy for one in done.outcomes] == ["second", "first"]
    assert history.load() == {"second": Experience(2, 2), "first": Experience(1, 0)}


def test_reverting_puts_all_back_from_the_last_to_the_first(make, saver):
    """What is in force is reverted once, in the opposite order, also where one of it fails."""
    order = []
    strategies = [saver(name, MIB) for name in ("first", "second", "third")]
    for strategy in strategies:
        strategy.undo = lambda name=strategy.name: order.append(name)
    strategies[1].undo = fail
    optimizer = make(*strategies)
    optimizer.optimize()
    with pytest.raises(OptimizationError, match=r"^second could not be reverted: ValueError: no$"):
        optimizer.revert()
    assert (order, optimizer.kept) == (["third", "first"], ())
    optimizer.revert()
    assert order == ["third", "first"]


def test_applied_twice_it_is_reverted_once(make, saver):
    """A strategy that helps again is in force once."""
    strategy = saver("good", MIB)
    optimizer = make(strategy)
    optimizer.optimize()
    optimizer.optimize()
    assert optimizer.kept == ("good",)
    optimizer.revert()
    assert strategy.calls == ["apply", "apply", "revert"]


def test_a_block_ends_as_it_began(make, saver):
    """What was applied for a block is in force in it, and put back at its end."""
    strategy = saver("good", MIB)
    optimizer = make(strategy)
    with optimizer.applied() as done:
        assert isinstance(done, Optimization)
        assert optimizer.kept == ("good",)
    assert (optimizer.kept, strategy.calls) == ((), ["apply", "revert"])


def test_a_block_that_raises_ends_as_it_began(make, saver):
    """Also when the body raises all is put back, and what can't be is a note on the body's error."""
    good, stuck = saver("good", MIB), saver("stuck", MIB)
    stuck.undo = fail
    with pytest.raises(KeyError) as caught, make(good, stuck).applied():
        raise KeyError("body")
    assert good.calls == ["apply", "revert"]
    if sys.version_info >= (3, 11):
        assert caught.value.__notes__ == ["stuck could not be reverted: ValueError: no"]


def test_a_block_that_cannot_be_put_back_says_so(make, saver):
    """Where the body did well, what can't be reverted is an error."""
    stuck = saver("stuck", MIB)
    stuck.undo = fail
    with pytest.raises(OptimizationError, match="stuck could not be reverted"), make(stuck).applied():
        pass


def test_ctrl_c_while_optimizing_puts_all_back(make, saver, make_strategy):
    """Interrupted at the second strategy, the first is reverted at the end of the block."""

    def interrupt():
        raise KeyboardInterrupt

    good = saver("good", MIB)
    with pytest.raises(KeyboardInterrupt), make(good, make_strategy("long", interrupt)).applied():
        pass
    assert good.calls == ["apply", "revert"]


@pytest.mark.usefixtures("collector_kept")
def test_the_collector_is_restored_when_the_body_raises(memory):
    """Thresholds, freeze count, callbacks and the switch are as before, also where the body changed none of it back."""
    before = (gc.get_threshold(), list(gc.callbacks), gc.isenabled())
    counter = CollectionCounter()
    kept, seen = [], []
    optimizer = MemoryOptimizer(
        [CollectorTuning(counter)], Thresholds(objects_count=10), reader=memory, counter=counter
    )
    with optimizer.watch():
        kept.extend([number] for number in range(60_000))
    with pytest.raises(KeyError, match="body"), optimizer.applied() as done:
        _look_and_raise(lambda: ([one.effect for one in done.outcomes], gc.get_freeze_count() > 60_000), seen)
    assert seen == [([Effect.HELPED], True)]
    assert (gc.get_threshold(), list(gc.callbacks), gc.isenabled()) == before


@pytest.mark.usefixtures("collector_kept")
def test_the_collector_is_restored_when_tuning_fails(memory, monkeypatch):
    """Where timing collections fails after all was altered, nothing of it is left."""
    times = iter([[0.1, 0.1, 0.1]])
    monkeypatch.setattr("pytest_memopt.optimize.collector_tuning._collection_times_s", lambda: next(times))
    optimizer = MemoryOptimizer([CollectorTuning()], Thresholds(objects_count=10), reader=memory)
    (outcome,) = optimizer.optimize().outcomes
    assert (outcome.effect, outcome.why) == (Effect.FAILED, "StopIteration")


def test_caches_are_filled_again_at_the_end(make, memory):
    """A registered cache that helped is empty in the block and full after it, also when the body raises."""
    entries = {"tea": 3}

    def clear():
        entries.clear()
        memory.in_use -= MIB

    optimizer = make(Cleanup())
    optimizer.register_cache("prices", clear, lambda: len(entries), lambda: entries.update(tea=3))
    seen = []
    with pytest.raises(KeyError, match="body"), optimizer.applied():
        _look_and_raise(lambda: dict(entries), seen)
    assert seen == [{}]
    assert entries == {"tea": 3}


def test_a_cache_needs_a_strategy_that_clears(make, make_strategy):
    """Without a cleanup, registering is refused."""
    with pytest.raises(UsageError, match="'prices': no strategy of this optimizer clears caches"):
        make(make_strategy("other")).register_cache("prices", dict)


def test_by_default_there_are_four():
    """Caches are cleared first, then memory goes back, then the rest is frozen; pools come last."""
    optimizer = MemoryOptimizer()
    assert [strategy.name for strategy in optimizer.strategies] == ["cleanup", "compact", "gc", "pool"]
    assert all(isinstance(strategy, OptimizationStrategy) for strategy in optimizer.strategies)


def test_what_is_no_strategy_is_refused(make, make_strategy):
    """An object that lacks something, and a second one of a name, are refused at once."""
    with pytest.raises(UsageError, match="int is none; it needs `name`, `is_called_for`, `apply` and `revert`"):
        make(5)
    with pytest.raises(UsageError, match="two are called 'a'"):
        make(make_strategy("a"), make_strategy("a"))


@pytest.mark.usefixtures("collector_kept")
def test_switched_off_nothing_happens(make, saver, monkeypatch):
    """The same calls work and give nothing, without an error."""
    monkeypatch.setenv(OFF, "false")
    strategy = saver("good", MIB)
    optimizer = make(strategy)
    with optimizer.watch() as counter:
        assert not counter.is_counting
    with optimizer.applied() as done:
        assert done == Optimization(is_enabled=False)
    optimizer.revert()
    assert strategy.calls == []


def test_the_plain_call_has_the_same_keys_on_and_off(make, saver, monkeypatch):
    """One dictionary a strategy, and the total; switched off the keys are the same."""
    own = make(saver("good", 5_000_000))
    monkeypatch.setattr(optimizer_module, "process_optimizer", lambda: own)
    told = optimize_memory()
    monkeypatch.setenv(OFF, "off")
    nothing = optimize_memory()
    assert told.keys() == nothing.keys() >= {"total_memory_saved_mb", "outcomes", "duration_s"}
    assert told["total_memory_saved_mb"] == 5.0
    assert [one["strategy"] for one in told["outcomes"]] == ["good"]
    assert (nothing["total_memory_saved_mb"], nothing["outcomes"], nothing["enabled"]) == (0, [], False)


def test_a_process_has_one_optimizer():
    """What one call altered another can put back."""
    assert process_optimizer() is process_optimizer()
