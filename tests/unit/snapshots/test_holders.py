import asyncio
import atexit
import contextvars
import enum
import gc
import queue
import sys
import threading
import types
import weakref
from collections import deque
from functools import lru_cache, partial

import pytest

from pytest_memopt.snapshots.bounds import bound_of
from pytest_memopt.snapshots.holders import Holder, find_holders
from pytest_memopt.snapshots.roots import RootKind

CURRENT = contextvars.ContextVar("CURRENT", default=None)

SOURCE = """
import collections, enum, functools, queue, threading, types, weakref

class Target:
    pass

class Key:
    def __repr__(self):
        raise AssertionError("the repr of a key was asked for")

class Colour(enum.Enum):
    RED = 1

class Plain:
    def __init__(self, held):
        self.held = held

class Slotted:
    __slots__ = ("held",)

class Model:
    registry = {}

class Service:
    @functools.lru_cache(maxsize=512)
    def lookup(self):
        return None

    def method(self):
        pass

class Names(dict):
    pass

def identity(one):
    return one

def attach(plain, one):
    plain.attached = one

def enclosing(one):
    def inner():
        return one
    return inner

def with_default(first, second=None, *, third=None):
    pass

def generating(one):
    local = one
    del one
    yield

def failing(one):
    secret = one
    raise ValueError

def slotted(one):
    made = Slotted()
    made.held = one
    return made

def failure(one):
    try:
        failing(one)
    except ValueError as error:
        return error

def attached(one):
    made = Plain(None)
    attach(made, one)
    return made

def started(one):
    made = generating(one)
    next(made)
    return made

def local(one):
    made = threading.local()
    made.session = one
    return made

def cached(one):
    made = functools.lru_cache(maxsize=None)(identity)
    made(one)
    return made

def in_queue(one):
    made = queue.Queue(maxsize=9)
    made.put(one)
    return made

def names(one):
    made = Names()
    made.attribute = one
    return made
"""


@pytest.fixture
def app(monkeypatch):
    """A module like one of an application."""
    module = types.ModuleType("held_app")
    monkeypatch.setitem(sys.modules, "held_app", module)
    exec(SOURCE, vars(module))
    return module


def holder_of(one):
    """The holder of one object; what holds it only here is left out."""
    targets, number = [one], id(one)
    del one
    return find_holders(targets)[number]


EDGES = {
    "global": (lambda app, one: one, "held_app.HOLD"),
    "key": (lambda app, one: {"user": one}, "held_app.HOLD['user']"),
    "number": (lambda app, one: {17: one}, "held_app.HOLD[17]"),
    "tuple-key": (lambda app, one: {(1, "a"): one}, "held_app.HOLD[(1, 'a')]"),
    "enum-key": (lambda app, one: {app.Colour.RED: one}, "held_app.HOLD[Colour.RED]"),
    "class-key": (lambda app, one: {app.Model: one}, "held_app.HOLD[held_app.Model]"),
    "object-key": (lambda app, one: {app.Key(): one}, "held_app.HOLD[<held_app.Key>]"),
    "long-key": (lambda app, one: {"x" * 99: one}, f"held_app.HOLD[{'x' * 39!r}…]"),
    "huge-key": (lambda app, one: {10**9999: one}, "held_app.HOLD[<int>]"),
    "as-key": (lambda app, one: {one: 1}, "held_app.HOLD.keys()"),
    "list": (lambda app, one: [0, 1, 2, one], "held_app.HOLD[3]"),
    "tuple": (lambda app, one: (0, one), "held_app.HOLD[1]"),
    "deque": (lambda app, one: deque([0, one]), "held_app.HOLD[1]"),
    "set": (lambda app, one: {one}, "held_app.HOLD{…}"),
    "attribute": (lambda app, one: app.Plain(one), "held_app.HOLD.held"),
    "attribute-set-from-outside": (lambda app, one: app.attached(one), "held_app.HOLD.attached"),
    "dict-in-attribute": (lambda app, one: app.Plain({"a": one}), "held_app.HOLD.held['a']"),
    "slot": (lambda app, one: app.slotted(one), "held_app.HOLD.held"),
    "attribute-of-a-dict": (lambda app, one: app.names(one), "held_app.HOLD.attribute"),
    "entry-of-a-subclass": (lambda app, one: app.Names(a=one), "held_app.HOLD['a']"),
    "namespace": (lambda app, one: types.SimpleNamespace(x=[one]), "held_app.HOLD.x[0]"),
    "mapping-proxy": (lambda app, one: types.MappingProxyType({"a": one}), "held_app.HOLD['a']"),
    "partial": (lambda app, one: partial(print, one), "held_app.HOLD.args[0]"),
    "method": (lambda app, one: types.MethodType(print, one), "held_app.HOLD.__self__"),
    "closure": (lambda app, one: app.enclosing(one), "held_app.HOLD.<closure>.one"),
    "generator": (lambda app, one: app.started(one), "held_app.HOLD.<frame of held_app.generating>.local"),
    "exception": (lambda app, one: app.failure(one), "held_app.HOLD.__traceback__.<frame of held_app.failure>.one"),
    "exception-argument": (lambda app, one: ValueError(one), "held_app.HOLD.args[0]"),
    "thread-local": (lambda app, one: app.local(one), "held_app.HOLD.session"),
    "cache": (lambda app, one: app.cached(one), "held_app.identity.<cache>[(<held_app.Target>,)]"),
    "queue": (lambda app, one: app.in_queue(one), "held_app.HOLD.queue[0]"),
    "iterator": (lambda app, one: iter([one]), "held_app.HOLD.<list>[0]"),
}


