"""Those who ask the collector for objects while the heap is frozen."""

import copy
import gc
import inspect
import pickle
import sys
import weakref
from types import ModuleType

import pytest

from pytest_memopt.meters import originals
from pytest_memopt.meters.whole_heap import QUESTIONS, WholeHeap


class Thing:
    """Something that the collector tracks."""


def run_now(coroutine):
    """What a coroutine that waits for nothing returns."""
    with pytest.raises(StopIteration) as stopped:
        coroutine.send(None)
    return stopped.value.value


@pytest.fixture
def thawed():
    """How often the heap was thawed for somebody."""
    return []


@pytest.fixture
def whole(thawed):
    """Open doors, shut in the end."""
    before = [getattr(gc, name) for name in QUESTIONS]
    whole = WholeHeap(lambda: thawed.append(True), lambda: True)
    whole.open()
    yield whole
    whole.close()
    assert [getattr(gc, name) for name in QUESTIONS] == before


@pytest.mark.parametrize("name", QUESTIONS)
def test_it_is_thawed_before_the_answer(whole, thawed, name):
    """Each question is answered by the interpreter, after the heap was thawed, and keeps its documentation."""
    try:
        answer = getattr(gc, name)()
        assert thawed == [True]
        assert type(answer) is type(getattr(originals.gc, name)())
        assert getattr(gc, name).__doc__ == getattr(originals.gc, name).__doc__
    finally:
        originals.gc.unfreeze()


def test_arguments_are_handed_on(whole):
    """Positions, names and signatures are the interpreter's."""
    held = [1]
    holder = [held]
    assert any(one is holder for one in gc.get_objects(generation=0))
    assert any(one is holder for one in gc.get_referrers(held))
    assert inspect.signature(gc.get_objects) == inspect.signature(originals.gc.get_objects)
    with pytest.raises(TypeError):
        gc.get_objects(1, 2)


def test_a_coroutine_finds_who_it_would_find_without(whole):
    """Whether a running coroutine is told to refer to its own variables is up to the interpreter, not to this."""

    async def ask(get_referrers):
        mine = Thing()
        return get_referrers(mine)

    found = len(run_now(ask(originals.gc.get_referrers)))
    assert len(run_now(ask(gc.get_referrers))) == found
    second = WholeHeap(lambda: None, lambda: True)
    second.open()
    assert len(run_now(ask(gc.get_referrers))) == found
    second.close()


def test_opened_twice_it_asks_once(whole, thawed):
    """There is one door, however often it is opened."""
    whole.open()
    gc.get_objects()
    assert thawed == [True]


def test_one_run_inside_another_thaws_both(whole, thawed):
    """A pytest that runs inside a test has a door of its own before that of the outer one, and takes it away again."""
    inner = WholeHeap(lambda: thawed.append("inner"), lambda: True)
    inner.open()
    gc.get_objects()
    inner.close()
    gc.get_objects()
    assert thawed == ["inner", True, True]


def test_who_has_the_function_by_its_name_asks_there_too(thawed, monkeypatch):
    """Modules that imported it before get the door, those that did meanwhile give it back, and none is woken for it."""

    class Sleeping(ModuleType):
        def __getattribute__(self, name):
            raise AssertionError(name)

    early, late = ModuleType("early"), ModuleType("late")
    early.get_objects, early.other = gc.get_objects, gc.get_objects
    for number, module in enumerate([early, late, Sleeping("sleeping"), None, ModuleType.__new__(ModuleType)]):
        monkeypatch.setitem(sys.modules, f"module_{number}", module)
    whole = WholeHeap(lambda: thawed.append(True), lambda: True)
    whole.open()
    late.get_objects = gc.get_objects
    early.get_objects()
    assert thawed == [True]
    early.other()
    assert thawed == [True]
    whole.close()
    assert early.get_objects is late.get_objects is gc.get_objects is early.other


@pytest.mark.parametrize("name", QUESTIONS)
def test_it_passes_for_the_interpreters_own(whole, name):
    """A program may keep the function in a class, copy it, pickle it and ask what it is."""
    door, own = getattr(gc, name), getattr(originals.gc, name)
    assert (door.__name__, door.__doc__) == (own.__name__, own.__doc__)
    if name == "get_referrers":
        return  # has to be called without a tuple of arguments
    holder = type("Holder", (), {"ask": door})()
    try:
        assert type(holder.ask()) is type(own())
    finally:
        originals.gc.unfreeze()
    assert copy.deepcopy(door) is copy.copy(door) is pickle.loads(pickle.dumps(door)) is door
    assert inspect.isroutine(door)
    assert inspect.isbuiltin(door)


class Circle:
    """Garbage, when nobody else refers to it."""

    def __init__(self):
        self.itself = self


@pytest.mark.parametrize("name", ["get_objects", "get_referrers"])
def test_garbage_among_the_frozen_is_collected_and_newer_garbage_is_not(name):
    """Who counts objects after ``gc.collect()`` must not meet garbage that it passed by, but may look for their own."""
    old, is_frozen = Circle(), [True]
    gc.collect()
    originals.gc.freeze()
    whole = WholeHeap(lambda: is_frozen.clear() or originals.gc.unfreeze(), lambda: bool(is_frozen))
    whole.open()
    try:
        is_old_alive = weakref.ref(old)
        del old
        new = Circle()
        is_new_alive = weakref.ref(new)
        del new
        gc.collect()  # finds the new one alone
        assert (is_old_alive() is None, is_new_alive() is None) == (False, True)
        new = Circle()
        is_new_alive = weakref.ref(new)
        del new
        getattr(gc, name)()
        assert (is_old_alive() is None, is_new_alive() is None) == (True, False)
    finally:
        whole.close()
        originals.gc.unfreeze()


def test_generations_are_as_they_were(whole, thawed):
    """Who asks for the objects of one generation gets those that are in it: nothing is collected for them."""
    young = Thing()
    assert any(one is young for one in gc.get_objects(generation=0))
    assert thawed == [True]
    assert any(one is young for one in gc.get_objects(0))


def test_where_nothing_is_frozen_nothing_is_thawed(thawed):
    """The interpreter is asked, and no more."""
    whole = WholeHeap(lambda: thawed.append(True), lambda: False)
    whole.open()
    gc.get_objects()
    whole.close()
    assert thawed == []


def test_what_a_test_put_there_stays(whole, monkeypatch):
    """A function that somebody else replaced is left to them, open or shut."""
    before = gc.get_objects.__wrapped__
    with monkeypatch.context() as patch:
        patch.setattr(gc, "get_objects", list)
        whole.close()
        whole.open()
        assert gc.get_objects is list
    gc.get_objects = before
