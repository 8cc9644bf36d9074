"""The account of imports, with a heap and a clock that go on only when they are told to."""

from __future__ import annotations

import os
import types
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.optimize import import_ledger
from pytest_memopt.optimize.import_cost import ImportEdge, ImportOutcome
from pytest_memopt.optimize.import_ledger import ImportLedger


class Account:
    """A ledger over figures that a test moves."""

    def __init__(self):
        self.bytes = 1000
        self.now_s = 0.0
        self.thread = 1
        self.on_read = None
        self.ledger = ImportLedger(self._read, lambda: self.now_s, lambda: self.thread)

    def _read(self):
        if self.on_read is not None:
            self.on_read()
        return self.bytes

    def work(self, count_bytes, seconds=0.0):
        self.bytes += count_bytes
        self.now_s += seconds

    def begin(self, module):
        return self.ledger.begin(module, None)

    def end(self, record, outcome=ImportOutcome.LOADED):
        self.ledger.end(record, outcome)

    def tree(self):
        self.ledger.finish()
        return self.ledger.tree()

    def figures(self):
        return [(c.module, c.own_bytes, c.total_bytes, c.own_s, c.total_s, c.depth) for c in self.tree().costs]


@pytest.fixture
def account():
    """An account in which nothing has happened."""
    return Account()


def test_each_byte_and_second_is_charged_to_the_innermost_import(account):
    """What comes inside of an inner import is its own, and of the outer one only in total."""
    account.work(5, 5.0)
    outer = account.begin("a")
    account.work(10, 1.0)
    inner = account.begin("b")
    account.work(100, 2.0)
    account.end(inner)
    account.work(1000, 4.0)
    account.end(outer)
    account.work(7, 7.0)
    assert account.figures() == [("a", 1010, 1110, 5.0, 7.0, 0), ("b", 100, 100, 2.0, 2.0, 1)]


@given(st.lists(st.tuples(st.integers(1, 3), st.sampled_from(["begin", "end"]), st.integers(-50, 500)), max_size=60))
def test_each_byte_is_charged_once_whatever_threads_do(events):
    """The sum of what is charged is the growth while any import was going on, however threads take turns."""
    account, open_by_thread, grown_bytes, number = Account(), {1: [], 2: [], 3: []}, 0, 0
    for thread, event, count_bytes in events:
        if any(open_by_thread.values()):
            grown_bytes += count_bytes
        account.work(count_bytes, 1.0)
        account.thread = thread
        if event == "begin":
            number += 1
            open_by_thread[thread].append(account.begin(f"m{number}"))
        elif open_by_thread[thread]:
            account.end(open_by_thread[thread].pop())
        else:
            account.bytes -= count_bytes  # nothing happened: no event, so nothing to be told apart
            grown_bytes -= count_bytes if any(open_by_thread.values()) else 0
    for thread, left in open_by_thread.items():
        account.thread = thread
        while left:
            account.end(left.pop())
    tree = account.tree()
    assert tree.total_bytes == grown_bytes
    assert sum(cost.total_bytes for cost in tree.costs if cost.depth == 0) == grown_bytes
    assert len(tree.costs) == number
    assert {cost.outcome for cost in tree.costs} <= {ImportOutcome.LOADED}


def test_threads_have_trees_and_seconds_of_their_own(account):
    """An import in one thread isn't inside of that of another; bytes go to the thread that comes to an event first."""
    one = account.begin("one")
    account.work(10, 1.0)
    account.thread = 2
    two = account.begin("two")
    account.work(100, 1.0)
    account.thread = 1
    account.end(one)
    account.work(1000, 1.0)
    account.thread = 2
    account.end(two)
    assert account.figures() == [("one", 110, 110, 2.0, 2.0, 0), ("two", 1000, 1000, 2.0, 2.0, 0)]


def test_the_account_s_own_footprint_is_left_out(account):
    """What is allocated between the two readings of an event, and the time that passes there, is charged to nobody."""
    readings = Counter()

    def grow():
        readings["all"] += 1
        if readings["all"] % 2 == 0:
            account.work(64, 0.5)

    account.on_read = grow
    outer = account.begin("a")
    account.end(account.begin("b"))
    account.end(outer)
    assert readings["all"] == 8
    assert [(cost.own_bytes, cost.own_s) for cost in account.tree().costs] == [(0, 0), (0, 0)]


