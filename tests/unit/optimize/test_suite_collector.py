"""The collector of a process that runs a suite: what is done to it, and that all of it is undone."""

import gc

import pytest

from pytest_memopt.meters import originals
from pytest_memopt.meters.frozen_heap import FROZEN_BY_ITSELF_MOST
from pytest_memopt.optimize.collection_counter import CollectionStatistics
from pytest_memopt.optimize.suite_collector import SuiteCollector

pytestmark = pytest.mark.usefixtures("collector_kept")
BUSY = CollectionStatistics((30, 3, 0), (0.2, 0.2, 0.0), 21_000, 100, 1.0)
IDLE = CollectionStatistics((30, 3, 0), (0.0001, 0.0, 0.0), 21_000, 100, 1.0)


class Counted:
    """A counter that says what it is told to."""

    def __init__(self, statistics):
        self.statistics = statistics
        self.is_counting = False

    @property
    def counts(self):
        return self.statistics.counts

    def start(self):
        self.is_counting = True

    def stop(self):
        self.is_counting = False

    def forget(self):
        self.statistics = self.statistics._replace(counts=(0, 0, 0))

    def read(self):
        return self.statistics


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s


@pytest.fixture
def suite():
    """A collector of which too many collections are counted; it is given back."""
    collector = SuiteCollector(Counted(BUSY), Clock())
    yield collector
    collector.give_back()


def is_frozen():
    """Whether more is frozen than the interpreter does by itself."""
    return originals.gc.get_freeze_count() > FROZEN_BY_ITSELF_MOST


def test_its_whole_way(suite):
    """Thresholds rise while tests are collected, all is frozen then, and everything is put back at the end."""
    callbacks_before = list(gc.callbacks)
    suite.begin()
    assert gc.get_threshold() == (700, 10, 10)
    gc.collect()
    young, middle, full = gc.get_threshold()
    assert (young > 700, middle, full) == (True, 10, 10)
    suite.settle()
    assert (gc.get_threshold(), suite.is_frozen, is_frozen()) == ((10_000, 1, 10), True, True)
    use = suite.give_back()
    assert (gc.get_threshold(), is_frozen(), gc.callbacks) == ((700, 10, 10), False, callbacks_before)
    assert (use.before, use.chosen) == ((700, 10, 10), (10_000, 1, 10))
    assert [(one.is_plain, one.is_frozen) for one in use.stretches] == [(True, False), (False, False), (False, True)]
    assert use.settled is not None
    assert use.settled.objects_count > 1000


def test_collections_that_take_no_time_leave_the_thresholds():
    """What is frozen saves full collections; how often the young are looked at stays as it was."""
    suite = SuiteCollector(Counted(IDLE), Clock())
    suite.begin()
    suite.tune()
    suite.settle()
    assert (gc.get_threshold(), is_frozen()) == ((700, 10, 10), True)
    suite.give_back()


def test_who_asks_for_objects_gets_all_until_the_next_point_of_rest(suite):
    """What is frozen is thawed for a test that looks for old objects, and frozen again when it is over."""
    old, before = [1], gc.get_objects
    suite.begin()
    suite.settle()
    assert any(one is old for one in gc.get_objects())
    assert (suite.is_frozen, is_frozen()) == (False, False)
    suite.leave_alone(alone=True)
    suite.freeze_anew()
    suite.leave_alone(alone=False)
    assert suite.is_frozen
    assert gc.get_freeze_count() <= FROZEN_BY_ITSELF_MOST
    suite.freeze_anew()
    assert (suite.is_frozen, is_frozen()) == (True, True)
    stretches = suite.give_back().stretches
    assert [one.is_frozen for one in stretches[-5:]] == [True, False, True, False, True]
    assert gc.get_objects is before


def test_tests_that_turn_out_busy_raise_them_later(suite):
    """What was counted while tests ran counts too, at a point of rest."""
    suite._counter.statistics = IDLE
    suite.begin()
    suite.settle()
    assert gc.get_threshold() == (700, 10, 10)
    suite._counter.statistics = BUSY
    gc.collect()
    assert gc.get_threshold() == (700, 10, 10)
    suite.tune()
    assert gc.get_threshold() == (10_000, 1, 10)


