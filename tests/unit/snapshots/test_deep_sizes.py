import gc
import sys
from types import SimpleNamespace

import pympler.asizeof  # noqa: F401 - loaded before the heap is frozen, so that it isn't new
import pytest

from pytest_memopt.snapshots.deep import create_dicts, deep_sizes, import_pympler
from pytest_memopt.snapshots.lots import sort_by_class
from pytest_memopt.snapshots.reading import Scope
from pytest_memopt.snapshots.take import take_snapshot


class Session:
    def __init__(self, *held):
        self.held = list(held)


class Bare:
    __slots__ = ("value",)


OLD_REGISTRY = {"text": ["x" * 100_000]}


class FailingAsizer:
    """Pympler on a bad day."""

    def exclude_refs(self, *objects):
        assert objects

    def asizeof(self, one):
        if not isinstance(one, Session):
            return 5
        raise ValueError("negative base: -8")


@pytest.mark.usefixtures("frozen")
def test_an_instance_is_charged_for_what_it_holds():
    """The deep size of an instance has its strings and lists in it, and those lists have none of their own."""
    before = take_snapshot()
    session = Session("x" * 10_000, ["y" * 5_000])
    new = (take_snapshot(deep=True) - before).new
    assert 15_000 < new.where(type=Session).deep_bytes < 16_500
    assert new.where(type=list).deep_bytes == 0
    assert session.held


@pytest.mark.usefixtures("frozen")
def test_instances_are_not_charged_for_each_other():
    """What an instance refers to that is an instance itself has a deep size of its own."""
    inner = Session("x" * 10_000)
    outer = Session(inner)
    found = take_snapshot(deep=True).where(type=Session)
    small, large = sorted(record.deep_bytes for record in found)
    assert small < 1_500
    assert 10_000 < large < 11_500
    assert outer.held == [inner]


@pytest.mark.usefixtures("frozen")
def test_no_byte_is_counted_twice():
    """What two share is charged to one of them."""
    shared = "x" * 50_000
    sessions = [Session(shared), Session(shared)]
    assert 50_000 < take_snapshot(deep=True).where(type=Session).deep_bytes < 53_000
    assert len(sessions) == 2


@pytest.mark.usefixtures("frozen")
def test_what_is_older_than_the_freeze_is_not_charged():
    """A new object isn't charged for what it refers to in the frozen heap."""
    session = Session(OLD_REGISTRY)
    assert take_snapshot(deep=True).where(type=Session).deep_bytes < 2_000
    assert session.held[0] is OLD_REGISTRY


@pytest.mark.usefixtures("frozen")
def test_a_deep_snapshot_is_not_seen_by_the_next():
    """What Pympler creates and remembers while it measures is not new in the next snapshot."""
    sessions = [Session(number) for number in range(20)]
    take_snapshot(deep=True)
    before = take_snapshot(deep=True)
    diff = take_snapshot(deep=True) - before
    assert (diff.new.count, diff.dead.count) == (0, 0)
    assert len(sessions) == 20


@pytest.mark.usefixtures("frozen")
def test_pympler_does_not_keep_classes_alive():
    """A class whose instances were measured can be collected afterwards."""
    asizeof = import_pympler()
    local = type("Local", (), {})
    kept = [local()]
    remembered = len(asizeof._typedefs)
    deep_sizes(asizeof, sort_by_class([kept[0]]), Scope.SINCE_FREEZE)
    assert len(asizeof._typedefs) == remembered


def test_errors_of_pympler_cost_a_size_not_the_snapshot():
    """An object that Pympler fails on gets its own size, and is counted."""
    session, text = Session(), ["x"]
    broken = SimpleNamespace(Asizer=FailingAsizer)
    found = deep_sizes(broken, sort_by_class([session, text]), Scope.WHOLE)
    assert [list(column) for column in found.columns] == [[sys.getsizeof(session)], [5]]
    assert found.failed_count == 1


@pytest.mark.usefixtures("frozen")
def test_failures_are_told(monkeypatch):
    """A snapshot says for how many objects it has no deep size."""
    kept = Session()
    monkeypatch.setattr(import_pympler(), "Asizer", FailingAsizer)
    snapshot = take_snapshot(deep=True)
    assert snapshot.unsized_count == snapshot.where(type=Session).count == 1
    assert ", 1 without a deep size, " in repr(snapshot)
    assert kept.held == []


@pytest.mark.usefixtures("frozen")
def test_pympler_is_imported_on_demand_only(monkeypatch):
    """A plain snapshot works where Pympler can't be imported."""
    monkeypatch.setitem(sys.modules, "pympler", None)
    assert take_snapshot().unsized_count == 0
    with pytest.raises(ImportError):
        take_snapshot(deep=True)
    assert gc.isenabled()


@pytest.mark.usefixtures("frozen")
def test_dicts_are_created_where_there_are_any():
    """Instances get their dict, and those without one are passed over."""
    session, bare = Session(1), Bare()
    create_dicts([session, bare, [], Session])
    dicts = [one for one in gc.get_objects() if type(one) is dict]
    assert any(one.get("held") is session.held for one in dicts)
