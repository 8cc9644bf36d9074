"""Fakes for the pool's tests: a nap that lets the clock go on, and lets happen what was planned for it."""

from __future__ import annotations

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
