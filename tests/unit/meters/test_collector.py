"""Settling the garbage collector, and giving it back."""

import gc
import weakref

import pytest

from pytest_memopt.meters.collector import _REFRESH_SHARE, Collector, GcMode


class Knot:
    """An object in a cycle with itself."""

    def __init__(self):
        self.me = self


@pytest.fixture(autouse=True)
def thawed():
    """Each test begins and ends with nothing frozen, and with the collector as it was."""
    gc.unfreeze()
    before = (gc.isenabled(), gc.get_threshold(), gc.get_debug())
    yield
    assert (gc.isenabled(), gc.get_threshold(), gc.get_debug()) == before
    gc.unfreeze()


def frozen_garbage(collector):
    """A weak reference to a cycle that was frozen while alive, and is garbage now."""
    alive = Knot()
    collector.settle_before()
    return weakref.ref(alive)


@pytest.mark.parametrize(
    ("mode", "freezes", "collects"),
    [(GcMode.FREEZE, True, True), (GcMode.COLLECT, False, True), (GcMode.OFF, False, False)],
)
def test_how_a_window_is_settled(mode, freezes, collects):
    """``freeze`` collects and freezes, ``collect`` collects, ``off`` does neither."""
    gc.disable()
    try:
        collector = Collector(mode)
        garbage = weakref.ref(Knot())
        collector.settle_before()
        assert bool(gc.get_freeze_count()) == freezes
        assert (garbage() is None) == collects
        later = weakref.ref(Knot())
        collector.settle()
        assert (later() is None) == collects
    finally:
        gc.enable()
    assert (collector.mode, collector.lists_only_new) == (mode, freezes)


def test_after_a_freeze_only_the_new_is_listed():
    """What was alive when the window opened isn't listed any more, what is made since is."""
    old = Knot()
    Collector().settle_before()
    new = Knot()
    listed = gc.get_objects()
    assert any(one is new for one in listed)
    assert not any(one is old for one in listed)


@pytest.mark.parametrize("mode", GcMode)
def test_release_thaws_what_was_frozen_here(mode):
    """After ``release`` nothing of ours is frozen, and a second one does nothing."""
    collector = Collector(mode)
    collector.settle_before()
    collector.release()
    assert gc.get_freeze_count() == 0
    gc.freeze()
    collector.release()
    assert gc.get_freeze_count() > 0


def test_left_alone_it_does_nothing():
    """A test of the collector itself finds nothing frozen, and nobody collects; afterwards all is as before."""
    collector = Collector()
    collector.settle_before()
    collector.leave_alone(alone=True)
    assert (gc.get_freeze_count(), collector.mode, collector.lists_only_new) == (0, GcMode.OFF, False)
    collector.settle_before()
    assert gc.get_freeze_count() == 0
    collector.leave_alone(alone=False)
    collector.settle_before()
    assert (gc.get_freeze_count() > 0, collector.mode) == (True, GcMode.FREEZE)


def test_a_refresh_finds_garbage_among_the_frozen():
    """A cycle that was frozen while alive is found by no collection but by the next refresh."""
    collector = Collector()
    garbage = frozen_garbage(collector)
    gc.collect()
    assert garbage() is not None
    collector.refresh()
    assert garbage() is None


def test_refreshes_take_a_small_share_of_the_time(clock, monkeypatch):
    """After a refresh that took a second (it collects twice) the next one is due when that second is its share of the time since."""
    collector = Collector(clock=clock)
    real_collect = gc.collect
    collector.settle_before()
    with monkeypatch.context() as patched:
        patched.setattr(gc, "collect", lambda: clock.pass_by(0.5) or real_collect())
        collector.refresh()
    for elapsed_s, is_due in ((1 / _REFRESH_SHARE - 0.1, False), (0.2, True)):
        garbage = frozen_garbage(collector)
        clock.pass_by(elapsed_s)
        collector.refresh_if_due()
        assert (garbage() is None) == is_due


def test_all_objects_are_counted():
    """The count of everything takes in what was frozen and leaves out garbage; afterwards all is frozen again."""
    collector = Collector()
    collector.settle_before()
    before = collector.count_all()
    kept = [Knot() for _ in range(100)]
    Knot()
    assert len(kept) <= collector.count_all() - before <= 3 * len(kept)
    assert gc.get_freeze_count() > len(kept)


def test_nothing_frozen_is_nothing_to_refresh(clock):
    """Where nothing was frozen here, no refresh is ever due."""
    collector = Collector(GcMode.COLLECT, clock=clock)
    collector.settle_before()
    gc.freeze()
    clock.pass_by(1e6)
    collector.refresh_if_due()
    assert gc.get_freeze_count() > 0
