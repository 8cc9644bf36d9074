"""What building the fixtures costs: how often, how long, and what wider ones add to memory."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable
from typing import Any, Final

from ..meters.account import Account
from ..meters.originals import time
from ..meters.window import Window

_XUNIT: Final = re.compile(r"_(?:xunit|unittest)_(?P<what>\w+?)_fixture_(?P<where>.+)")
FUNCTION: Final = "function"
BUILDS_MOST: Final = 256
DEPTH_MOST: Final = 64


class FixtureCost:
    """Running totals of one fixture; the ledger is the owner."""

    __slots__ = ("builds", "growth_bytes", "name", "scope", "setup_s", "where")

    def __init__(self, name: str, scope: str, where: str | None) -> None:
        self.name = name
        self.scope = scope
        self.where = where
        self.builds = 0
        self.setup_s = 0.0
        self.growth_bytes: int | None = None

    def to_wire(self) -> dict[str, object]:
        """As plain JSON, for the report of the test during which it was built."""
        return {
            "name": self.name,
            "scope": self.scope,
            "builds": self.builds,
            "setup_s": self.setup_s,
            "growth_bytes": self.growth_bytes,
            "where": self.where,
        }


class FixtureLedger:
    """Adds up each fixture's own share, without that of the fixtures it asks for while it is built.

    While a window is open, what is noted goes into room that was allocated before; `take` adds it up, outside of it.
    """

    def __init__(self, window: Window, locate: Callable[[Any], str | None]) -> None:
        """Begin with nothing.

        Args:
            window: which knows what is charged to whom.
            locate: tells where in the project a fixture is defined.
        """
        self._window = window
        self._locate = locate
        self._fixtures: list[Any] = [None] * BUILDS_MOST
        self._own_s = array("d", bytes(8 * BUILDS_MOST))
        self._own_bytes = array("q", bytes(8 * BUILDS_MOST))
        self._count = 0
        self._depth = 0
        self._started_s = array("d", bytes(8 * DEPTH_MOST))
        self._inner_s = array("d", bytes(8 * DEPTH_MOST))
        self._charged_bytes = array("q", bytes(8 * DEPTH_MOST))
        self._inner_bytes = array("q", bytes(8 * DEPTH_MOST))
        self._traced_bytes = array("q", bytes(8 * DEPTH_MOST))
        self._inner_traced_bytes = array("q", bytes(8 * DEPTH_MOST))

    def begin(self) -> None:
        """A fixture is about to be built, already charged to its account."""
        self._depth = depth = min(self._depth + 1, DEPTH_MOST - 1)
        self._inner_s[depth] = self._inner_bytes[depth] = self._inner_traced_bytes[depth] = 0
        self._charged_bytes[depth] = self._charged()
        self._traced_bytes[depth] = self._window.traced_bytes()
        self._started_s[depth] = time.perf_counter()

    def end(self, fixture: Any) -> int:
        """``fixture``, pytest's definition of the one that began last, is built; what the tracer saw it keep, in bytes."""
        depth = self._depth
        taken_s = time.perf_counter() - self._started_s[depth]
        grown_bytes = self._charged() - self._charged_bytes[depth]
        traced_bytes = self._window.traced_bytes() - self._traced_bytes[depth]
        own_traced_bytes = traced_bytes - self._inner_traced_bytes[depth]
        if self._count < BUILDS_MOST:
            self._fixtures[self._count] = fixture
            self._own_s[self._count] = taken_s - self._inner_s[depth]
            self._own_bytes[self._count] = grown_bytes - self._inner_bytes[depth]
            self._count += 1
        self._depth = depth = max(depth - 1, 0)
        self._inner_s[depth] += taken_s
        self._inner_bytes[depth] += grown_bytes
        self._inner_traced_bytes[depth] += traced_bytes
        return own_traced_bytes

    def take(self) -> list[FixtureCost]:
        """What was noted since this was last called, a fixture each."""
        costs: dict[tuple[str, str, str | None], FixtureCost] = {}
        for row in range(self._count):
            fixture, self._fixtures[row] = self._fixtures[row], None
            key = (readable_name(fixture.argname), fixture.scope, self._locate(fixture))
            cost = costs.get(key) or costs.setdefault(key, FixtureCost(*key))
            cost.builds += 1
            cost.setup_s += self._own_s[row]
            if fixture.scope != FUNCTION:
                cost.growth_bytes = (cost.growth_bytes or 0) + self._own_bytes[row]
        self._count = 0
        return list(costs.values())

    def _charged(self) -> int:
        return self._window.growth_of(Account.SHARED) if self._window.is_open else 0


def readable_name(name: str) -> str:
    """The name as a user knows it: ``setup_class [TestX]`` for pytest's hidden ``_xunit_setup_class_fixture_TestX``."""
    match = _XUNIT.fullmatch(name)
    return f"{match['what']} [{match['where']}]" if match else name