def test_failed_and_unfinished_imports_are_told(account):
    """An import that raised is charged as failed, one that outlasts the measuring as unfinished."""
    account.begin("slow")
    account.thread = 2
    failed = account.begin("broken")
    account.work(10)
    account.end(failed, ImportOutcome.FAILED)
    slow, broken = account.tree().costs
    assert (slow.outcome, broken.outcome, broken.own_bytes) == (ImportOutcome.UNFINISHED, ImportOutcome.FAILED, 10)


def test_a_package_that_imports_its_submodule_is_no_import_inside_itself(account):
    """``import a.b`` loads ``a``, which imports ``a.b``: that is ``a`` with ``a.b`` inside, and nothing is lost."""
    asked = account.begin("a.b")
    account.work(1, 1.0)
    package = account.begin("a")
    account.work(10, 1.0)
    submodule = account.begin("a.b")
    account.work(100, 1.0)
    account.end(submodule)
    account.end(package)
    account.work(2, 1.0)
    account.end(asked)
    assert account.figures() == [("a", 10, 113, 1.0, 4.0, 0), ("a.b", 103, 103, 3.0, 3.0, 1)]


def test_a_second_import_of_a_module_that_was_forgotten_counts_too(account):
    """A module that was taken out of ``sys.modules`` and imported again has two costs."""
    for count_bytes in (10, 20):
        record = account.begin("a")
        account.work(count_bytes)
        account.end(record)
    assert [(cost.module, cost.own_bytes) for cost in account.tree().costs] == [("a", 10), ("a", 20)]


def test_who_asks_for_what_is_remembered(account):
    """A module that is there already is noted with the import that asked, or with none; others are not noted."""
    here, there = types.ModuleType("here"), types.ModuleType("there")
    account.ledger.note(here)
    record = account.begin("a")
    account.ledger.note(there)
    account.ledger.note(None)
    account.ledger.note("no module")
    vars(there)["__name__"] = 7
    account.ledger.note(there)
    account.end(record)
    tree = account.tree()
    assert tree.edges == {ImportEdge(None, "here"), ImportEdge(None, "a"), ImportEdge("a", "there")}
    assert tree.reused == ("here", "there")
    account.ledger.note(types.ModuleType("late"))
    assert "late" not in account.ledger.tree().reused


def test_an_event_inside_an_event_is_left_out(account):
    """A finalizer that imports while the account is being written doesn't disturb it."""
    inner = []

    def import_something():
        inner.append(account.begin("finalizer"))
        account.ledger.note(types.ModuleType("by finalizer"))

    account.on_read = import_something
    record = account.begin("a")
    account.on_read = None
    account.end(record)
    assert set(inner) == {None}
    assert account.figures() == [("a", 0, 0, 0, 0, 0)]


def test_a_child_process_is_left_alone(account, monkeypatch):
    """In a forked child nothing is charged."""
    record = account.begin("a")
    monkeypatch.setattr(import_ledger.os, "getpid", lambda: os.getpid() + 1)
    assert account.begin("b") is None
    account.end(record)
    account.ledger.note(types.ModuleType("c"))
    monkeypatch.undo()
    assert [cost.outcome for cost in account.tree().costs] == [ImportOutcome.UNFINISHED]


def test_after_the_end_nothing_is_charged(account):
    """An import that begins or ends after the measuring is not in the account."""
    record = account.begin("a")
    account.ledger.finish()
    account.end(record)
    assert account.begin("b") is None
    assert [(cost.module, cost.outcome) for cost in account.tree().costs] == [("a", ImportOutcome.UNFINISHED)]


def test_imports_that_end_out_of_order_are_forgiven(account):
    """Where an outer import ends before the inner one (a greenlet switched), nothing breaks and nothing is lost."""
    outer, inner = account.begin("a"), account.begin("b")
    account.work(10)
    account.end(outer)
    account.work(5)
    account.end(inner)
    assert account.tree().total_bytes == 15
