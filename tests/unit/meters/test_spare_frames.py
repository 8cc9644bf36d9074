"""The frames that CPython 3.10 keeps for functions that ran, made before they run."""

import functools
import gc
import sys
from array import array
from types import ModuleType

import pytest

from pytest_memopt.meters import spare_frames
from pytest_memopt.meters.spare_frames import SpareFrames, functions_in, lay_out_loaded

kept = pytest.mark.skipif(
    sys.version_info >= (3, 11) or sys.implementation.name != "cpython", reason="only CPython 3.10 keeps frames"
)


@pytest.fixture
def made():
    """Names of the codes whose frames were made, and what makes a note of them."""
    names = []
    return names, SpareFrames(lambda code: names.append(code.co_name))


def outer(number):
    """A function with others inside."""

    def inner():
        return [one for one in range(number)]  # noqa: C416 - a code of its own up to 3.11

    return inner


def wrapper_of(function):
    """A decorator's work."""

    def around():
        return function()

    return around


class Mixed:
    def method(self): ...

    @classmethod
    def of_class(cls): ...

    @staticmethod
    def of_none(): ...

    @property
    def value(self): ...

    def __getattr__(self, name):
        raise AssertionError(f"nobody may ask for {name}")


@pytest.mark.parametrize(
    ("root", "names"),
    [
        (outer, {"outer", "inner"}),
        (wrapper_of(outer), {"around", "outer", "inner"}),
        (functools.wraps(outer)(wrapper_of(len)), {"around", "outer", "inner"}),
        (functools.partial(wrapper_of, len), {"wrapper_of", "around"}),
        (Mixed().method, {"method"}),
        (vars(Mixed)["of_class"], {"of_class"}),
        (vars(Mixed)["of_none"], {"of_none"}),
        (vars(Mixed)["value"], {"value"}),
        (Mixed(), set()),
        (Mixed, set()),
        (len, set()),
        (None, set()),
    ],
    ids=lambda value: "-".join(sorted(value)) if type(value) is set else "of",
)
def test_all_that_may_run_is_laid_out(made, root, names):
    """A function's frame is made with those of what it wraps and what is written inside; other objects are left alone."""
    found, frames = made
    frames.lay_out([root])
    assert set(found) - {"<listcomp>"} == names


def test_each_code_is_met_once(made):
    """A function that comes in two ways, or holds itself, is laid out once."""

    def itself():
        return itself

    found, frames = made
    frames.lay_out([itself, itself, functools.partial(itself)])
    assert found == ["itself"]


def test_an_empty_variable_is_passed_over(made):
    """A closure over a name that was deleted holds nothing."""

    def closed():
        return gone  # noqa: F821 - that is the point

    gone = 1
    del gone
    found, frames = made
    frames.lay_out([closed])
    assert found == ["closed"]


def test_a_module_has_what_it_defines():
    """Functions and methods are those of the module itself, not what it imports."""
    module = ModuleType("apart")
    exec("def own(): ...\nclass Own:\n    def method(self): ...\n", vars(module))
    vars(module).update(outer=outer, Mixed=Mixed)
    assert {vars(module)["own"], vars(module)["Own"].__dict__["method"]} <= set(functions_in(module))
    assert outer not in functions_in(module)
    assert vars(Mixed)["method"] not in functions_in(module)


def test_loaded_modules_are_laid_out_by_the_beginning_of_their_names(monkeypatch):
    """What is defined in those of a package, and in no others."""
    for name in ("apart.one", "apart.two", "elsewhere"):
        module = ModuleType(name)
        exec(f"def of_{name[-3:]}(): ...", vars(module))
        monkeypatch.setitem(sys.modules, name, module)
    names = []
    monkeypatch.setattr(spare_frames, "frame_maker", lambda: lambda code: names.append(code.co_name))
    lay_out_loaded(("apart.", "nowhere."))
    assert sorted(names) == ["of_one", "of_two"]


@kept
def test_the_first_call_then_keeps_nothing():
    """A function whose frame was made takes no block for good when it is called; one whose frame wasn't takes one."""

    def plain(number):
        return number

    def laid_out(number):
        return number

    SpareFrames().lay_out([laid_out])
    blocks = array("q", bytes(24))
    gc.collect()
    gc.collect()
    blocks[0] = sys.getallocatedblocks()
    laid_out(1)
    gc.collect()
    blocks[1] = sys.getallocatedblocks()
    plain(1)
    gc.collect()
    blocks[2] = sys.getallocatedblocks()
    assert [blocks[1] - blocks[0], blocks[2] - blocks[1]] == [0, 1]