@pytest.mark.parametrize(("wrap", "path"), EDGES.values(), ids=EDGES)
def test_each_kind_of_step_has_a_name(app, wrap, path):
    """A step is called as in source code, or by what it leads to where that has no name."""
    one = app.Target()
    app.HOLD = wrap(app, one)
    holder = holder_of(one)
    assert holder.path == path
    assert holder.type == "held_app.Target"


ROOTS = {
    "global": (lambda app, one: setattr(app, "HOLD", [one]), "held_app.HOLD", RootKind.MODULE_GLOBAL),
    "class": (lambda app, one: app.Model.registry.update(a=one), "held_app.Model.registry", RootKind.CLASS_ATTRIBUTE),
    "closure": (lambda app, one: setattr(app, "HOLD", app.enclosing(one)), "held_app.HOLD", RootKind.CLOSURE),
    "cache": (lambda app, one: setattr(app, "HOLD", app.cached(one)), "held_app.identity", RootKind.CACHE),
    "local": (lambda app, one: setattr(app, "HOLD", app.local(one)), "held_app.HOLD.session", RootKind.THREAD_LOCAL),
    "defaults": (
        lambda app, one: setattr(app.with_default, "__defaults__", (one,)),
        "held_app.with_default",
        RootKind.FUNCTION,
    ),
}


@pytest.mark.parametrize(("hold", "owner", "root"), ROOTS.values(), ids=ROOTS)
def test_the_owner_is_what_source_code_has_a_name_for(app, hold, owner, root):
    """The owner is the module's global, the class's attribute or the function that a developer can search for."""
    one = app.Target()
    hold(app, one)
    assert holder_of(one)[3:5] == (owner, root)


def test_the_normal_path_has_no_keys(app):
    """Two objects of one container have the same normal path."""
    app.HOLD = {"a": [app.Target()], "b": [None, app.Target()]}
    found = find_holders([app.HOLD["a"][0], app.HOLD["b"][1]]).values()
    assert {holder.normal for holder in found} == {"held_app.HOLD[*][*]"}
    assert {holder.path for holder in found} == {"held_app.HOLD['a'][0]", "held_app.HOLD['b'][1]"}


@pytest.mark.parametrize("change", [{"__defaults__": "second"}, {"__kwdefaults__": "third"}], ids=["plain", "keyword"])
def test_a_default_is_called_by_its_parameter(app, change):
    """Objects in defaults of functions are found under the parameter's name."""
    one = app.Target()
    ((where, name),) = change.items()
    setattr(app.with_default, where, (one,) if where == "__defaults__" else {name: one})
    assert holder_of(one).path == f"held_app.with_default.<defaults>.{name}"


def test_a_cache_on_a_method_is_called_like_the_method(app):
    """An instance that an lru_cache on its method keeps is held by that method, which bounds it."""
    service = app.Service()
    service.lookup()
    found = holder_of(service)
    assert found.path == "held_app.Service.lookup.<cache>[…]" or found.path.startswith(
        "held_app.Service.lookup.<cache>[…]"
    )
    assert found[3:] == ("held_app.Service.lookup", RootKind.CACHE, 512)


def test_a_finalizer_is_found_in_its_registry(app):
    """What a weakref.finalize holds for its callback is found in the registry of the class."""
    one, watched = app.Target(), app.Target()
    app.watched = watched
    finalizer = weakref.finalize(watched, print, one)
    assert holder_of(one).path == "weakref.finalize._registry[<weakref.finalize>].args[0]"
    finalizer.detach()


