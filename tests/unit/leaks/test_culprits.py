"""Naming what accumulates and who holds it, from a hunt that is over."""

import functools
import sys
import weakref
from collections import deque
from contextlib import nullcontext
from functools import partial
from types import ModuleType

import pytest

from pytest_memopt.leaks import culprits as culprits_module
from pytest_memopt.leaks import holder_names
from pytest_memopt.leaks import outsiders as outsiders_module
from pytest_memopt.leaks.catch import Catch
from pytest_memopt.leaks.census import Grown, Namespace, cache_table
from pytest_memopt.leaks.culprits import name_culprits
from pytest_memopt.leaks.finding import OUTSIDE, Culprit, NoLine, Origin
from pytest_memopt.leaks.ruling import LeakKind, Ruling
from pytest_memopt.leaks.series import ContainerGrowth, Levels
from pytest_memopt.leaks.survivors import EXTRA_ROUNDS
from pytest_memopt.meters.rounds import LeakSignal
from pytest_memopt.snapshots.holders import Holder
from pytest_memopt.snapshots.roots import RootKind


def refuse(*_):
    """What no code of ours may call."""
    raise ValueError("code of a user's class was run")


class HostileMeta(type):
    """A class that can't be compared or hashed."""

    __eq__ = refuse
    __hash__ = refuse


BARE_BYTES = object.__sizeof__(HostileMeta("Bare", (), {})())
HOSTILE = ("__len__", "__eq__", "__hash__", "__iter__", "__reversed__", "items", "keys", "__bool__", "__sizeof__")


def hostile(base):
    """An instance of a subclass of ``base`` in which everything raises, its ``__class__`` included."""
    cls = HostileMeta("Hostile", (base,), {**dict.fromkeys(HOSTILE, refuse), "__class__": property(refuse)})
    return base.__new__(cls)


def catch(*followed, rounds=12, grows=1, late=()):
    """What a hunt brought in which each of these containers grew in every round."""
    keys = tuple(range(len(followed)))
    lengths = tuple(range(0, (rounds + 1) * grows, grows))
    return Catch(
        ruling=Ruling(LeakKind.LEAK, (LeakSignal.BLOCKS,), keys),
        rounds=rounds,
        series=(Levels(LeakSignal.BLOCKS, lengths),),
        containers=tuple(ContainerGrowth(key, "list", lengths) for key in keys),
        followed=followed,
        late=tuple(late),
        duration_s=0.0,
    )


def holder(path, root=RootKind.MODULE_GLOBAL, bound=None):
    """A holder with this path, in which nothing differs from run to run."""
    return Holder(path, path, "list", path.partition("[")[0], root, bound)


@pytest.fixture
def world(monkeypatch):
    """A process in which nothing survives and nothing is opened, and containers are held as they are told to be."""
    held, left = {}, []
    found = {"holders": held, "survivors": left, "fds": [], "threads": []}
    monkeypatch.setattr(holder_names, "find_holders", lambda targets, ignore=(): held)
    monkeypatch.setattr(culprits_module, "survivors", lambda run, watched, note, has_time: note([]) or left)
    monkeypatch.setattr(outsiders_module, "describe_descriptors", lambda before: found["fds"])
    monkeypatch.setattr(outsiders_module, "describe_threads", lambda before: found["threads"])
    monkeypatch.setattr(outsiders_module, "child_numbers", frozenset)
    return found


class KnownLines:
    """Clues that are given: the line that made objects of a type, and the line during which a signal grows."""

    may_be_of_tracing = False

    def __init__(self, made=None, grown=None, left=None, ran_out=False):
        self.made, self.grown, self.left = made or {}, grown or {}, left
        self.asked = []
        self.ran_out = ran_out
        self.is_wanted = None

    def remembered(self, *, is_wanted):
        self.is_wanted = is_wanted
        return nullcontext()

    def unwatched(self):
        return KnownLines()

    def led_to(self, objects):
        return next((line for one in objects for cls, line in self.made.items() if type(one) is cls), None)

    def note(self, objects):
        pass

    def note_newest(self, container, newest):
        pass

    def has_time_to_remember(self, done, rounds):
        return True

    def note_rest(self, bytes_per_round, rounds):
        pass

    def led_to_rest(self):
        return self.left

    def led_to_growth(self, signal, per_round):
        self.asked.append((signal, per_round))
        return self.grown.get(signal)

    def native_calls(self, bytes_per_round):
        return (f"leak of {bytes_per_round:g} B",)

    def origin(self, frames):
        return Origin(frames or None, "database" if frames and "conftest" in frames else None)


