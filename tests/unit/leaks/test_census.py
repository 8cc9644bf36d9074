"""Counting all containers twice: which of them grew in between, and following those round by round."""

import functools
import gc
import sqlite3
import sys
import weakref
from array import array
from collections import deque
from functools import partial
from io import BytesIO, TextIOWrapper
from types import ModuleType, SimpleNamespace

import pytest

from pytest_memopt.leaks import census as census_module
from pytest_memopt.leaks.census import (
    FOLLOWED_MOST,
    Census,
    Follower,
    Namespace,
    cache_table,
    current_length,
    length_of,
)


def refuse(*_):
    """What no code of ours may call."""
    raise AssertionError("code of a user's class was run")


class HostileMeta(type):
    """A class that can't be compared or hashed."""

    __eq__ = refuse
    __hash__ = refuse


HOSTILE = dict.fromkeys(
    ("__len__", "__eq__", "__hash__", "__iter__", "__bool__", "__sizeof__", "__getattribute__"), refuse
)


def hostile(base):
    """An instance of a subclass of ``base`` in which everything raises, its ``__class__`` included."""
    cls = HostileMeta("Hostile", (base,), {**HOSTILE, "__class__": property(refuse)})
    return base.__new__(cls)


@pytest.fixture
def alone(monkeypatch):
    """A process whose collector lists only what is put into this list, whose only module is no module."""
    listed = []
    lists = SimpleNamespace(get_objects=lambda: listed, get_referents=gc.get_referents, is_tracked=gc.is_tracked)
    monkeypatch.setattr(census_module, "gc", lists)
    monkeypatch.setattr(census_module, "sys", SimpleNamespace(modules={"odd": None}, getsizeof=sys.getsizeof))
    return listed


@pytest.mark.parametrize(
    ("container", "length"),
    [
        ([1, 2], 2),
        ({1: 2}, 1),
        ({1, 2, 3}, 3),
        (deque([1]), 1),
        (type("Sub", (list,), {})([1]), 1),
        (partial(hostile, dict), 0),
        (partial(hostile, list), 0),
        (partial(hostile, set), 0),
        (partial(hostile, deque), 0),
        ((1, 2), None),
        ("text", None),
        (partial(hostile, object), None),
    ],
    ids=[
        "list",
        "dict",
        "set",
        "deque",
        "subclass",
        "odd dict",
        "odd list",
        "odd set",
        "odd deque",
        "tuple",
        "str",
        "odd",
    ],
)
def test_lengths_are_read_past_the_class(container, length):
    """Lists, dicts, sets and deques have a length, subclasses too; nothing else has, and no code of theirs runs."""
    # made here: alive while other tests run, it would refuse them too
    assert length_of(container() if isinstance(container, partial) else container) == length


def test_a_cache_has_as_many_elements_as_it_remembers():
    """A function under ``lru_cache`` counts what it remembers, even when its own attributes say otherwise."""
    cached = functools.lru_cache(maxsize=None)(str)
    cached(1)
    cached.cache_info = refuse
    assert length_of(cached) == 1


def bound_of(container, grow):
    """The bound that is told of a container when it grew."""
    follower = Follower([container], 2)
    follower.read(0)
    grow(1)
    follower.read(1)
    (found,) = follower.growths(2)
    return found.bound


@pytest.mark.parametrize(("maxsize", "bound"), [(3, 3), (None, None)])
def test_bounds_are_those_of_the_type(maxsize, bound):
    """What an ``lru_cache`` or a deque can hold is known where it is bounded; of a list nothing is."""
    cached, ring, kept = functools.lru_cache(maxsize=maxsize)(str), deque(maxlen=maxsize), []
    assert bound_of(cached, cached) == bound_of(ring, ring.append) == bound
    assert bound_of(kept, kept.append) is None


@pytest.mark.parametrize("parameters", [None, refuse, lambda: {"maxsize": "many"}], ids=["none", "raising", "other"])
def test_a_cache_that_lies_has_no_bound(parameters):
    """What a program put in the place of ``cache_parameters`` is not called."""
    cached = functools.lru_cache(maxsize=3)(str)
    cached.cache_parameters = parameters
    assert bound_of(cached, cached) is None


