import gc
import sys
import weakref

import pytest

from pytest_memopt.snapshots.containers import Column, Parts
from pytest_memopt.snapshots.reading import Scope
from pytest_memopt.snapshots.snapshot import Snapshot
from pytest_memopt.snapshots.take import take_snapshot


class Session:
    def __init__(self, user=None):
        self.user = user


class Slotted:
    __slots__ = ("value",)


class Unhashable(type):
    __hash__ = None


class AllEqual(type):
    def __eq__(cls, other):
        return isinstance(other, AllEqual)

    def __hash__(cls):
        return 1


class SizeFails:
    def __init__(self):
        self.me = [self]

    def __sizeof__(self):
        raise ValueError("no idea")


class Script:
    """A counter that reads what it was told to."""

    def __init__(self, *values):
        self.values = list(values)

    def __call__(self):
        return self.values.pop(0)


@pytest.mark.usefixtures("frozen")
def test_nothing_done_is_nothing_new():
    """Two snapshots in a row differ in nothing, so nothing of the first shows up in the second."""
    before = take_snapshot()
    diff = take_snapshot() - before
    assert (diff.count, diff.bytes, len(diff.new), len(diff.dead)) == (0, 0, 0, 0)


def test_nothing_done_is_nothing_new_on_the_whole_heap():
    """Without a freeze the whole heap is read, and of two snapshots in a row the second has no object of the first."""
    take_snapshot()
    before = take_snapshot()
    diff = take_snapshot() - before
    assert not diff.new.where(module="pytest_memopt")
    assert before.scope is Scope.WHOLE


@pytest.mark.usefixtures("frozen")
def test_what_is_made_is_new():
    """Objects made between two snapshots, and still alive, are new in the second."""
    before = take_snapshot()
    sessions = [Session() for _ in range(3)]
    diff = take_snapshot() - before
    assert diff.new.where(type=Session).count == len(sessions)
    assert diff.new.where(type=list).count == 1


@pytest.mark.usefixtures("frozen")
def test_what_goes_is_dead_and_what_stays_survived():
    """Objects of the older snapshot are dead or survived in the newer."""
    kept, dropped = [Session()], [Session(), Session()]
    before = take_snapshot()
    dropped.clear()
    diff = take_snapshot() - before
    assert diff.dead.where(type=Session).count == 2
    assert diff.survived.where(type=Session).count == len(kept)
    assert diff.count == -2


@pytest.mark.usefixtures("frozen")
def test_an_address_that_is_used_again_is_another_object():
    """An object at the address of one that died is new, even where the type is the same."""
    old = Session()
    before = take_snapshot()
    del old
    new = Session()
    diff = take_snapshot() - before
    assert diff.new.where(type=Session).count == 1
    assert diff.dead.where(type=Session).count == 1
    assert new is not None


@pytest.mark.usefixtures("frozen")
def test_a_snapshot_keeps_nothing_alive():
    """An object dies while snapshots and their difference are held."""
    session = Session()
    before = take_snapshot()
    after = take_snapshot()
    diff = after - before
    alive = weakref.ref(session)
    del session
    assert alive() is None
    assert diff.survived.where(type=Session).count == 1


@pytest.mark.usefixtures("frozen")
def test_results_that_are_held_are_not_seen():
    """Snapshots, differences, queries and records that a test holds don't appear in the next snapshot."""
    sessions = [Session() for _ in range(3)]
    first = take_snapshot()
    diff = take_snapshot() - first
    query = diff.survived.where(type=Session, size_gt=0)
    before = take_snapshot()
    held = (diff.by_type(), query.by_type(), *query)
    after = take_snapshot()
    assert {total.type for total in (after - before).new.by_type()} <= {"tuple"}  # `held` itself
    assert after.where(type=Session).count == len(sessions) == len(held) - 2


@pytest.mark.usefixtures("frozen")
def test_weak_references_of_the_user_are_seen_and_ours_are_not():
    """A snapshot's own weak references are left out of the next, those that were there before it are not."""
    sessions = [Session() for _ in range(3)]
    own = weakref.ref(sessions[0])
    before = take_snapshot()
    after = take_snapshot()
    assert before.where(type=weakref.ref).count == after.where(type=weakref.ref).count == 1
    assert own() is sessions[0]


@pytest.mark.usefixtures("frozen")
def test_garbage_is_collected_first():
    """Cycles that nobody can reach are no survivors."""
    before = take_snapshot()
    session = Session()
    session.user = session
    del session
    assert not (take_snapshot() - before).new


@pytest.mark.usefixtures("frozen")
def test_only_what_was_made_since_the_freeze_is_read():
    """While the heap is frozen, a snapshot has what was made since, and says so."""
    session = Session()
    snapshot = take_snapshot()
    assert snapshot.scope is Scope.SINCE_FREEZE
    assert snapshot.where(type=Session).count == 1
    assert not snapshot.where(type=type)
    assert session.user is None


