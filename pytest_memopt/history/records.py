"""What the history keeps of a run and of each test in it."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple


class Metric(str, Enum):
    """The figures of a test that the history has series of; the values are the names of `TestRow`'s attributes."""

    GROWTH = "growth_bytes"
    PEAK_RSS = "peak_rss_bytes"
    PEAK = "peak_bytes"
    BLOCKS = "blocks"
    OBJECTS = "objects"


class Environment(NamedTuple):
    """What makes two runs comparable: unlike environments are never put into one series.

    Attributes:
        machine: a name that is stable for the same machine.
        platform: as ``linux-x86_64``.
        python: implementation and minor version, as ``CPython 3.11``.
    """

    machine: str
    platform: str
    python: str

    def __str__(self) -> str:
        return f"{self.python} · {self.platform} · {self.machine}"


class RunRow(NamedTuple):
    """One session of pytest.

    Attributes:
        id: its number, given by the store; ``None`` before it is stored.
        uid: what tells it from every run of every history, so that a merge knows it again; given by the store.
        test_count: how many tests it holds, as the store counts them.
        started: UTC, ISO 8601 with seconds.
        duration_s: wall time of the session.
        commit, branch: from git, or ``None``.
        dirty: whether the work tree had changes.
        environment: where it ran.
        workers: number of xdist workers, 0 without.
        plugin_version: of pytest-memopt.
        rss_start_bytes, rss_end_bytes, rss_peak_bytes: resident memory, summed over the workers.
        growth_mb_per_minute: slope of the resident memory.
    """

    started: str
    duration_s: float
    environment: Environment
    plugin_version: str
    id: int | None = None
    uid: str | None = None
    test_count: int = 0
    commit: str | None = None
    branch: str | None = None
    dirty: bool | None = None
    workers: int = 0
    rss_start_bytes: int | None = None
    rss_end_bytes: int | None = None
    rss_peak_bytes: int | None = None
    growth_mb_per_minute: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON has them, the environment's as an object of its own."""
        return {**self._asdict(), "environment": self.environment._asdict()}


class TestRow(NamedTuple):
    """One test in one run: the figures that trends are made of."""

    nodeid: str
    outcome: str
    verdict: str
    duration_s: float
    growth_bytes: int | None = None
    peak_rss_bytes: int | None = None
    peak_bytes: int | None = None
    blocks: int | None = None
    objects: int | None = None


TestRow.__test__ = False  # type: ignore[attr-defined] # pytest collects classes called Test*; this is not one


class SeriesPoint(NamedTuple):
    """One run's value of one metric of one test.

    Attributes:
        run_id: the run.
        commit: its commit, or ``None``.
        value: bytes or a count.
    """

    run_id: int
    commit: str | None
    value: int


class Knowledge(NamedTuple):
    """Something that was learned in one environment.

    Attributes:
        environment: where it holds.
        kind: what learned it, as ``optimize`` or ``pool``.
        name: what it is about.
        value: what JSON can hold.
        changed: when it became so; UTC, ISO 8601 with seconds.
    """

    environment: Environment
    kind: str
    name: str
    value: Any
    changed: str

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON has them, the environment's as an object of its own."""
        return {**self._asdict(), "environment": self.environment._asdict()}