def test_the_defining_module_wins(app, monkeypatch):
    """A class that several modules import is called by the module that defines it."""
    importer = types.ModuleType("a")
    importer.Model = app.Model
    monkeypatch.setitem(sys.modules, "a", importer)
    assert holder_of(app.Model).path == "held_app.Model"


def test_a_module_that_was_never_initialised_hides_nothing(app, monkeypatch):
    """It has no namespace on Python 3.10; what others hold is found all the same."""
    app.HOLD = target = app.Target()
    monkeypatch.setitem(sys.modules, "a", types.ModuleType.__new__(types.ModuleType))
    assert holder_of(target).path == "held_app.HOLD"


def test_without_a_definer_the_shortest_public_name_wins(app, monkeypatch):
    """A list that several modules hold is called by the shortest name without an underscore."""
    app.HOLD = ["shared"]
    for name in ("held_app_that_is_longer", "_h"):
        module = types.ModuleType(name)
        module.HOLD = app.HOLD
        monkeypatch.setitem(sys.modules, name, module)
    assert holder_of(app.HOLD).path == "held_app.HOLD"


def test_a_local_variable_is_found_by_name(app):
    """What only a running function holds is called by the function and the variable."""
    mine = app.Target()
    found = find_holders([mine])[id(mine)]
    assert found.path.endswith("test_a_local_variable_is_found_by_name>.mine")
    assert found.root is RootKind.FRAME


@pytest.mark.skipif(
    sys.gettrace() is not None, reason="a frame that is traced keeps what its tracer may have asked for"
)
def test_a_frame_keeps_nothing_that_was_asked_for(app):
    """A local variable that is deleted after a search is gone: no frame kept a copy of its variables."""
    mine = app.Target()
    alive = weakref.ref(mine)
    holder_of(mine)
    del mine
    assert alive() is None


def test_locals_that_somebody_holds_stay(app):
    """A function's own `locals()` are as they were after a search."""
    mine = app.Target()
    mapping = locals()
    holder_of(mine)
    assert mapping["mine"] is mine


def test_a_thread_is_found_by_name(app):
    """What a running thread was given is found through the thread, not through the table of all threads."""
    begun, go_on = threading.Event(), threading.Event()

    def start():
        threading.Thread(target=wait, kwargs={"mine": app.Target()}, name="worker-7").start()

    def wait(**kept):
        kept.clear()
        begun.set()
        go_on.wait()

    start()
    begun.wait()
    try:
        (found,) = find_holders([one for one in gc.get_objects() if type(one) is app.Target]).values()
    finally:
        go_on.set()
    assert (found.path, found.normal) == ("<thread 'worker-7'>._kwargs['mine']", "<thread *>._kwargs[*]")
    assert found.root is RootKind.THREAD


def test_a_context_variable_is_found_by_name(app):
    """What the current context holds is called by its variable."""

    def search():
        CURRENT.set(app.Target())
        return find_holders([CURRENT.get()])

    (found,) = contextvars.copy_context().run(search).values()
    assert (found.path, found.root) == ("<context>.CURRENT", RootKind.CONTEXT)


def test_a_context_variable_itself_is_held_by_the_context(app):
    """A variable that only the current context knows is found there, by its own name."""
    variable = contextvars.ContextVar("local")
    context = contextvars.copy_context()
    context.run(variable.set, 6)
    (found,) = context.run(find_holders, [variable], ignore={id(context)}).values()
    assert (found.path, found.root) == ("<context>.local", RootKind.CONTEXT)


@pytest.mark.parametrize("is_held_elsewhere", [True, False])
def test_what_loaded_a_module_holds_last(app, is_held_elsewhere):
    """A loader may hold its whole program: it is named only where there is no other way, however long that is."""
    app.__loader__ = app.Plain(app.Target())
    if is_held_elsewhere:
        app.LONG = [[[app.Plain(app.__loader__.held)]]]
    path = "held_app.LONG[0][0][0].held" if is_held_elsewhere else "held_app.__loader__.held"
    found = holder_of(app.__loader__.held)
    assert found.path == path


def test_a_held_context_is_looked_into(app):
    """What a context that somebody keeps holds is called by its variable."""
    app.HOLD = contextvars.copy_context()
    app.HOLD.run(lambda: CURRENT.set(app.Target()))
    one = app.HOLD[CURRENT]
    assert holder_of(one).path == "held_app.HOLD.CURRENT"


