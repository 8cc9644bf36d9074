"""Counting collections by a callback."""

import gc

import pytest

from pytest_memopt.optimize import collection_counter
from pytest_memopt.optimize.collection_counter import CollectionCounter, CollectionStatistics

pytestmark = pytest.mark.usefixtures("collector_kept")


def cycle():
    """A piece of garbage that only a collection finds."""
    one = []
    one.append(one)


def test_collections_are_counted_by_generation():
    """Each collection counts for the generation that it looked at, with the time that it took."""
    counter = CollectionCounter()
    gc.disable()
    try:
        counter.start()
        gc.collect(0)
        gc.collect(1)
        gc.collect()
        gc.collect()
        found = counter.read()
    finally:
        counter.stop()
        gc.enable()
    assert found.counts == (1, 1, 2)
    assert all(seconds > 0 for seconds in found.seconds)
    assert 0 < found.share_ratio < 1


def test_survival_is_what_was_no_garbage():
    """Of 1000 new lists half of which are garbage about half survive."""
    counter = CollectionCounter()
    gc.collect()
    gc.disable()
    try:
        counter.start()
        kept = [[] for _ in range(500)]
        for _ in range(500):
            cycle()
        gc.collect(0)
        found = counter.read()
    finally:
        counter.stop()
        gc.enable()
    assert found.found_count == 500
    assert 1000 <= found.new_count < 1100
    assert 0.45 < found.survival_ratio < 0.6
    assert len(kept) == 500


def test_the_callback_comes_and_goes():
    """It is in place from start to stop, once, and what was counted can be read afterwards."""
    counter, before = CollectionCounter(), list(gc.callbacks)
    counter.stop()
    counter.start()
    counter.start()
    assert counter.is_counting
    assert len(gc.callbacks) == len(before) + 1
    gc.collect()
    counter.stop()
    assert (list(gc.callbacks), counter.is_counting) == (before, False)
    assert counter.read() == counter.read()
    assert sum(counter.read().counts) >= 1


def test_what_was_counted_can_be_forgotten():
    """It begins anew with 0, and counts on or not as it did."""
    counter = CollectionCounter()
    counter.start()
    gc.collect()
    counter.forget()
    assert counter.is_counting
    counter.stop()
    counter.forget()
    assert (counter.read().counts, counter.read().elapsed_s) == ((0, 0, 0), 0)


def test_a_collection_that_had_begun_is_left_out(monkeypatch):
    """Where counting begins within a collection, its end is not taken for one that was timed."""
    counter = CollectionCounter()
    counter._note("stop", {"generation": 2, "collected": 9, "uncollectable": 0})
    assert counter.read().counts == (0, 0, 0)


def test_more_freed_than_made_is_no_new_object(monkeypatch):
    """A negative count of the interpreter's, which has more freed than made, adds nothing."""
    monkeypatch.setattr(collection_counter, "_get_count", lambda: (-5, 0, 0))
    counter = CollectionCounter()
    counter._note("start", {})
    assert counter.read().new_count == 0


def test_rates_of_nothing():
    """A stretch in which nothing happened has no share, no rate, and no garbage."""
    nothing = CollectionStatistics((0, 0, 0), (0.0, 0.0, 0.0), 0, 0, 0.0)
    assert (nothing.share_ratio, nothing.survival_ratio, nothing.new_per_s, nothing.s_per_million_new) == (0, 1, 0, 0)


def test_rates_are_per_unit():
    """Half a second for 2 million new objects in 10 seconds."""
    some = CollectionStatistics((9, 1, 1), (0.2, 0.1, 0.2), 2_000_000, 500_000, 10.0)
    assert some.share_ratio == pytest.approx(0.05)
    assert some.survival_ratio == 0.75
    assert some.new_per_s == 200_000
    assert some.s_per_million_new == pytest.approx(0.25)
