"""Limits on a test's memory, and their breaches: frozen values, wherever they came from."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple


class Metric(str, Enum):
    """What can be limited; the value is the keyword of ``memory_limit``."""

    PEAK = "peak"
    GROWTH = "growth"
    RSS = "rss"
    OBJECTS = "objects"
    FDS = "fds"
    THREADS = "threads"

    @property
    def is_bytes(self) -> bool:
        """Whether it is measured in bytes (else it is a count)."""
        return self in (Metric.PEAK, Metric.GROWTH, Metric.RSS)


class Severity(str, Enum):
    """What a breach does to the test."""

    FAIL = "fail"
    WARN = "warn"


@dataclass(frozen=True, slots=True)
class Limit:
    """The most that one metric of one test may reach.

    Attributes:
        metric: what is limited.
        ceiling: the highest value that is still fine, in bytes or as a count (see ``Metric.is_bytes``).
        type_name: for ``objects``: the type that is counted, as ``app.Session``; ``None`` for all together.
        severity: whether a breach fails the test or is only told.
        written: the size as the user wrote it (``"1 MB"``), to be told in the same words; ``None`` for a number.
        source: where the limit was written, for the failure message (``"mark memory_limit"``, ``"memopt_limits: tests/*"``).
    """

    metric: Metric
    ceiling: int
    type_name: str | None = None
    severity: Severity = Severity.FAIL
    source: str = "memory_limit"
    written: str | None = field(default=None, compare=False)

    @property
    def key(self) -> tuple[Metric, str | None]:
        """What makes two limits the same limit: of these only the closest counts."""
        return (self.metric, self.type_name)


class Limits(NamedTuple):
    """All that is limited about one test.

    Attributes:
        limits: at most one per metric (and type).
        warmup: runs that come before the one that is judged.
    """

    limits: tuple[Limit, ...] = ()
    warmup: int = 0

    def __bool__(self) -> bool:
        """Whether anything is limited at all."""
        return bool(self.limits)

    def covers(self, metric: Metric) -> bool:
        """Whether some limit is on ``metric``."""
        return any(limit.metric is metric for limit in self.limits)


class Breach(NamedTuple):
    """A limit that a test went over.

    Attributes:
        limit: the limit.
        runs: what was measured, in bytes or as a count: the first run, then each rerun.
        confirmed: whether every run went over it; a first run alone, where none could follow, is not confirmed.
    """

    limit: Limit
    runs: tuple[int, ...]
    confirmed: bool

    @property
    def measured(self) -> int:
        """The value that is reported: the smallest of the runs, since only that much is reproduced."""
        return min(self.runs)