def name_culprits_of(caught, clues=None):
    """The culprits of a catch, whose workload must not run."""
    return name_culprits(refuse, caught, clues or KnownLines()).culprits


def only(found):
    """The one culprit."""
    (culprit,) = found
    return culprit


def test_a_container_is_named_with_its_newest_element(world):
    """What a round adds to a list is its newest element, so many times, with its path in names."""
    kept = [1, {}]
    world["holders"][id(kept)] = holder("app.KEPT")
    culprit = only(name_culprits_of(catch(kept, grows=2)))
    size = sys.getsizeof({}) * 2
    assert culprit == Culprit("dict", 2, size, holder="app.KEPT", holder_type="list", path="app.KEPT[*]")


@pytest.mark.parametrize(
    ("container", "kind"),
    [
        ([], "NoneType"),
        ([1, "a"], "str"),
        (deque([1, b"a"]), "bytes"),
        ({3}, "int"),
        (set(), "NoneType"),
        ({}, "NoneType"),
        ({1: "a", 2: 3.0}, "float"),
        ({1: None}, "int"),
        ({"a": True}, "str"),
        (partial(hostile, list), "NoneType"),
        (partial(hostile, dict), "NoneType"),
        (partial(hostile, set), "NoneType"),
        (partial(hostile, deque), "NoneType"),
        ((), "NoneType"),
    ],
    ids=range(14),
)
def test_the_newest_element_tells_the_type(world, container, kind):
    """Of a dict the value is told, unless the key tells more; no code of the container's class runs."""
    # made here: alive while other tests run, it would refuse them too
    container = container() if isinstance(container, partial) else container
    world["holders"][id(container)] = holder("app.KEPT")
    assert only(name_culprits_of(catch(container))).type == kind


@pytest.mark.parametrize("place", [list, dict])
def test_elements_that_refuse_are_named(world, place):
    """An element whose class can't be compared and refuses to tell its size has its name, and the bytes of an object."""
    odd = hostile(object)
    container = [odd] if place is list else {1: odd}
    world["holders"][id(container)] = holder("app.KEPT")
    culprit = only(name_culprits_of(catch(container)))
    assert (culprit.type.rpartition(".")[2], culprit.bytes_per_round) == ("Hostile", BARE_BYTES)


@pytest.mark.parametrize(("arguments", "kind"), [((1, 2), "int"), (("a",), "str"), ((), "NoneType")])
def test_of_a_cache_the_first_argument_is_told(world, arguments, kind):
    """What accumulates in a function under ``lru_cache`` are the arguments it was called with."""
    cached = functools.lru_cache(maxsize=None)(lambda *args: None)
    if arguments:
        cached(*arguments)
    world["holders"][id(cached)] = holder("app.cached")
    assert only(name_culprits_of(catch(cached))).type == kind


def test_the_table_of_a_cache_is_not_told_twice(world):
    """A cache that grows is told, and the table in it isn't."""
    cached = functools.lru_cache(maxsize=None)(str)
    cached(1)
    table = cache_table(cached)
    world["holders"].update({id(cached): holder("app.cached"), id(table): holder("app.cached.<cache>")})
    assert only(name_culprits_of(catch(table, cached))).holder == "app.cached"


def test_a_text_is_named_by_its_module(world):
    """A name whose text grows is the culprit itself."""
    names = {"TEXT": "aaa"}
    world["holders"][id(names)] = holder("app.__dict__")
    culprit = only(name_culprits_of(catch(Namespace(names, "TEXT"), grows=3)))
    assert culprit == Culprit("str", None, 3, holder="app.TEXT", holder_type="module", path="app.TEXT")


def test_containers_with_a_bound_are_no_culprits(world):
    """What is held by something that can't grow for ever is not told, nor what nobody is known to hold."""
    bounded, unknown = [1], [2]
    world["holders"][id(bounded)] = holder("app.RING", bound=5)
    assert name_culprits_of(catch(bounded, unknown)) == ()


def test_the_shortest_path_comes_first(world):
    """Of several containers the one that is nearest to a name is the first culprit, and those outside Python are the last."""
    near, far, outside = [1], ["a"], [b"a"]
    world["holders"].update(
        {id(far): holder("app.A.b.c"), id(near): holder("app.A"), id(outside): holder("?", RootKind.OUTSIDE)}
    )
    found = name_culprits_of(catch(outside, far, near))
    assert [one.holder for one in found] == ["app.A", "app.A.b.c", OUTSIDE]
    assert found[2].path is None


