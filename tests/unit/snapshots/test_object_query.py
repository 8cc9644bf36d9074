import collections.abc
import datetime as dt  # noqa: F401 - a type is known to be untracked only when its module is loaded
import sys
import weakref
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.errors import SizeError, UsageError
from pytest_memopt.snapshots.conditions import QueryError
from pytest_memopt.snapshots.containers import Column, Parts
from pytest_memopt.snapshots.group import Selection, TypeGroup
from pytest_memopt.snapshots.kinds import class_key, lineage
from pytest_memopt.snapshots.query import ObjectQuery, query_all
from pytest_memopt.snapshots.records import ObjectRecord, TypeTotal
from pytest_memopt.snapshots.sizes import OwnSizes
from pytest_memopt.units import parse_size


class Base:
    pass


class Derived(Base):
    pass


class View(collections.abc.Mapping):
    def __getitem__(self, key):
        raise KeyError(key)

    def __iter__(self):
        return iter(())

    def __len__(self):
        return 0


def group(cls=Base, name="app.models.Session", sizes=(10, 20, 30), deep=None):
    """A group of one object for each size."""
    return TypeGroup(
        name=name,
        module=name.rpartition(".")[0],
        lineage=Column("q", map(class_key, lineage(cls))),
        count=len(sizes),
        sizes=OwnSizes(0, Column("q", sizes)),
        deep=deep and Column("q", deep),
    )


def query(*groups):
    """A query of all objects of the groups."""
    return query_all("new", groups)


SESSIONS = group()
USERS = group(Derived, "app.users.User", (100, 200))
TABLES = group(View, "database.tables.Table", (5000,))
ALL = query(SESSIONS, USERS, TABLES)


@pytest.mark.parametrize(
    ("conditions", "count"),
    [
        ({}, 6),
        ({"type": "app.models.Session"}, 3),
        ({"type": "Session"}, 0),
        ({"type": "app.*"}, 5),
        ({"type": Base}, 3),
        ({"type": Base, "subclasses": True}, 5),
        ({"type": View}, 1),
        ({"type": collections.abc.Mapping, "subclasses": True}, 1),
        ({"type": object, "subclasses": True}, 6),
        ({"module": "app"}, 5),
        ({"module": "app.models"}, 3),
        ({"module": "ap"}, 0),
        ({"module": "*.tables"}, 1),
        ({"name": "*.U*"}, 2),
        ({"name": "app.users.User"}, 2),
        ({"name": "APP.*"}, 0),
        ({"size_gt": 20}, 4),
        ({"size_lt": 20}, 1),
        ({"size_gt": 10, "size_lt": 200}, 3),
        ({"size_gt": "1 KB"}, 1),
        ({"module": "app", "size_gt": 15, "name": "*Session"}, 2),
    ],
    ids=str,
)
def test_where_narrows(conditions, count):
    """`where` keeps the objects that meet every condition."""
    found = ALL.where(**conditions)
    assert (found.count, len(found), len(list(found)), bool(found)) == (count, count, count, count > 0)


def test_where_chains():
    """Conditions in a chain add up, and the query they started from stays as it was."""
    found = ALL.where(module="app").where(size_gt=20).where(size_lt="150 B")
    assert [record.size_bytes for record in found] == [30, 100]
    assert ALL.count == 6


@given(
    st.lists(st.integers(0, 5000), max_size=20),
    st.none() | st.integers(0, 5000),
    st.none() | st.integers(0, 5000),
)
def test_size_bounds_are_strict(sizes, above, below):
    """`size_gt` and `size_lt` keep just what lies strictly between them."""
    found = query(group(sizes=tuple(sizes))).where(size_gt=above, size_lt=below)
    expected = [size for size in sizes if (above is None or size > above) and (below is None or size < below)]
    assert [record.size_bytes for record in found] == expected
    assert found.bytes == sum(expected)


def test_objects_of_one_size_are_filtered_too():
    """A size condition holds for types whose objects all have one size."""
    fixed = TypeGroup(name="app.Point", module="app", lineage=Column("q", [1]), count=4, sizes=OwnSizes(48))
    points = query(fixed)
    assert (points.bytes, points.where(size_gt=47).bytes, points.where(size_gt=48).bytes) == (192, 192, 0)


