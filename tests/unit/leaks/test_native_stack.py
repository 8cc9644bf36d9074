"""The native calls behind C memory that stays, with a memray that is played."""

from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from pytest_memopt.leaks.native_stack import native_stack

STACK = [
    ("_PyObject_Malloc", "Objects/obmalloc.c", 5),
    ("grow", "src/tree.c", 12),
    ("tree_add", "lib.so", 0),
    ("add", "/app/tree.py", 7),
    ("test_add", "/app/test_tree.py", 3),
]


def record(size_bytes, count=3, stack=STACK):
    """What memray keeps of allocations that were not freed."""
    return SimpleNamespace(size=size_bytes, n_allocations=count, hybrid_stack_trace=lambda most: stack[:most])


class Memray:
    """Stands in for the package."""

    def __init__(self, *records, cannot=None, unreadable=None):
        self.records, self.cannot, self.unreadable = records, cannot, unreadable
        self.tracking = 0

    def Tracker(self, path, *, native_traces):  # noqa: N802 - as in memray
        assert native_traces
        if self.cannot is not None:
            raise self.cannot
        return self._tracked()

    @contextmanager
    def _tracked(self):
        self.tracking += 1
        try:
            yield
        finally:
            self.tracking -= 1

    @contextmanager
    def FileReader(self, path):  # noqa: N802 - as in memray
        if self.unreadable is not None:
            raise self.unreadable
        yield SimpleNamespace(get_leaked_allocation_records=lambda merge_threads: self.records)


def test_the_calls_are_told_down_to_python():
    """Allocators are left out, and so is what lies beyond the first line of Python; a line that isn't known is none."""
    assert native_stack(int, 100, Memray(record(300))) == ("grow (tree.c:12)", "tree_add (lib.so)", "add (tree.py:7)")


@pytest.mark.parametrize(
    ("records", "told"),
    [
        ([record(300, stack=[("a", "a.c", 1)]), record(150, stack=[("b", "b.c", 1)])], ("a (a.c:1)",)),
        ([record(90, stack=[("a", "a.c", 1)]), record(3000, stack=[("b", "b.c", 1)])], ("a (a.c:1)",)),
        ([record(300, count=2)], ()),
        ([record(20)], ()),
        ([], ()),
    ],
)
def test_the_record_that_explains_most_is_told(records, told):
    """It must come in each round, and be no more than what a round leaves, nor next to nothing of it."""
    assert native_stack(int, 100, Memray(*records)) == told


@pytest.mark.parametrize(
    "memray",
    [Memray(cannot=RuntimeError("somebody else tracks")), Memray(cannot=OSError()), Memray(unreadable=ValueError())],
)
def test_what_memray_cannot_do_is_not_told(memray):
    """Where it can't track, or what it wrote can't be read, there are no calls and no error."""
    assert native_stack(int, 100, memray) == ()
    assert memray.tracking == 0


def test_what_the_workload_raises_comes_through():
    """Tracking ends all the same."""
    memray = Memray()
    with pytest.raises(ZeroDivisionError):
        native_stack(lambda: 1 / 0, 100, memray)
    assert memray.tracking == 0


def test_without_memray_there_are_no_calls(monkeypatch):
    """It is an extra: nothing is told, and nothing is run."""
    monkeypatch.setitem(__import__("sys").modules, "memray", None)
    assert native_stack(lambda: 1 / 0, 100) == ()


def test_time_is_bounded():
    """When it is up no other round begins, and nothing is told of those that were made."""
    times, rounds = iter((0, 0, 4, 9)), []
    memray = Memray(record(300))
    told = native_stack(lambda: rounds.append(1), 100, memray, budget_s=9, clock=lambda: next(times))
    assert (told, len(rounds), memray.tracking) == ((), 2, 0)