def test_what_grew_late_is_named_where_nothing_was_followed(world):
    """A container that grows now and then is told with what it gained in all rounds."""
    late = [1]
    world["holders"][id(late)] = holder("app.LATE")
    assert only(name_culprits_of(catch(late=[Grown(late, 1, 7)]))).count_per_round == 0.5


def test_what_grew_late_and_less_than_the_leak_is_not_named(world):
    """A container that gained one element while a signal grew in every round is not behind it."""
    late = [1]
    world["holders"][id(late)] = holder("app.LATE")
    assert name_culprits_of(catch(late=[Grown(late, 1, 2)])) == ()


def test_survivors_are_named_by_who_holds_one(world):
    """What accumulates in no container is told by type; types that a container explains already are not."""
    kept, sessions, strays = [1], [2.0] * (2 * EXTRA_ROUNDS), ["a"] * EXTRA_ROUNDS
    world["survivors"].extend([(int, [1] * EXTRA_ROUNDS), (str, strays), (float, sessions)])
    world["holders"].update({id(kept): holder("app.KEPT"), id(sessions[0]): holder("app.ROOT.session")})
    assert [(one.type, one.count_per_round, one.holder) for one in name_culprits_of(catch(kept))] == [
        ("int", 1, "app.KEPT"),
        ("float", 2, "app.ROOT.session"),
        ("str", 1, OUTSIDE),
    ]


def test_survivors_without_a_size_are_named(world):
    """A survivor whose class refuses to tell its size has the bytes of an object."""
    odd = hostile(object)
    world["survivors"].append((type(odd), [odd] * EXTRA_ROUNDS))
    assert only(name_culprits_of(catch())).bytes_per_round == BARE_BYTES


def test_the_runner_is_no_culprit_beside_others(world):
    """What pytest or this plugin holds is not told where somebody else holds something."""
    kept, theirs = [1], ["a"]
    world["holders"] |= {id(kept): holder("app.package.KEPT"), id(theirs): holder("_pytest.runner.KEPT")}
    assert only(name_culprits_of(catch(theirs, kept))).path == "app.package.KEPT[*]"


def test_what_a_test_gives_to_the_runner_is_told_as_the_test_has_it(world):
    """Where nobody else holds anything, a test has put it there."""
    kept = [1]
    world["holders"][id(kept)] = holder("_pytest.assertion.util._config.things")
    assert only(name_culprits_of(catch(kept))).path == "pytestconfig.things[*]"


def test_the_runner_is_no_culprit_of_memory_in_c(world):
    """Where Python's blocks don't grow, what the runner came to hold meanwhile explains nothing."""
    kept = [1]
    world["holders"][id(kept)] = holder("_pytest.runner.KEPT")
    caught = catch(kept)
    assert name_culprits_of(caught._replace(ruling=caught.ruling._replace(signals=(LeakSignal.HEAP_BYTES,)))) == ()


class Node:
    """Something that can be referred to weakly."""


def test_who_only_refers_to_it_is_no_culprit(world):
    """A registry of weak references grows with what a longer path keeps alive, and is not told."""
    kept = [Node()]
    registry, by_node = {weakref.ref(kept[0])}, {weakref.ref(kept[0]): "label"}
    world["survivors"].append((Node, kept * EXTRA_ROUNDS))
    paths = ("app.ALL.data", "app.NAMES.data", "app.first.registry.of.nodes")
    held = (registry, by_node, kept)
    world["holders"] |= {id(one): holder(path) for one, path in zip(held, paths, strict=True)}
    blame = name_culprits(refuse, catch(registry, by_node, kept), KnownLines())
    assert blame.culprits[0].path == "app.first.registry.of.nodes[*]"
    assert {one.path.partition("[")[0] for one in blame.culprits} == {"app.first.registry.of.nodes"}
    assert blame.container is kept


def test_what_hangs_loose_comes_before_who_only_refers_to_it(world):
    """A chain that no container holds is the culprit, not the registry of weak references to its parts."""
    node = Node()
    registry = {weakref.ref(node)}
    world["survivors"].append((Node, [node] * EXTRA_ROUNDS))
    world["holders"] |= {id(registry): holder("app.ALL.data"), id(node): holder("app.head.next")}
    blame = name_culprits(refuse, catch(registry), KnownLines())
    assert [one.path for one in blame.culprits] == ["app.head.next"]
    assert blame.container is None


