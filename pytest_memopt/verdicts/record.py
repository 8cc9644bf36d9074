"""What is said of one test: measurement, limits and verdict in one frozen record."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from ..leaks.finding import LeakFinding
from ..limits.limits import Breach, Limit
from ..meters.measurement import Measurement, Site


class VerdictKind(str, Enum):
    """The word for a test's memory; the order is how the summary sorts them."""

    BREACH = "breach"
    LEAK = "leak"
    KNOWN_LEAK = "known-leak"
    WARM_UP = "warm-up"
    FILLING_CACHE = "filling-cache"
    FRAGMENTATION = "fragmentation"
    INCONCLUSIVE = "inconclusive"
    UNMEASURED = "unmeasured"
    OK = "ok"


class Outcome(str, Enum):
    """What became of the test as a test."""

    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"
    XFAILED = "xfailed"
    XPASSED = "xpassed"
    ERROR = "error"


class TestRecord(NamedTuple):
    """Everything known about the memory of one test in one session.

    Attributes:
        nodeid: pytest's name of the test.
        outcome: as a test, after its limits were applied.
        verdict: the word for its memory.
        why: the reason behind ``unmeasured``, or behind a verdict that needs one; else ``None``.
        measured: the first run's measurement; ``None`` when it could not be measured.
        duration_s: set-up, call and teardown of the first run.
        limits: what was limited.
        breaches: the limits that were exceeded, confirmed or not.
        reruns: growth in bytes of each rerun that was made to confirm.
        sites: allocating lines found by the second pass, largest first.
        worker: the xdist worker, or ``None``.
        leak: what a hunt found; ``None`` where none was made.
    """

    nodeid: str
    outcome: Outcome
    verdict: VerdictKind
    why: str | None = None
    measured: Measurement | None = None
    duration_s: float = 0.0
    limits: tuple[Limit, ...] = ()
    breaches: tuple[Breach, ...] = ()
    reruns: tuple[int, ...] = ()
    sites: tuple[Site, ...] = ()
    worker: str | None = None
    leak: LeakFinding | None = None


TestRecord.__test__ = False  # type: ignore[attr-defined] # pytest collects classes called Test*; this is not one
