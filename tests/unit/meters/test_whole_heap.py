"""Those who ask the collector for objects while the heap is frozen."""

import gc
import inspect
import sys
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
    whole = WholeHeap(lambda: thawed.append(True))
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
    assert any(one is holder for one in gc.get_referrers(held))
    assert any(one is holder for one in gc.get_objects(generation=0))
    assert inspect.signature(gc.get_objects) == inspect.signature(originals.gc.get_objects)
    with pytest.raises(TypeError):
        gc.get_objects(1, 2)


def test_a_coroutine_finds_who_it_would_find_without(whole):
    """Whether a running coroutine is told to refer to its own variables is up to the interpreter, not to this."""

    async def ask(get_referrers):
        mine = Thing()
        return get_referrers(mine)

    assert len(run_now(ask(gc.get_referrers))) == len(run_now(ask(originals.gc.get_referrers)))


def test_opened_twice_it_asks_once(whole, thawed):
    """There is one door, however often it is opened."""
    whole.open()
    gc.get_objects()
    assert thawed == [True]


def test_one_run_inside_another_thaws_both(whole, thawed):
    """A pytest that runs inside a test has a door of its own before that of the outer one, and takes it away again."""
    inner = WholeHeap(lambda: thawed.append("inner"))
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
    for number, module in enumerate([early, late, Sleeping("sleeping"), None]):
        monkeypatch.setitem(sys.modules, f"module_{number}", module)
    whole = WholeHeap(lambda: thawed.append(True))
    whole.open()
    late.get_objects = gc.get_objects
    early.get_objects()
    assert thawed == [True]
    early.other()
    assert thawed == [True]
    whole.close()
    assert early.get_objects is late.get_objects is gc.get_objects is early.other


def test_what_a_test_put_there_stays(whole, monkeypatch):
    """A function that somebody else replaced is left to them, open or shut."""
    before = gc.get_objects.__wrapped__
    with monkeypatch.context() as patch:
        patch.setattr(gc, "get_objects", list)
        whole.close()
        whole.open()
        assert gc.get_objects is list
    gc.get_objects = before
