"""Which tests and fixtures are worth a row, the worst first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..limits.limits import Severity
from ..verdicts.record import TestRecord, VerdictKind
from .failure import stands
from .summary import FixtureUse, RunSummary, TrendNote

NOTABLE_GROWTH_BYTES: Final = 1024
NOTABLE_PEAK_BYTES: Final = 10 * 1024**2
NOTABLE_SETUP_S: Final = 0.1
_QUIET: Final = frozenset({VerdictKind.OK, VerdictKind.UNMEASURED})
_RANKS: Final = {kind: rank for rank, kind in enumerate(VerdictKind, start=3)}
_FAILED_RANK, _UNCHECKED_RANK, _WARNED_RANK = 0, 1, 2


def worst_tests(summary: RunSummary) -> list[TestRecord]:
    """The tests that have something to say: by severity, then by growth, then by peak, the worst first.

    Broken limits come first, then limits that could not be checked, then limits that only warn, then the verdicts in
    their own order. A test whose limits hold, which gave back what it took and whose peak was low is not in the list.
    """
    told = [record for record in summary.tests if _has_news(record, summary)]
    return sorted(told, key=_order)


def worst_fixtures(fixtures: Iterable[FixtureUse], count: int) -> list[FixtureUse]:
    """At most ``count`` fixtures that hold memory or took a noticeable time: by growth, then by total set-up time."""
    told = [use for use in fixtures if (use.growth_bytes or 0) > 0 or use.setup_s >= NOTABLE_SETUP_S]
    return sorted(told, key=lambda use: (-max(use.growth_bytes or 0, 0), -use.setup_s, use.name))[:count]


def failing(record: TestRecord) -> bool:
    """Whether a limit that fails the test was exceeded for certain, or the test leaks."""
    return record.verdict is VerdictKind.LEAK or any(
        breach.limit.severity is Severity.FAIL and stands(breach) for breach in record.breaches
    )


def unchecked(record: TestRecord) -> bool:
    """Whether the test has limits that could not be checked."""
    return record.verdict is VerdictKind.UNMEASURED and bool(record.limits)


def _has_news(record: TestRecord, summary: RunSummary) -> bool:
    """Whether there is more to say of the test than that it is fine."""
    measured = record.measured
    if record.verdict not in _QUIET or record.breaches or unchecked(record):
        return True
    if summary.test_trends.get(record.nodeid, TrendNote()).step_bytes:
        return True
    return measured is not None and (
        measured.growth_bytes >= max(NOTABLE_GROWTH_BYTES, summary.floor.growth_bytes + 1)
        or any(measured.extra.values())
        or (measured.fds or 0) > 0
        or (measured.threads or 0) > 0
        or (measured.peak_rss_bytes or 0) >= NOTABLE_PEAK_BYTES
        or (measured.peak_bytes or 0) >= NOTABLE_PEAK_BYTES
    )


def _order(record: TestRecord) -> tuple[int, int, int, str]:
    """The sort key of a test."""
    measured = record.measured
    if measured is None:
        return _rank(record), 0, 0, record.nodeid
    peak = max(measured.peak_rss_bytes or 0, measured.peak_bytes or 0)
    return _rank(record), -measured.growth_bytes, -peak, record.nodeid


def _rank(record: TestRecord) -> int:
    """How severe the test's state is, 0 the worst."""
    if failing(record):
        return _FAILED_RANK
    if unchecked(record):
        return _UNCHECKED_RANK
    return _WARNED_RANK if any(map(stands, record.breaches)) else _RANKS[record.verdict]