@pytest.mark.parametrize("switch_off", [gc.disable, lambda: gc.set_threshold(0, 10, 10)])
def test_a_collector_that_is_off_stays_off(switch_off):
    """Whoever switched it off has a reason."""
    switch_off()
    try:
        before = gc.isenabled(), gc.get_threshold()
        suite = SuiteCollector(Counted(BUSY))
        suite.begin()
        suite.tune()
        suite.settle()
        suite.leave_alone(alone=True)
        assert (gc.isenabled(), gc.get_threshold(), is_frozen()) == (*before, False)
        assert suite.give_back().before == ()
    finally:
        gc.enable()
        gc.set_threshold(700, 10, 10)


def test_somebody_elses_thresholds_stay(suite):
    """Who sets others meanwhile keeps them: nothing more is changed, and nothing is put back over them."""
    suite.begin()
    suite.tune()
    gc.set_threshold(123, 4, 5)
    suite.tune()
    suite.settle()
    assert gc.get_threshold() == (123, 4, 5)
    suite.give_back()
    assert gc.get_threshold() == (123, 4, 5)
    gc.set_threshold(700, 10, 10)


def test_what_somebody_else_froze_stays_frozen(suite):
    """Nothing is frozen on top of it, as a thaw would free that too."""
    suite.begin()
    gc.freeze()
    suite.settle()
    assert not suite.is_frozen
    suite.give_back()
    assert is_frozen()
    gc.unfreeze()


def test_it_can_be_left_alone_for_a_while(suite):
    """For a test of the collector itself all is as it was before, and afterwards as it was then."""
    suite.begin()
    suite.tune()
    suite.settle()
    suite.leave_alone(alone=True)
    suite.leave_alone(alone=True)
    assert (gc.get_threshold(), is_frozen(), suite._counter.is_counting) == ((700, 10, 10), False, False)
    suite.refresh_if_due()
    suite.collect_new()
    suite.leave_alone(alone=False)
    assert (gc.get_threshold(), is_frozen(), suite._counter.is_counting) == ((10_000, 1, 10), True, True)
    suite.leave_alone(alone=True)
    suite.give_back()
    assert not is_frozen()


def test_a_test_that_changed_thresholds_for_good_is_respected(suite):
    """What it left is what others find."""
    suite.begin()
    suite.settle()
    suite.leave_alone(alone=True)
    gc.set_threshold(123, 4, 5)
    suite.leave_alone(alone=False)
    assert gc.get_threshold() == (123, 4, 5)
    gc.set_threshold(700, 10, 10)


class Node:
    """Something that can hold itself alive."""

    count = 0

    def __init__(self):
        Node.count += 1
        self.itself = self

    def __del__(self):
        Node.count -= 1


def test_garbage_among_the_frozen_is_found_in_time(suite):
    """A refresh finds what was frozen while it was alive, as soon as it takes half a percent of the time."""
    node = Node()
    suite.begin()
    suite.settle()
    suite._settled = suite._settled._replace(took_s=1.0)
    del node
    suite.collect_new()
    suite._clock.now_s = 199.0
    suite.refresh_if_due()
    assert Node.count == 1
    suite._clock.now_s = 200.0
    suite.refresh_if_due()
    assert (Node.count, is_frozen()) == (0, True)
    suite.give_back()
    suite.refresh_if_due()
    assert not is_frozen()


def test_new_garbage_is_found_at_once(suite):
    """What was made after the freeze is looked at alone."""
    suite.begin()
    suite.settle()
    Node()
    suite.collect_new()
    assert Node.count == 0


def test_giving_back_twice_does_no_harm(suite):
    """The second time there is nothing to put back or to tell."""
    suite.begin()
    suite.give_back()
    assert suite.give_back().stretches == ()
