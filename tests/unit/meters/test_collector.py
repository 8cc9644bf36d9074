"""Settling the garbage collector, and giving it back."""

import gc
import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.meters import originals
from pytest_memopt.meters.collector import _ONLY_NEW, _RARELY, _REFRESH_SHARE, Collector, GcMode

OFTEN = (700, 10, 10)
THRESHOLDS = st.sampled_from([OFTEN, (0, 10, 10), (1, 2, 3), (_RARELY - 1, 5, 5), (_RARELY + 1, 10, 10)])
DEEDS = st.sampled_from(["take over", "give back", "alone", "as before"])


class Knot:
    """An object in a cycle with itself."""

    def __init__(self):
        self.me = self


OLD = Knot()
OLD.held = [1]


@pytest.fixture(autouse=True)
def thawed():
    """Each test begins and ends with nothing frozen, and with the collector as it was."""
    gc.unfreeze()
    before = (gc.isenabled(), gc.get_threshold(), gc.get_debug())
    yield
    after = (gc.isenabled(), gc.get_threshold(), gc.get_debug())
    gc.set_threshold(*before[1])
    gc.unfreeze()
    assert after == before


@pytest.fixture
def often():
    """An interpreter that collects by itself after 700 new objects."""
    before = gc.get_threshold()
    gc.set_threshold(*OFTEN)
    yield
    gc.set_threshold(*before)


def is_frozen(one):
    """Whether the collector leaves it out; Python 3.12 freezes some of its own at each collection, so none is no sign."""
    return not any(each is one for each in originals.gc.get_objects())


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
        collector, alive = Collector(mode), Knot()
        garbage = weakref.ref(Knot())
        collector.settle_before()
        assert is_frozen(alive) == freezes
        assert (garbage() is None) == collects
        later = weakref.ref(Knot())
        collector.settle()
        assert (later() is None) == collects
    finally:
        gc.enable()
    assert (collector.mode, collector.lists_only_new) == (mode, freezes)


@pytest.mark.parametrize("mode", list(GcMode))
def test_what_is_held_is_left_out_until_it_is_released(mode):
    """Only where windows freeze anything is left out of collections."""
    collector, alive = Collector(mode), Knot()
    is_held = collector.hold()
    assert is_held is is_frozen(alive) is (mode is GcMode.FREEZE)
    collector.release()
    assert not is_frozen(alive)


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
    collector, alive = Collector(mode), Knot()
    collector.settle_before()
    collector.release()
    assert not is_frozen(alive)
    gc.freeze()
    collector.release()
    assert is_frozen(alive)


def test_left_alone_it_does_nothing():
    """A test of the collector itself finds nothing frozen, and nobody collects; afterwards all is as before."""
    collector = Collector()
    collector.settle_before()
    collector.leave_alone(alone=True)
    assert (originals.gc.get_freeze_count(), collector.mode, collector.lists_only_new) == (0, GcMode.OFF, False)
    collector.settle_before()
    assert originals.gc.get_freeze_count() == 0
    collector.leave_alone(alone=False)
    collector.settle_before()
    assert (originals.gc.get_freeze_count() > 0, collector.mode) == (True, GcMode.FREEZE)
    collector.give_back()


@pytest.mark.parametrize(("name", "arguments"), [("get_objects", ()), ("get_referrers", (OLD.held,))])
def test_who_asks_for_objects_gets_the_old_ones_too(name, arguments):
    """While it is in charge, a frozen heap is thawed for others, and can't tell what is new until the next window."""
    collector = Collector()
    collector.take_over()
    collector.settle_before()
    assert (collector.lists_only_new, collector.is_disclosed, collector.why_not_only_new) == (True, False, None)
    found = getattr(gc, name)(*arguments)
    assert any(one is vars(OLD) or one is OLD for one in found)
    assert (collector.lists_only_new, collector.is_disclosed) == (False, True)
    assert "asked the garbage collector" in collector.why_not_only_new
    collector.settle_before()
    assert (collector.lists_only_new, is_frozen(OLD)) == (True, True)
    collector.give_back()


def test_between_windows_nothing_is_disclosed():
    """Who asks while nothing is frozen thaws nothing."""
    collector = Collector()
    collector.take_over()
    gc.get_objects()
    assert not collector.is_disclosed
    collector.give_back()