@pytest.mark.usefixtures("frozen")
def test_whole_reads_what_is_frozen_and_freezes_it_again():
    """`whole=True` has the frozen objects too, and leaves them frozen."""
    snapshot = take_snapshot(whole=True)
    assert snapshot.scope is Scope.WHOLE
    assert snapshot.where(type=type).count > 100
    assert gc.get_freeze_count() > 100
    assert not any(one is sys for one in gc.get_objects())


def test_whole_without_a_freeze_freezes_nothing():
    """`whole=True` changes nothing where nothing was frozen."""
    assert take_snapshot(whole=True).scope is Scope.WHOLE
    assert any(one is sys for one in gc.get_objects())


@pytest.mark.usefixtures("frozen")
def test_the_heap_is_frozen_again_when_the_counter_fails():
    """An error during the reading doesn't leave the heap thawed."""

    def fails():
        raise OSError("no reading")

    with pytest.raises(OSError, match="no reading"):
        take_snapshot(whole=True, bytes_in_use=fails)
    assert gc.get_freeze_count() > 100
    assert gc.isenabled()


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_left_as_it_was(enabled):
    """Automatic collection is on afterwards if, and only if, it was on before."""
    if not enabled:
        gc.disable()
    try:
        take_snapshot()
        assert gc.isenabled() is enabled
    finally:
        gc.enable()


@pytest.mark.usefixtures("frozen")
def test_exact_bytes_come_from_the_counter():
    """With a counter the net bytes are its change from the end of one snapshot to the start of the other."""
    counter = Script(100, 130, 180, 220)
    before = take_snapshot(bytes_in_use=counter)
    after = take_snapshot(bytes_in_use=counter)
    diff = after - before
    assert (diff.bytes, diff.exact) == (50, True)
    assert (before - before).bytes == 0
    assert repr(diff).startswith("<SnapshotDiff 0 objects, +50 B:")


@pytest.mark.usefixtures("frozen")
def test_without_a_counter_bytes_are_an_estimate():
    """Without a counter the net bytes are the change of the sum of own sizes, marked as such."""
    before = take_snapshot(bytes_in_use=int)
    kept = [Session()]
    diff = take_snapshot() - before
    assert not diff.exact
    assert diff.bytes == sum(map(sys.getsizeof, [kept, *kept]))
    assert "≈ +" in repr(diff)


@pytest.mark.usefixtures("frozen")
def test_classes_that_cannot_be_hashed_are_counted():
    """A metaclass that forbids hashing doesn't hide the instances of its classes."""
    cls = Unhashable("Odd", (), {})
    snapshot_before = take_snapshot()
    kept = [cls(), cls()]
    assert (take_snapshot() - snapshot_before).new.where(type=cls).count == len(kept)


@pytest.mark.usefixtures("frozen")
def test_classes_that_claim_to_be_equal_are_told_apart():
    """A metaclass that calls all its classes equal doesn't have them counted as one."""
    one, other = AllEqual("One", (), {}), AllEqual("Other", (), {})
    kept = [one(), other(), other()]
    snapshot = take_snapshot()
    assert [snapshot.where(type=cls).count for cls in (one, other)] == [1, 2]
    assert len(kept) == 3


@pytest.mark.usefixtures("frozen")
def test_a_failing_sizeof_falls_back_to_the_plain_size():
    """An object whose `__sizeof__` raises is counted with the size of its structure."""
    kept = SizeFails()
    found = take_snapshot().where(type=SizeFails)
    assert found.bytes == object.__sizeof__(kept)


@pytest.mark.usefixtures("frozen")
def test_objects_without_weak_references_are_known_by_address():
    """Objects that can't be weakly referenced survive by type and address."""
    kept = Slotted()
    before = take_snapshot()
    assert (take_snapshot() - before).survived.where(type=Slotted).count == 1
    assert not hasattr(kept, "value")


@pytest.mark.usefixtures("frozen")
def test_a_snapshot_tells_what_it_is():
    """The repr has the number of objects and types, the bytes and the scope; the sums agree with the query of all."""
    kept = [Session()]
    snapshot = take_snapshot()
    assert repr(snapshot).startswith("<Snapshot: ")
    assert repr(snapshot).endswith(", of objects made since the last gc.freeze()>")
    assert (snapshot.count, snapshot.bytes) == (len(snapshot.objects), snapshot.objects.bytes)
    assert len(snapshot) == snapshot.count
    assert snapshot.by_type() == snapshot.objects.by_type()
    assert kept
    assert isinstance(snapshot, Snapshot)


def test_an_empty_snapshot_is_still_one():
    """A snapshot is true even if it saw nothing, so that `if snapshot` asks whether there is one."""
    nothing = Snapshot(groups=Parts(), identities=Parts(), scope=Scope.WHOLE, taken_ns=0, witnesses=Column("Q"))
    assert (bool(nothing), nothing.count) == (True, 0)