def test_a_table_that_holds_its_own_keys_is_the_holder(world):
    """Weak keys of a table don't make it innocent where all that survives is reached through it, its references too."""
    node = Node()
    table = {weakref.ref(node): [node]}
    world["survivors"] += [(Node, [node] * EXTRA_ROUNDS), (weakref.ref, [*table] * EXTRA_ROUNDS)]
    world["holders"] |= {id(table): holder("app.TABLE.data"), id(node): holder("app.TABLE.data[*].parts")}
    world["holders"] |= {id(one): holder("app.TABLE.data.keys()") for one in table}
    blame = name_culprits(refuse, catch(table), KnownLines())
    assert blame.culprits[0].path == "app.TABLE.data[*]"
    assert blame.container is table


@pytest.mark.parametrize("left", [[], [Node()] * EXTRA_ROUNDS])
def test_who_refers_weakly_is_told_where_nobody_else_holds_anything(world, left):
    """References to what was there before are a leak of their own, and so is a table whose values hold its keys."""
    node = Node()
    table = {weakref.ref(node): [node]}
    world["survivors"] += [(Node, left)] if left else []
    world["holders"] |= {id(table): holder("app.TABLE.data"), **{id(one): holder("app.TABLE.data[*]") for one in left}}
    assert name_culprits_of(catch(table))[0].path == "app.TABLE.data[*]"


def test_descriptors_and_threads_are_told_by_kind(world):
    """What was opened in each round is told without its number; what was opened once isn't."""
    world["fds"].extend([f"{number}: /dev/null" for number in range(EXTRA_ROUNDS)] + ["9: /tmp/once"])
    world["threads"].extend(["worker"] * 2 * EXTRA_ROUNDS)
    assert name_culprits_of(catch()) == (
        Culprit("file descriptor (/dev/null)", 1),
        Culprit("thread (worker)", 2),
    )


def test_a_leak_of_this_process_is_named(monkeypatch):
    """With nothing faked, a list in a module is found by its name."""
    module = ModuleType("leaky_app")
    module.KEPT = [[1]]
    monkeypatch.setitem(sys.modules, "leaky_app", module)
    first, *_ = name_culprits(lambda: module.KEPT.append([1]), catch(module.KEPT), KnownLines()).culprits
    assert (first.type, first.path, first.holder_type) == ("list", "leaky_app.KEPT[*]", "list")


def test_each_culprit_has_the_line_that_made_it(world):
    """The newest element, what hangs loose and the value of a growing name are told with their own lines."""
    kept, names = [1, {}], {"TEXT": "abc"}
    world["holders"] |= {id(kept): holder("app.KEPT"), id(names): holder("app.__dict__")}
    world["survivors"].append((bytes, [b"one", b"two", b"three"]))
    lines = KnownLines({dict: "app.py:1 in put", bytes: "app.py:2 in read", str: "app.py:3 in write"})
    found = name_culprits_of(catch(kept, Namespace(names, "TEXT")), lines)
    assert {one.type: one.site for one in found} == {
        "dict": "app.py:1 in put",
        "bytes": "app.py:2 in read",
        "str": "app.py:3 in write",
    }
    assert lines.asked == []


def test_what_is_opened_and_started_has_the_line_of_its_growth(world):
    """The kind of which there is most is looked for, with as many as a round leaves; other kinds may come from elsewhere."""
    world["fds"].extend([f"{number}: /dev/null" for number in range(2 * EXTRA_ROUNDS)] + ["1: /b"] * EXTRA_ROUNDS)
    world["threads"].extend(["worker"] * EXTRA_ROUNDS)
    lines = KnownLines(grown={LeakSignal.FDS: "app.py:1 in open", LeakSignal.THREADS: "app.py:2 in start"})
    found = name_culprits_of(catch(), lines)
    assert [one.site for one in found] == ["app.py:1 in open", None, "app.py:2 in start"]
    assert lines.asked == [(LeakSignal.FDS, 2), (LeakSignal.THREADS, 1)]


@pytest.mark.parametrize("is_judged", [True, False])
def test_memory_of_c_is_told_where_nothing_in_python_grows(world, is_judged):
    """It is a culprit of its own, with the line during which the C heap grows, if the heap is part of the verdict."""
    signals = (LeakSignal.HEAP_BYTES,) if is_judged else (LeakSignal.FDS,)
    caught = catch()._replace(
        ruling=Ruling(LeakKind.LEAK, signals, ()), series=(Levels(LeakSignal.HEAP_BYTES, tuple(range(0, 900, 80))),)
    )
    found = name_culprits_of(caught, KnownLines(grown={LeakSignal.HEAP_BYTES: "app.py:9 in call"}))
    assert found == (
        (Culprit("C memory", None, 80, site="app.py:9 in call", stack=("leak of 80 B",)),) if is_judged else ()
    )