def test_what_grew_comes_first_that_grew_the_most(alone):
    """Containers that shrank, stayed, or came later are not among those that grew."""
    little, much, shrunk, same = [1], {}, [1, 2], {1}
    alone.extend([little, much, shrunk, same])
    census = Census()
    little.append(2)
    much.update({1: 1, 2: 2})
    shrunk.pop()
    alone.append([1, 2, 3])
    assert census.grown_since() == [(much, 0, 2), (little, 1, 2)]


def test_what_a_census_makes_itself_is_not_counted(alone):
    """Neither a census nor its tables are among the containers that grew."""
    kept = []
    alone.append(kept)
    census = Census()
    alone.extend([vars(census), alone])
    kept.append(1)
    assert [one.container for one in census.grown_since()] == [kept]


def test_not_all_that_grows_is_followed(alone):
    """Of very many containers that grow those that grew the most are followed."""
    alone.extend([] for _ in range(FOLLOWED_MOST + 10))
    census = Census()
    for number, one in enumerate(alone):
        one.extend(range(number + 1))
    grown = census.grown_since()
    assert (len(grown), grown[0].now) == (FOLLOWED_MOST, FOLLOWED_MOST + 10)


def test_very_large_containers_are_counted_at_once(alone):
    """A container's elements are not looked at, only how many there are."""
    huge = dict.fromkeys(range(300_000))
    alone.append(huge)
    census = Census()
    huge["one more"] = None
    assert [(one.before, one.now) for one in census.grown_since()] == [(300_000, 300_001)]


def test_containers_that_refuse_are_counted_all_the_same(alone):
    """A container in which everything raises is seen to grow."""
    odd = hostile(list)
    alone.extend([odd, hostile(object)])
    census = Census()
    list.append(odd, 1)
    (found,) = census.grown_since()
    assert found.container is odd
    assert (found.before, found.now) == (0, 1)


def test_a_text_in_a_module_grows(alone):
    """Texts and buffers are no containers, but a module's name for one is followed."""
    module = ModuleType("a_module")
    census_module.sys.modules["a_module"] = module
    module.text, module.same, module.number = "a", b"same", 1
    census = Census()
    module.text += "b" * 100
    module.late = "new"
    (found,) = census.grown_since()
    assert found.container == (vars(module), "text")
    assert current_length(found.container) == sys.getsizeof(module.text)
    module.text = 3
    assert current_length(found.container) == 0


@pytest.mark.parametrize(
    ("buffer", "more", "added"), [(bytearray(50_000), b"x", 1), (array("d", [0.0] * 50_000), [1.0], 8)]
)
def test_a_buffer_that_grows_in_place_grows_by_what_is_in_it(alone, buffer, more, added):
    """It asks for more memory only now and then; what each run puts in is seen each time."""
    module = ModuleType("a_module")
    census_module.sys.modules["a_module"] = module
    module.buffer = buffer
    census = Census()
    buffer.extend(more)
    (found,) = census.grown_since()
    assert found.now - found.before == added
    buffer.extend(more)
    assert current_length(found.container) == found.now + added


def test_modules_are_read_past_their_class(alone, monkeypatch):
    """Modules whose attributes raise, which have no namespace, or hold values that can't be compared do no harm."""
    cls = type("Odd", (ModuleType,), {"__getattribute__": refuse, "__dict__": property(refuse)})
    odd, bare = cls("odd"), ModuleType.__new__(ModuleType)
    space = vars(ModuleType)["__dict__"].__get__(odd)
    space.update(text="a", value=hostile(object), array=array("q", [1]))
    modules = {"odd": odd, "bare": bare, "none": None, "other": object()}
    monkeypatch.setattr(census_module, "sys", SimpleNamespace(modules=modules, getsizeof=sys.getsizeof))
    census = Census()
    space["text"] += "b" * 9
    assert [one.container.name for one in census.grown_since()] == ["text"]


def test_lengths_are_followed_row_by_row():
    """Those whose length is another one in the end are told, with all their lengths, type and bound."""
    growing, ring, still = [], deque(maxlen=5), {1}
    follower = Follower([growing, ring, still], 3)
    for row in range(3):
        follower.read(row)
        growing.append(row)
        ring.append(row)
    assert [(one.key, one.type, one.lengths, one.bound) for one in follower.growths(3)] == [
        (0, "list", (0, 1, 2), None),
        (1, "collections.deque", (0, 1, 2), 5),
    ]
    assert follower.growths(1) == ()


