"""Fakes for the pool's tests: naps and event loops that let the clock go on instead of waiting."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest


@dataclass
class Naps:
    """Sleeps that take no time: the clock goes on, and at each planned nap something happens."""

    pass_by: Callable[[float], None]
    planned: dict[int, Callable[[], object]] = field(default_factory=dict)
    taken_s: list[float] = field(default_factory=list)

    def __call__(self, seconds: float) -> None:
        self.taken_s.append(seconds)
        self.pass_by(seconds)
        self.planned.get(len(self.taken_s), lambda: None)()


@pytest.fixture
def naps(clock):
    """Naps of a clock that stands at 0."""
    return Naps(clock.pass_by)


class StillSelector(selectors.DefaultSelector):
    """Lets the clock go on where it would wait for the time to pass; for other threads it waits as long as it takes."""

    def __init__(self, clock):
        super().__init__()
        self.clock = clock

    def select(self, timeout=None):
        if timeout:
            self.clock.pass_by(timeout)
        return super().select(timeout if timeout is None else 0)


class StillLoop(asyncio.SelectorEventLoop):
    """An event loop whose waits take no time."""

    def __init__(self, clock):
        super().__init__(StillSelector(clock))
        self.clock = clock

    def time(self):
        return self.clock()


@pytest.fixture
def make_loop(clock):
    """Makes event loops of the clock; closes them in the end, when no task must be left in them."""
    made = []

    def make():
        made.append(StillLoop(clock))
        return made[-1]

    yield make
    left = [task for loop in made for task in asyncio.all_tasks(loop)]
    for loop in made:
        loop.close()
    assert not left


@pytest.fixture
def loop(make_loop):
    """The event loop of an async test."""
    return make_loop()


@pytest.fixture
def troubles():
    """What the pools told."""
    return []
