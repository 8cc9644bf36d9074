"""What building the fixtures costs: how often, how long, and what wider ones add to memory."""

from __future__ import annotations

import re
from dataclasses import dataclass
from time import perf_counter
from typing import Final

from ..meters.account import Account
from ..meters.window import Window

_XUNIT: Final = re.compile(r"_(?:xunit|unittest)_(?P<what>\w+?)_fixture_(?P<where>.+)")
FUNCTION: Final = "function"


@dataclass(slots=True)
class FixtureCost:
    """Running totals of one fixture; the ledger is the owner."""

    name: str
    scope: str
    builds: int = 0
    setup_s: float = 0.0
    growth_bytes: int | None = None

    def to_wire(self) -> dict[str, object]:
        """As plain JSON, for the report of the test during which it was built."""
        return {
            "name": self.name,
            "scope": self.scope,
            "builds": self.builds,
            "setup_s": self.setup_s,
            "growth_bytes": self.growth_bytes,
        }


@dataclass(slots=True)
class _Build:
    started_s: float
    charged_before_bytes: int
    inner_s: float = 0.0
    inner_bytes: int = 0


class FixtureLedger:
    """Adds up each fixture's own share, without that of the fixtures it asks for while it is built."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._building: list[_Build] = []
        self._costs: dict[tuple[str, str], FixtureCost] = {}

    def begin(self) -> None:
        """A fixture is about to be built, already charged to its account."""
        charged_bytes = self._window.growth_of(Account.SHARED) if self._window.is_open else 0
        self._building.append(_Build(perf_counter(), charged_bytes))

    def end(self, name: str, scope: str) -> None:
        """The fixture that began last is built."""
        build = self._building.pop()
        taken_s = perf_counter() - build.started_s
        cost = self._costs.setdefault((name, scope), FixtureCost(readable_name(name), scope))
        cost.builds += 1
        cost.setup_s += taken_s - build.inner_s
        grown_bytes = 0
        if scope != FUNCTION and self._window.is_open:
            grown_bytes = self._window.growth_of(Account.SHARED) - build.charged_before_bytes
            cost.growth_bytes = (cost.growth_bytes or 0) + grown_bytes - build.inner_bytes
        if self._building:
            self._building[-1].inner_s += taken_s
            self._building[-1].inner_bytes += grown_bytes

    def take(self) -> list[FixtureCost]:
        """The totals since they were last taken, which begin anew."""
        costs, self._costs = list(self._costs.values()), {}
        return costs


def readable_name(name: str) -> str:
    """The name as a user knows it: ``setup_class [TestX]`` for pytest's hidden ``_xunit_setup_class_fixture_TestX``."""
    match = _XUNIT.fullmatch(name)
    return f"{match['what']} [{match['where']}]" if match else name
