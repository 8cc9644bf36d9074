"""The collector: frozen, tuned, and given back."""

import gc
import sys

import pytest

from pytest_memopt.meters.frozen_heap import FROZEN_BY_ITSELF_MOST
from pytest_memopt.optimize import collector_tuning, freezing
from pytest_memopt.optimize.collection_counter import CollectionCounter, CollectionStatistics
from pytest_memopt.optimize.collector_tuning import CollectorTuning
from pytest_memopt.optimize.freezing import Frozen, thaw
from pytest_memopt.optimize.readings import Reading
from pytest_memopt.optimize.strategy import MemoryState, OptimizationStrategy
from pytest_memopt.optimize.thresholds import Thresholds

pytestmark = pytest.mark.usefixtures("collector_kept")

BUSY = CollectionStatistics((100, 9, 2), (0.8, 0.1, 0.1), 1_000_000, 0, 10.0)
IDLE = CollectionStatistics((100, 9, 2), (0.01, 0.0, 0.0), 1_000_000, 0, 10.0)


class Counted(CollectionCounter):
    """Has counted what it is told."""

    def __init__(self, statistics=BUSY):
        super().__init__()
        self.statistics = statistics

    def read(self):
        return self.statistics


def state(tracked_count=0, collections=None):
    """A state with so many objects, and these collections."""
    return MemoryState(Reading(), tracked_count, Thresholds(objects_count=1000), collections)


def is_frozen(one):
    """Whether the collector leaves it out."""
    return not any(each is one for each in gc.get_objects())


def test_it_is_a_strategy():
    """It has what the optimizer needs."""
    assert isinstance(CollectorTuning(), OptimizationStrategy)


def test_it_is_called_for_by_time_or_by_number():
    """Collections that take over a hundredth of the time call for it, or, where none were watched, many objects."""
    tuning = CollectorTuning()
    assert tuning.is_called_for(state(collections=BUSY)) == "collections take 10.0% of the time"
    assert tuning.is_called_for(state(1001)) == "each full collection looks at 1 001 objects, over 1 000"
    assert tuning.is_called_for(state(1000, IDLE)) is None
    assert CollectorTuning(freeze=False).is_called_for(state(10**6)) is None


def test_a_collector_that_is_off_is_left_alone():
    """Where collections were switched off, by either means, nothing is called for."""
    gc.disable()
    try:
        assert CollectorTuning().is_called_for(state(10**6, BUSY)) is None
    finally:
        gc.enable()
    gc.set_threshold(0)
    assert CollectorTuning().is_called_for(state(10**6, BUSY)) is None
    gc.set_threshold(700, 10, 10)


def test_all_is_altered_and_put_back():
    """It freezes and sets thresholds; reverted, nothing of it is left."""
    tuning, alive = CollectorTuning(Counted()), []
    change = tuning.apply()
    assert gc.get_threshold() == (7000, 10, 10)
    assert is_frozen(alive)
    assert tuning.before == BUSY
    assert len(change.done) == 2
    assert "(7000, 10, 10) instead of (700, 10, 10)" in change.done[0]
    assert "10.0% of the time, and 100.0% of 1 000 000 new objects" in change.done[0]
    assert change.timing.is_faster
    assert change.obstacle == ""
    tuning.revert()
    assert gc.get_threshold() == (700, 10, 10)
    assert not is_frozen(alive)
    assert tuning.before is None
    tuning.revert()


def test_collections_are_used_once():
    """What was counted under the old thresholds is forgotten, and a counter that counted goes on."""
    counter = CollectionCounter()
    counter.start()
    gc.collect()
    CollectorTuning(counter, freeze=False).apply()
    assert counter.is_counting
    assert sum(counter.read().counts) == 0
    counter.stop()


def test_what_others_froze_stays_frozen():
    """Where somebody has frozen before, nothing more is, and nothing is thawed."""
    gc.freeze()
    frozen_count = gc.get_freeze_count()
    tuning = CollectorTuning(Counted())
    assert tuning.is_called_for(state(10**6)) is None
    change = tuning.apply()
    assert change.obstacle == "somebody else has frozen objects already"
    tuning.revert()
    assert frozen_count - 100 < gc.get_freeze_count() <= frozen_count
    gc.unfreeze()


def test_what_others_froze_meanwhile_stays_frozen():
    """Where somebody freezes after it did, the thaw is theirs."""
    tuning = CollectorTuning()
    tuning.apply()
    kept = [[] for _ in range(FROZEN_BY_ITSELF_MOST + 1000)]
    gc.freeze()
    tuning.revert()
    assert is_frozen(kept)
    gc.unfreeze()


def test_thresholds_that_others_set_meanwhile_stay():
    """Thresholds that are no longer those it chose are left as they are."""
    tuning = CollectorTuning(Counted())
    tuning.apply()
    gc.set_threshold(12_345, 6, 7)
    tuning.revert()
    assert gc.get_threshold() == (12_345, 6, 7)
    gc.set_threshold(700, 10, 10)


def test_once_more_goes_on_from_what_was_chosen():
    """A second time freezes what is new and raises the thresholds again; one revert goes back to the beginning."""
    tuning = CollectorTuning(Counted())
    tuning.apply()
    new = []
    tuning.apply()
    assert gc.get_threshold() == (70_000, 10, 10)
    assert is_frozen(new)
    tuning.revert()
    assert gc.get_threshold() == (700, 10, 10)
    assert not is_frozen(new)


def test_once_more_after_others_begins_anew():
    """Thresholds that somebody set between two times are what is gone back to."""
    tuning = CollectorTuning(Counted(), freeze=False)
    tuning.apply()
    gc.set_threshold(800, 10, 10)
    tuning.apply()
    assert gc.get_threshold() == (8000, 10, 10)
    tuning.revert()
    assert gc.get_threshold() == (800, 10, 10)
    gc.set_threshold(700, 10, 10)


def test_half_of_it_is_put_back(monkeypatch):
    """Interrupted right after it froze, reverting thaws and puts the thresholds back."""

    def interrupt():
        gc.freeze()
        raise KeyboardInterrupt

    monkeypatch.setattr(collector_tuning.gc, "freeze", interrupt)
    tuning = CollectorTuning(Counted())
    with pytest.raises(KeyboardInterrupt):
        tuning.apply()
    assert gc.get_threshold() == (7000, 10, 10)
    tuning.revert()
    assert gc.get_threshold() == (700, 10, 10)
    assert gc.get_freeze_count() <= FROZEN_BY_ITSELF_MOST


def test_what_the_interpreter_freezes_itself_is_frozen_again(monkeypatch):
    """Where something was frozen before, as Python 3.12 does by itself, a full collection follows the thaw."""
    collected = []
    monkeypatch.setattr(freezing.gc, "collect", lambda: collected.append(True))
    thaw(Frozen(0, sys.maxsize))
    assert collected == []
    thaw(Frozen(5, sys.maxsize))
    assert collected == [True]


def test_few_samples_where_collections_are_slow(monkeypatch, clock):
    """Five full collections are timed, but only two where they take long; the middle of them is the noise."""

    def collect():
        clock.pass_by(0.2)

    monkeypatch.setattr(collector_tuning.gc, "collect", collect)
    monkeypatch.setattr(collector_tuning.time, "perf_counter", clock)
    assert len(collector_tuning._collection_times_s()) == 2
    assert collector_tuning._middle_spread([1.0, 2.0, 4.0]) == 3.0
    assert collector_tuning._middle_spread([1.0, 2.0, 3.0, 4.0, 9.0]) == 2.0