def test_by_type_sums_up():
    """`by_type` has one total per type name, the most bytes first, and none for types without objects."""
    same_name = group(Derived, sizes=(1,))
    none_left = group(View, "app.Empty", ())
    assert query(SESSIONS, same_name, USERS, none_left).by_type() == (
        TypeTotal("app.users.User", 2, 300),
        TypeTotal("app.models.Session", 4, 61),
    )


def test_iteration_gives_records():
    """Each object comes as a record of names and sizes."""
    assert list(query(group(sizes=(10,), deep=(99,)))) == [ObjectRecord("app.models.Session", "app.models", 10, 99)]
    assert next(iter(ALL)).deep_bytes is None


def test_deep_bytes_need_a_deep_snapshot():
    """Deep bytes are the sum of the deep sizes, and an error where none were taken."""
    assert query(group(deep=(1, 2, 3))).where(size_gt=10).deep_bytes == 5
    with pytest.raises(UsageError, match="deep=True"):
        _ = ALL.deep_bytes


def test_repr_tells_conditions_and_types():
    """The repr reads as an explanation below a failed assertion."""
    found = ALL.where(type=Base, subclasses=True, module="app", name="*s*", size_gt=1, size_lt="1 KiB")
    assert repr(found) == (
        f"<new where type={__name__}.Base and subclasses, module=app, name=*s*, size_gt=1 B, size_lt=1.0 KiB: "
        "5 objects, 360 B: 2 app.users.User, 3 app.models.Session>"
    )


def test_repr_of_one_and_of_none():
    """The repr counts in words that fit."""
    assert repr(query(group(sizes=(8,)))) == "<new: 1 object, 8 B: 1 app.models.Session>"
    assert repr(ALL.where(type="app.Nothing")) == "<new where type=app.Nothing: no objects>"


def test_repr_stays_short():
    """Of many types the repr names five."""
    many = query(*(group(name=f"app.Kind{number}", sizes=(8,)) for number in range(9)))
    assert repr(many).endswith(", 4 more types>")


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        ({"typ": Base}, r"doesn't know typ=; did you mean type=\? It takes type, subclasses, module"),
        ({"xyz": 1}, r"doesn't know xyz= It takes"),
        ({"type": 7}, "neither a class nor a full type name"),
        ({"type": "app.Session", "subclasses": True}, "needs the class itself"),
        ({"type": str}, "str objects aren't tracked"),
        ({"type": "str"}, "str objects aren't tracked"),
        ({"type": str, "subclasses": True}, "str objects aren't tracked"),
        ({"type": "datetime.date"}, "date objects aren't tracked"),
        ({"type": object}, "object objects aren't tracked"),
    ],
    ids=str,
)
def test_a_question_that_has_no_answer_is_refused(conditions, message):
    """Unknown keywords, and types that no snapshot can see, are errors that say why, not zeros."""
    with pytest.raises(QueryError, match=message) as raised:
        ALL.where(**conditions)
    assert isinstance(raised.value, TypeError)
    assert isinstance(raised.value, UsageError)


def test_a_wrong_size_is_refused():
    """A size that can't be read is an error that names the keyword."""
    with pytest.raises(SizeError, match="size_gt: 'big' is not a size"):
        ALL.where(size_gt="big")


def test_names_of_modules_that_are_not_loaded_are_fine(monkeypatch):
    """A type name is taken as it is where its module isn't loaded, is no module, or lacks it."""
    monkeypatch.setitem(sys.modules, "app_not_a_module", object())
    monkeypatch.setitem(sys.modules, "app_empty", ModuleType("app_empty"))
    names = ("no.such.Type", "app_not_a_module.Type", "app_empty.Type", "NoSuchBuiltin")
    assert [ALL.where(type=name).count for name in names] == [0, 0, 0, 0]


def test_a_query_holds_no_class():
    """Asking for a class doesn't keep the class alive."""
    local = type("Local", (), {})
    found = ALL.where(type=local)
    alive = weakref.ref(local)
    local = None
    import gc

    gc.collect()
    assert alive() is None
    assert found.count == 0


def test_a_selection_of_some_rows_sums_those():
    """Counts and bytes of a part are those of its rows."""
    part = Selection(SESSIONS, Column("L", [0, 2]))
    assert (part.count, part.bytes) == (2, 40)
    assert ObjectQuery("new", Parts([part])).bytes == parse_size("40 B")
