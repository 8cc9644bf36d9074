"""What a hunt found, for reports: the verdict, the evidence in numbers, and the culprits by name."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple

from ..meters.rounds import BYTE_SIGNALS, LeakSignal
from .ruling import FLAT_ROUNDS, SOFT, LeakKind

_NOTHING: Final[Mapping[str, float]] = MappingProxyType({})
OUTSIDE: Final = "outside Python"
C_MEMORY: Final = "C memory"
LOST_MEMORY: Final = "memory without an object"
# before CPython 3.12.5 it leaks 32 bytes for each line that allocated while it traced
MAYBE_TRACING: Final = "C memory, perhaps tracemalloc's own (gh-121390)"
INTERRUPTED: Final = "interrupted"
_OF_MEMORY: Final = frozenset(signal.value for signal in (*BYTE_SIGNALS, LeakSignal.BLOCKS, *SOFT))


class NoLine(str, Enum):
    """Why the line behind a culprit isn't told."""

    RAN_OUT = "ran-out"
    FAILED = "failed"


class Origin(NamedTuple):
    """Where something that accumulates comes from.

    Attributes:
        site: the line that made it (``app/cache.py:41 in put``); ``None`` where it isn't known.
        fixture: the fixture in whose set-up or teardown that was; ``None`` for the test itself.
    """

    site: str | None = None
    fixture: str | None = None


class Culprit(NamedTuple):
    """Something that there is more of after each round.

    Attributes:
        type: full name of the type of what accumulates.
        count_per_round: how many of them a round adds; ``None`` where they can't be counted.
        bytes_per_round: their own bytes; ``None`` where those can't be told.
        holder: the name by which they are held (``app.cache._BY_ID``), or ``"outside Python"``.
        holder_type: full name of the type of what holds them; ``None`` where nothing does.
        path: the whole way from a root to them, with keys and indices as ``[*]``.
        site: the line that allocated them (``app/cache.py:41 in put``); ``None`` where it isn't known.
        fixture: the fixture in whose set-up or teardown that was; ``None`` for the test itself.
        stack: the native calls that allocated them, the innermost first; where memray could tell.
        example: what one of them is called, with all numbers that differ from run to run (``process (sleep 60, pid
            4711)``), or may be; ``None`` where the type says it all.
    """

    type: str
    count_per_round: float | None
    bytes_per_round: float | None = None
    holder: str = OUTSIDE
    holder_type: str | None = None
    path: str | None = None
    site: str | None = None
    fixture: str | None = None
    stack: tuple[str, ...] = ()
    example: str | None = None

    @property
    def name(self) -> str:
        """What people are told it is: the example, where there is one."""
        return self.example or self.type

    def is_held_with(self, first: Culprit) -> bool:
        """Whether it is held by way of what ``first`` is held by."""
        return self.path is not None and first.path is not None and is_below(self.path, first.path)

    def coming_from(self, origin: Origin) -> Culprit:
        """The same, with the line and the fixture where it comes from."""
        return self._replace(site=origin.site, fixture=origin.fixture)


class LeakFinding(NamedTuple):
    """What a hunt found.

    Attributes:
        verdict: the word.
        rounds: how many times the workload was run.
        per_round: what a round adds, by signal (see `LeakSignal`), where it adds anything.
        culprits: what accumulates, the most telling first.
        signature: what this leak has in common with itself in other tests and runs: types and holders, without numbers.
        why: the reason behind a verdict that needs one.
        series: the newest changes of each signal that moved, round by round.
        duration_s: seconds that the hunt took, the naming of the culprit included.
        wanted_rounds: rounds that were wanted at least before it was called clean.
        isolated: whether it was made in a process of its own.
        no_line: why the line behind a culprit isn't told, where there is a reason to tell.
    """

    verdict: LeakKind
    rounds: int
    per_round: Mapping[str, float] = _NOTHING
    culprits: tuple[Culprit, ...] = ()
    signature: str | None = None
    why: str | None = None
    series: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    duration_s: float = 0.0
    wanted_rounds: int = FLAT_ROUNDS
    isolated: bool = False
    no_line: NoLine | None = None

    @property
    def is_interrupted(self) -> bool:
        """Whether the hunt was broken off from outside."""
        return self.verdict is LeakKind.INCONCLUSIVE and (self.why or "").startswith(INTERRUPTED)

    @property
    def is_leak(self) -> bool:
        """Whether it leaks."""
        return self.verdict is LeakKind.LEAK


def is_below(path: str, way: str) -> bool:
    """Whether ``path`` leads through what ``way`` leads to: ``app.A.x`` through ``app.A``, and not ``app.AB``."""
    return path.startswith(way) and not path[len(way) : len(way) + 1].isidentifier()


def signature_of(culprits: tuple[Culprit, ...], signals: tuple[str, ...], place: str | None = None) -> str:
    """The signature of a leak: where its first culprit is held and what it is; what grows where nobody holds it.

    All of memory is one there: which of its signals grew the most steadily differs from run to run. Where no line is
    known either it is told by ``place``, the test: an entry of known leaks must not let all such leaks pass.
    """
    first = culprits[0] if culprits else None
    if first is None or first.type in (C_MEMORY, LOST_MEMORY):
        others = sorted(set(signals) - _OF_MEMORY)
        at_place = f" in {place}" if place and not others else ""
        return f"{OUTSIDE}: {', '.join(others) or 'memory'}{_without_number(first.site if first else None) or at_place}"
    return f"{first.path or first.holder} <- {first.type}"


def _without_number(site: str | None) -> str:
    """File and function of a line, whose number changes with every edit."""
    file, _, rest = (site or "").rpartition(":")
    function = rest.partition(" in ")[2]
    return f" in {file}{' ' + function if function else ''}" if file else ""
