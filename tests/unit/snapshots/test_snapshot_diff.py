import gc
import re

import pytest

from pytest_memopt.errors import UsageError
from pytest_memopt.snapshots.take import take_snapshot

pytestmark = pytest.mark.usefixtures("frozen")


class Session:
    pass


class Account:
    pass


def test_minus_is_compare_to():
    """`newer - older` and `newer.compare_to(older)` are the same difference."""
    before = take_snapshot()
    kept = [Session()]
    after = take_snapshot()
    assert (after - before).by_type() == after.compare_to(before).by_type()
    assert kept


def test_changes_come_largest_first():
    """`by_type` has what grew and what shrank, the largest change in bytes first."""
    dropped = [Account() for _ in range(50)]
    before = take_snapshot()
    count = len(dropped)
    dropped = None
    kept = [Session() for _ in range(3)]
    changes = (take_snapshot() - before).by_type()
    by_name = {change.type.rpartition(".")[2]: change.count for change in changes}
    assert (by_name["Account"], by_name["Session"]) == (-count, len(kept))
    sizes = [abs(change.bytes) for change in changes]
    assert sizes == sorted(sizes, reverse=True)


def test_a_survivor_that_grew_is_a_change():
    """A type whose objects only grew is in `by_type` with no count and the bytes more."""
    kept = []
    before = take_snapshot()
    kept.extend([None] * 1000)
    diff = take_snapshot() - before
    (change,) = diff.by_type()
    assert (change.type, change.count, diff.count) == ("list", 0, 0)
    assert change.bytes == diff.bytes >= 8000


def test_repr_names_the_types():
    """The repr has net objects, net bytes, the three lots and the types that changed."""
    before = take_snapshot()
    kept = [Session() for _ in range(2)]
    text = repr(take_snapshot() - before)
    assert text.startswith("<SnapshotDiff +3 objects, ≈ +")
    assert re.search(r": 3 new, \d+ survived, 0 dead of objects made since the last gc\.freeze\(\); ", text)
    assert f"+2 {__name__}.Session (+" in text
    assert len(kept) == 2


def test_repr_stays_short():
    """Of many types the repr names five."""
    before = take_snapshot()
    kept = [type(f"Kind{number}", (), {})() for number in range(9)]
    assert " more types>" in repr(take_snapshot() - before)
    assert len(kept) == 9


def test_nothing_changed_is_said():
    """The repr of no difference says that no type changed."""
    before = take_snapshot()
    assert repr(take_snapshot() - before).endswith("; no type changed>")


def test_the_wrong_order_is_refused():
    """Subtracting the newer snapshot from the older is an error that says what to write."""
    before = take_snapshot()
    after = take_snapshot()
    with pytest.raises(UsageError, match="write newer - older"):
        before.compare_to(after)


def test_a_freeze_in_between_is_refused():
    """After a freeze the older objects are out of sight, so the difference would call them dead: it is refused."""
    before = take_snapshot()
    gc.freeze()
    after = take_snapshot()
    with pytest.raises(UsageError, match=r"gc\.freeze\(\) was called between"):
        after.compare_to(before)


def test_unlike_scopes_are_refused():
    """A snapshot of the whole heap can't be compared with one of what is new."""
    before = take_snapshot()
    whole = take_snapshot(whole=True)
    with pytest.raises(UsageError, match="take both with whole=True, or both without"):
        whole.compare_to(before)


def test_whole_snapshots_compare_across_a_freeze():
    """Two snapshots of the whole heap can be compared whatever was frozen in between."""
    before = take_snapshot(whole=True)
    kept = [Session()]
    gc.freeze()
    diff = take_snapshot(whole=True) - before
    assert diff.new.where(type=Session).count == len(kept)


def test_only_a_snapshot_can_be_subtracted():
    """`snapshot - 5` is a TypeError, as for any pair of unlike operands."""
    with pytest.raises(TypeError, match="unsupported operand"):
        take_snapshot() - 5


def test_a_type_that_vanished_is_dead():
    """Objects of a type that the newer snapshot has none of are dead."""
    gone = [Account()]
    before = take_snapshot()
    gone.clear()
    diff = take_snapshot() - before
    assert diff.dead.where(type=Account).count == 1
    assert not diff.survived.where(type=Account)