def test_what_the_event_loop_will_call_is_found(app):
    """What waits in the running event loop is found there."""

    async def search():
        asyncio.get_running_loop().call_later(60, print, app.Target())
        return find_holders([one for one in gc.get_objects() if type(one) is app.Target])

    (found,) = asyncio.run(search()).values()
    assert "_scheduled[0]" in found.path or "_args" in found.path


def test_what_nothing_holds_is_outside(app):
    """An object that only the targets hold is said to be held outside Python."""
    (found,) = find_holders([app.Target()]).values()
    assert found.root is RootKind.OUTSIDE
    assert found.path.startswith("held outside Python")


def test_a_stray_is_called_by_what_refers_to_it(app):
    """An object that hangs on nothing known is called by what leads to it, a few steps back."""

    def lose():
        lost = app.Plain({"a": app.Target()})
        lost.itself = lost

    gc.disable()
    try:
        lose()
        (found,) = find_holders([one for one in gc.get_objects() if type(one) is app.Target]).values()
    finally:
        gc.enable()
    assert (found.path, found.root) == ("<held_app.Plain>.held['a']", RootKind.OUTSIDE)


def test_a_lost_function_is_called_by_its_name(app):
    """A function that only C code refers to is called as in source code."""

    def lose():
        hook = vars(app).pop("with_default")
        hook.__defaults__ = (app.Target(),)
        atexit.register(hook)
        return weakref.ref(hook)

    hook = lose()
    try:
        found = holder_of(hook().__defaults__[0])
    finally:
        atexit.unregister(hook())
    assert (found.path, found.root) == ("held_app.with_default.<defaults>.second", RootKind.FUNCTION)


class Proxy:
    """A proxy that is not ready for anything."""

    __slots__ = ("held",)

    @property
    def __class__(self):
        raise RuntimeError("not ready")

    def __getattribute__(self, name):
        raise RuntimeError(name)

    def __eq__(self, other):
        raise RuntimeError("compared")

    def __hash__(self):
        raise RuntimeError("hashed")

    def __iter__(self):
        raise RuntimeError("iterated")


class Meta(type):
    """A metaclass that answers nothing."""

    def __getattribute__(cls, name):
        raise RuntimeError(name)

    def __eq__(cls, other):
        raise RuntimeError("compared")

    def __hash__(cls):
        raise RuntimeError("hashed")


class Lazy(list):
    """A list that may not be read."""

    def __iter__(self):
        raise RuntimeError("iterated")

    def __len__(self):
        raise RuntimeError("measured")

    def __getitem__(self, index):
        raise RuntimeError("indexed")


class Computing:
    """Attributes that compute."""

    def __init__(self, held):
        self.__dict__["value"] = held
        self.held = held

    @property
    def value(self):
        raise RuntimeError("computed")

    def __getattr__(self, name):
        raise RuntimeError(name)


def test_a_proxy_is_walked_through(app):
    """An object whose every method raises is passed like any other."""
    one, proxy = app.Target(), Proxy()
    Proxy.__dict__["held"].__set__(proxy, one)
    app.HOLD = [proxy]
    assert holder_of(one).path == "held_app.HOLD[0].held"
    assert find_holders([proxy])[id(proxy)].path == "held_app.HOLD[0]"


def test_a_class_that_answers_nothing_is_named(app):
    """The class attribute of a hostile metaclass is found."""
    hostile = Meta("Hostile", (), {"__module__": "held_app", "registry": [app.Target()]})
    app.Hostile = hostile
    one = type.__dict__["__dict__"].__get__(hostile)["registry"][0]
    assert holder_of(one).path == "held_app.Hostile.registry[0]"


def test_a_list_that_may_not_be_read_is_read(app):
    """The methods of a list's subclass aren't asked."""
    one = app.Target()
    app.HOLD = Lazy([None, one])
    assert holder_of(one).path == "held_app.HOLD[1]"


def test_properties_are_not_run(app):
    """A name that the class computes isn't asked for."""
    one = app.Target()
    app.HOLD = Computing(one)
    assert holder_of(one).path.startswith("held_app.HOLD.")


@pytest.mark.skipif(sys.version_info < (3, 11), reason="attributes are always in a dict")
def test_no_dict_is_made(app):
    """Instances that have no `__dict__` yet have none after a search either."""
    one = app.Target()
    app.HOLD = app.Plain(one)
    size = sys.getsizeof(app.HOLD)
    holder_of(one)
    assert not any(type(part) is dict for part in gc.get_referents(app.HOLD))
    assert sys.getsizeof(app.HOLD) == size


def test_a_module_that_is_none_is_looked_into(app, monkeypatch):
    """Whatever somebody put into `sys.modules` is a place where paths begin."""
    one = app.Target()
    monkeypatch.setitem(sys.modules, "held_lazy", app.Plain(one))
    assert holder_of(one).path == "held_lazy.held"