def test_memory_of_c_may_be_of_tracing(world):
    """Where the workload uses tracemalloc, and that leaks, the culprit is told as perhaps its own."""
    levels = Levels(LeakSignal.HEAP_BYTES, tuple(range(0, 320, 32)))
    caught = catch()._replace(ruling=Ruling(LeakKind.LEAK, (LeakSignal.HEAP_BYTES,), ()), series=(levels,))
    lines = KnownLines()
    lines.may_be_of_tracing = True
    (culprit,) = name_culprits_of(caught, lines)
    assert (culprit.type, culprit.name) == ("C memory", "C memory, perhaps tracemalloc's own (gh-121390)")


@pytest.mark.parametrize("left", ["app.py:5 in loads", None])
def test_memory_that_no_object_has_is_told_by_its_line(world, left):
    """What Python's allocators gave, and nothing that can be found has, is told where a line explains it, as what it is."""
    caught = catch()._replace(series=(Levels(LeakSignal.SMALL_BYTES, tuple(range(0, 480, 48))),))
    found = name_culprits_of(caught, KnownLines(left=left))
    assert found == ((Culprit("memory without an object", None, 48, site=left),) if left else ())


def test_memory_that_an_object_has_is_the_objects(world):
    """Where something is found that accumulates, what is left without an object is not asked for."""
    world["survivors"].append((bytes, [b"one", b"two", b"three"]))
    caught = catch()._replace(series=(Levels(LeakSignal.SMALL_BYTES, tuple(range(0, 480, 48))),))
    assert only(name_culprits_of(caught, KnownLines(left="app.py:5 in loads"))).type == "bytes"


def test_what_a_fixture_makes_is_told_with_its_name(world):
    """A culprit whose lines lie in a fixture names it; the test's own doesn't."""
    world["survivors"].extend([(bytes, [b"one"] * 3), (str, ["a"] * 3)])
    lines = KnownLines({bytes: "conftest.py:2 in database", str: "test_app.py:3 in test_it"})
    found = name_culprits_of(catch(), lines)
    assert {one.type: one.fixture for one in found} == {"bytes": "database", "str": None}


@pytest.mark.parametrize(("site", "ran_out"), [(None, True), ("app.py:9 in call", False)])
def test_that_time_ran_out_is_told_where_a_line_is_missing(world, site, ran_out):
    """Who has a line is told with it, and nobody has to wait longer for it."""
    kept = ["x"]
    world["holders"][id(kept)] = holder("app.KEPT")
    clues = KnownLines(made={str: site} if site else None, ran_out=True)
    assert name_culprits(refuse, catch(kept), clues).no_line is (NoLine.RAN_OUT if ran_out else None)


def test_a_workload_that_fails_when_it_is_watched_is_named_without_lines(world, monkeypatch):
    """One that asserts on its time, or on who traces it, leaks all the same, and its holder is known."""
    kept = ["a"]
    world["holders"][id(kept)] = holder("app.KEPT")
    clues = KnownLines(made={str: "app.py:9 in call"})
    monkeypatch.setattr(clues, "led_to", refuse)
    blame = name_culprits(refuse, catch(kept), clues)
    assert (only(blame.culprits).path, only(blame.culprits).site) == ("app.KEPT[*]", None)
    assert (blame.no_line, blame.container) == (NoLine.FAILED, kept)


def test_without_a_culprit_time_may_have_run_out(world):
    """Nobody is named, and the reason is told; it isn't where there was time enough."""
    assert name_culprits(refuse, catch(), KnownLines(ran_out=True)).no_line is NoLine.RAN_OUT
    assert name_culprits(refuse, catch(), KnownLines()).no_line is None


@pytest.mark.parametrize(
    ("signal", "kept", "is_wanted"), [("fds", (), False), ("fds", (["x"],), True), ("blocks", (), True)]
)
def test_lines_of_objects_are_remembered_where_objects_accumulate(world, signal, kept, is_wanted):
    """That takes long, and tells nothing of what grows outside Python alone."""
    clues, caught = KnownLines(), catch(*kept)
    name_culprits(refuse, caught._replace(ruling=caught.ruling._replace(signals=(LeakSignal(signal),))), clues)
    assert clues.is_wanted is is_wanted