def test_a_followed_text_has_its_own_type():
    """Of a module's name the type of its value is told, and its bytes."""
    names = {"text": "a"}
    follower = Follower([Namespace(names, "text")], 2)
    follower.read(0)
    names["text"] = "abc"
    follower.read(1)
    (found,) = follower.growths(2)
    assert (found.type, found.changes) == ("str", (2,))


def test_the_table_of_a_bounded_cache_is_bounded():
    """The dict inside a bounded ``lru_cache`` can't grow for ever; that of an endless one, or another dict, can."""
    bounded, endless = functools.lru_cache(maxsize=7)(str), functools.lru_cache(maxsize=None)(str)
    tables = [
        next(part for part in gc.get_referents(cache) if type(part) is dict and part is not vars(cache))
        for cache in (bounded, endless)
    ]
    follower = Follower([tables[0], bounded, endless, tables[1], {}], 2)
    follower.read(0)
    bounded(1)
    endless(1)
    follower.read(1)
    assert {one.key: one.bound for one in follower.growths(2)} == {0: 7, 1: 7, 2: None, 3: None}


def test_a_cache_has_a_table():
    """The table of a function under ``lru_cache`` is what it remembers in, and not its attributes; nothing else has one."""
    cached = functools.lru_cache(maxsize=None)(str)
    cached.told = {}
    cached(7)
    table = cache_table(cached)
    assert table is not vars(cached)
    assert len(table) == 1
    assert cache_table({}) is None


def test_dictionaries_that_the_collector_leaves_out_are_counted(alone):
    """A dictionary of numbers and texts is not tracked by the collector; it is found by what refers to it, once."""
    holder = {"cache": {}, "again": None}
    holder["again"] = holder["cache"]
    holder["cache"][1] = "one"
    alone.append(holder)
    census = Census()
    holder["cache"][2] = "two"
    assert [(one.container is holder["cache"], one.before, one.now) for one in census.grown_since()] == [(True, 1, 2)]


def test_the_cursors_of_a_sqlite_connection_are_bounded():
    """A connection keeps references to spent cursors, and drops them at every 200th: its list fills, and is no leak."""
    connection = sqlite3.connect(":memory:")
    cursor = connection.execute("select 1")
    # 3.10 lists its statements in the same way
    lists = [part for part in gc.get_referents(connection) if type(part) is list]
    cursors = next(part for part in lists if part and part[-1]() is cursor)
    follower = Follower([cursors], 2)
    follower.read(0)
    connection.execute("select 1")
    follower.read(1)
    (growth,) = follower.growths(2)
    assert (growth.lengths, growth.bound) == ((1, 2), 200)
    connection.close()


def test_other_lists_of_references_are_not_bounded():
    """Nobody but sqlite3 is known to prune a list of references."""
    references = [weakref.ref(Follower)]
    follower = Follower([references], 2)
    follower.read(0)
    references.append(weakref.ref(Follower))
    follower.read(1)
    assert follower.growths(2)[0].bound is None


@pytest.mark.parametrize("text", ["plain", "\N{SNOWMAN}"])
def test_what_waits_in_a_text_file_is_bounded(text):
    """What is written into a text file is listed there until it is enough to be handed on: the list fills, and is no leak."""
    file = TextIOWrapper(BytesIO(), encoding="utf-8")
    for _ in range(2):
        file.write(text)
    waiting = next(part for part in gc.get_referents(file) if type(part) is list)
    follower = Follower([waiting], 2)
    follower.read(0)
    file.write(text)
    follower.read(1)
    (growth,) = follower.growths(2)
    assert (growth.lengths, growth.bound) == ((2, 3), 8192)
    for number in range(9000):
        file.write(str(number))
        assert len(waiting) <= 8192


@pytest.mark.parametrize("texts", [["one"], [b"one"], []])
def test_other_lists_of_texts_are_not_bounded(texts):
    """A program's own list of what it wrote grows for ever."""
    follower = Follower([texts], 2)
    follower.read(0)
    texts.append("two")
    follower.read(1)
    (growth,) = follower.growths(2)
    assert growth.bound is None