def test_names_of_modules_that_are_no_strings_are_passed_by(app, monkeypatch):
    """A key of `sys.modules` that is no string is no name."""
    monkeypatch.setitem(sys.modules, 17, None)
    app.HOLD = app.Target()
    assert holder_of(app.HOLD).path == "held_app.HOLD"


def test_an_entry_of_a_huge_list_is_found(app):
    """One of a million entries is found, without a name made for the others."""
    app.HOLD = [None] * 1_000_000
    app.HOLD[999_999] = one = app.Target()
    assert holder_of(one).path == "held_app.HOLD[999999]"


def test_a_string_is_found(app):
    """Targets that the collector doesn't track are found too."""
    one = f"only{len(sys.modules)}"
    app.HOLD = {"a": (one,)}
    assert holder_of(one).path == "held_app.HOLD['a'][0]"


def test_what_is_ignored_is_no_way(app):
    """No path leads through an object that the caller ignores."""
    one = app.Target()
    app.AAA = [one]
    app.HOLD = {"far": {"away": one}}
    assert holder_of(one).path == "held_app.AAA[0]"
    found = find_holders([one], ignore=[id(app.AAA)])[id(one)]
    assert found.path == "held_app.HOLD['far']['away']"


def test_the_targets_are_no_holders(app):
    """The caller's list of targets isn't named, wherever it is."""
    app.HOLD = [app.Target()]
    (found,) = find_holders(app.HOLD).values()
    assert found.root is RootKind.OUTSIDE


@pytest.mark.parametrize("kind", ["reached", "stray", "frame"])
def test_a_search_keeps_nothing(app, kind):
    """A search leaves no object behind, nor garbage for the collector."""
    mine = app.Target()
    app.HOLD = [app.Target(), {"a": app.Plain(app.Target())}]
    targets = {"reached": [app.HOLD[1]["a"].held, app.HOLD[0]], "stray": [app.Target()], "frame": [mine]}[kind]
    gc.collect()
    gc.disable()
    try:
        find_holders(targets)
        assert gc.collect() == 0
        objects, blocks = len(gc.get_objects()), sys.getallocatedblocks()
        for _ in range(20):
            find_holders(targets)
        assert gc.collect() == 0  # which empties the free lists, too
        kept_blocks = sys.getallocatedblocks() - blocks
        assert len(gc.get_objects()) == objects
    finally:
        gc.enable()
    assert kept_blocks < 20


def test_the_collector_is_left_as_it_was(app):
    """A search with the collector off leaves it off."""
    gc.disable()
    try:
        find_holders([app.Target()])
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_nothing_is_asked_for_nothing():
    """Without targets there are no holders."""
    assert find_holders([]) == {}


@pytest.mark.parametrize(
    ("container", "bound"),
    [
        (deque(maxlen=7), 7),
        (deque(), None),
        (queue.Queue(maxsize=9), 9),
        (queue.Queue(), None),
        (queue.LifoQueue(3), 3),
        (lru_cache(maxsize=5)(len), 5),
        (lru_cache(maxsize=None)(len), None),
        ([], None),
    ],
    ids=["deque", "endless-deque", "queue", "endless-queue", "stack", "cache", "endless-cache", "list"],
)
def test_bounds_are_what_types_say(container, bound):
    """A bound is known where a type sets it."""
    assert bound_of(container) == bound


BOUNDS = {
    "deque": (lambda app, one: deque([one], maxlen=7), 7),
    "queue": (lambda app, one: app.in_queue(one), 9),
    "near": (lambda app, one: deque([[{"a": one}]], maxlen=7), 7),
    "far": (lambda app, one: deque([[[{"a": one}]]], maxlen=7), None),
    "endless": (lambda app, one: app.cached(one), None),
}


@pytest.mark.parametrize(("wrap", "bound"), BOUNDS.values(), ids=BOUNDS)
def test_the_nearest_bound_is_told(app, wrap, bound):
    """A holder tells the bound of a container within the last three steps."""
    one = app.Target()
    app.HOLD = wrap(app, one)
    assert holder_of(one).bound == bound


def test_a_holder_is_made_of_names(app):
    """A holder consists of strings and numbers alone."""
    app.HOLD = app.Target()
    holder = holder_of(app.HOLD)
    assert isinstance(holder, Holder)
    assert {type(field) for field in holder} <= {str, RootKind, type(None)}
    assert issubclass(RootKind, enum.Enum)
