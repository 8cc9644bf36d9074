"""What has to start anew in a forked child."""

from __future__ import annotations

import gc
import os

import pytest

from pytest_memopt.pool import slots
from pytest_memopt.pool.forks import ForkWatch
from pytest_memopt.pool.slots import SlotRack


class Forkable:
    """Counts how often it was told of a fork."""

    def __init__(self):
        self.told = 0

    def after_fork_in_child(self):
        self.told += 1


@pytest.fixture
def registered(monkeypatch):
    """What is registered with the interpreter, which is kept for ever."""
    hooks = []
    monkeypatch.setattr(os, "register_at_fork", lambda **given: hooks.append(given), raising=False)
    return hooks


def test_all_are_told_by_one_registration(registered):
    """However many there are, the interpreter is asked once."""
    watch, all_of_them = ForkWatch(), [Forkable(), Forkable()]
    for one in all_of_them:
        watch.add(one)
    (hook,) = registered
    hook["after_in_child"]()
    assert [one.told for one in all_of_them] == [1, 1]


def test_what_is_gone_minds_no_fork(registered):
    """What is registered keeps nothing alive."""
    watch, left = ForkWatch(), Forkable()
    watch.add(Forkable())
    watch.add(left)
    gc.collect()
    registered[0]["after_in_child"]()
    assert left.told == 1


def test_systems_without_forks_are_no_error(monkeypatch):
    """There is nothing to be told of there."""
    monkeypatch.delattr(os, "register_at_fork", raising=False)
    watch = ForkWatch()
    watch.add(Forkable())


def test_a_rack_is_told(tmp_path, registered, monkeypatch):
    """In a forked child the slots of the parent aren't held, and a rack that is gone is nobody's concern."""
    monkeypatch.setattr(slots, "FORKS", ForkWatch())
    rack = SlotRack(tmp_path, "db", 1)
    lease = rack.acquire(0)
    SlotRack(tmp_path, "gone", 1).close()
    gc.collect()
    registered[0]["after_in_child"]()
    assert not lease.is_held
    assert rack.try_acquire().is_held
    rack.close()