@pytest.mark.parametrize("mode", [GcMode.COLLECT, GcMode.OFF])
def test_without_freezing_new_objects_are_not_told_apart(mode):
    """Each mode says why."""
    assert "objects" in Collector(mode).why_not_only_new


def test_the_interpreter_collects_rarely_while_windows_do(often):
    """Taking over raises the thresholds of the two younger generations, however often; giving back undoes it at once."""
    collector = Collector()
    for _ in range(2):
        collector.take_over()
        assert gc.get_threshold() == (_RARELY, _ONLY_NEW, OFTEN[2])
    for _ in range(2):
        collector.give_back()
        assert gc.get_threshold() == OFTEN


def test_what_was_there_before_is_frozen_unseen():
    """What was there before the first window is never looked at again, but by a refresh, which finds its garbage."""
    collector, alive = Collector(), Knot()
    garbage = weakref.ref(Knot())
    collector.leave_alone(alone=False)
    assert is_frozen(alive)
    gc.collect()
    assert garbage() is not None
    collector.refresh()
    assert garbage() is None
    collector.give_back()
    assert not is_frozen(alive)


def test_giving_back_thaws():
    """What was frozen here is thawed along with it."""
    collector = Collector()
    collector.take_over()
    collector.settle_before()
    collector.give_back()
    assert gc.get_freeze_count() == 0


@pytest.mark.parametrize("mode", [GcMode.COLLECT, GcMode.OFF])
def test_only_windows_that_freeze_take_over(often, mode):
    """Where windows have to look at all objects, or don't collect at all, the interpreter goes on as it likes."""
    collector = Collector(mode)
    collector.take_over()
    collector.leave_alone(alone=False)
    assert gc.get_threshold() == OFTEN


@pytest.mark.parametrize("first", [0, _RARELY, 50_000])
def test_who_collects_rarely_already_is_left_so(often, first):
    """A user who switched the collection off by its threshold, or set a higher one, keeps it."""
    gc.set_threshold(first, 7, 8)
    before = gc.get_threshold()
    collector = Collector()
    collector.take_over()
    assert gc.get_threshold() == before
    collector.give_back()
    assert gc.get_threshold() == before


def test_left_alone_it_gives_back(often):
    """A test of the collector itself finds the user's threshold, and may change it for good."""
    collector = Collector()
    collector.take_over()
    collector.leave_alone(alone=True)
    assert gc.get_threshold() == OFTEN
    gc.set_threshold(300, 10, 10)
    collector.take_over()
    assert gc.get_threshold()[0] == 300
    collector.leave_alone(alone=False)
    assert gc.get_threshold()[0] == _RARELY
    collector.give_back()
    assert gc.get_threshold()[0] == 300


@given(deeds=st.lists(st.one_of(DEEDS, THRESHOLDS), max_size=12))
def test_in_the_end_the_user_s_threshold_counts(deeds):
    """Whoever sets it when, after giving back the threshold is the one that somebody else set last."""
    collector, before = Collector(), gc.get_threshold()
    acts = {
        "take over": collector.take_over,
        "give back": collector.give_back,
        "alone": lambda: collector.leave_alone(alone=True),
        "as before": lambda: collector.leave_alone(alone=False),
    }
    gc.set_threshold(*OFTEN)
    wanted = OFTEN
    try:
        for deed in deeds:
            if isinstance(deed, str):
                acts[deed]()
            else:
                gc.set_threshold(*deed)
                wanted = deed
        collector.give_back()
        assert gc.get_threshold() == wanted
    finally:
        gc.set_threshold(*before)


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
        patched.setattr(originals.gc, "collect", lambda: clock.pass_by(0.5) or real_collect())
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


def test_where_nothing_dies_all_are_counted_again():
    """What is frozen when a window opens is as much as all there is in the end: old objects that died are the difference."""
    collector = Collector()
    for _ in range(3):
        collector.refresh()
    frozen = gc.get_freeze_count()
    assert abs(collector.count_all() - frozen) <= 5


def test_nothing_frozen_is_nothing_to_refresh(clock):
    """Where nothing was frozen here, no refresh is ever due."""
    collector = Collector(GcMode.COLLECT, clock=clock)
    collector.settle_before()
    gc.freeze()
    clock.pass_by(1e6)
    collector.refresh_if_due()
    assert gc.get_freeze_count() > 0
