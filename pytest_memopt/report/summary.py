"""All that a renderer needs of a run: computed once, frozen, then printed as text, JSON or anything else."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from ..meters.status import Floor, MeterStatus
from ..optimize.suite_effect import StrategyEffect
from ..verdicts.record import TestRecord
from .advice import Advice

if TYPE_CHECKING:
    from ..optimize.pool_advice import PoolAdvice
    from ..optimize.pool_comparison import PoolComparison
    from ..pool.stats import PoolStats


class FixtureUse(NamedTuple):
    """What building one fixture cost over the session.

    Attributes:
        name: the fixture's name.
        scope: ``function``, ``class``, ``module``, ``package`` or ``session``.
        builds: how many times it was set up.
        setup_s: seconds spent on that, all together.
        growth_bytes: net bytes its set-ups added; ``None`` for function scope, whose growth is the test's own.
        where: file and line where the project defines it; ``None`` for one that isn't the project's, or is pooled.
    """

    name: str
    scope: str
    builds: int
    setup_s: float
    growth_bytes: int | None = None
    where: str | None = None


class PoolUse(NamedTuple):
    """What the pool of one resource type did in this session, in all its processes together.

    Attributes:
        name: of the type.
        stats: the account.
        held_bytes: what its resources hold, as far as they were built where memory is measured; ``None`` if none was.
        comparison: with and without the pool, where that was asked for.
        uncompared: why there is no comparison although one was asked for; else ``None``.
        advice: what would be better settings.
    """

    name: str
    stats: PoolStats
    held_bytes: int | None = None
    comparison: PoolComparison | None = None
    uncompared: str | None = None
    advice: PoolAdvice | None = None


class WorkerUse(NamedTuple):
    """One process's share of the session.

    Attributes:
        name: ``gw0`` and so on, or ``main`` without xdist.
        tests: how many tests it ran.
        rss_start_bytes, rss_end_bytes, rss_peak_bytes: its resident memory.
        rss_series_bytes: resident memory at the end of each test, in order, thinned to a few hundred points.
        elapsed_s: seconds since the session's start, one for each point of the series.
        lost: for a worker that died: its last test and memory in words; else ``None``.
    """

    name: str
    tests: int = 0
    rss_start_bytes: int | None = None
    rss_end_bytes: int | None = None
    rss_peak_bytes: int | None = None
    rss_series_bytes: tuple[int, ...] = ()
    elapsed_s: tuple[float, ...] = ()
    lost: str | None = None


class TrendNote(NamedTuple):
    """A test's history in one line.

    Attributes:
        sparkline_values: growth over the last runs, oldest first.
        step_bytes: the change at the last step, or ``None`` where the series has none.
        step_run: the run at which it changed.
        step_commit: its commit, shortened, or ``None``.
    """

    sparkline_values: tuple[float, ...] = ()
    step_bytes: int | None = None
    step_run: int | None = None
    step_commit: str | None = None


class RunInfo(NamedTuple):
    """Where, when and on what this run was made.

    Attributes:
        id: its number in the history, or ``None`` when it isn't stored.
        started: UTC, ISO 8601.
        duration_s: wall time of the session.
        commit, branch: from git, or ``None``.
        dirty: whether the work tree had changes, or ``None``.
        python: implementation and version, as ``CPython 3.11.7``.
        platform: as ``linux-x86_64``.
        machine: a name that is stable for the same machine.
        workers: number of xdist workers, 0 without xdist.
        plugin_version: of pytest-memopt.
    """

    id: int | None
    started: str
    duration_s: float
    commit: str | None
    dirty: bool | None
    branch: str | None
    python: str
    platform: str
    machine: str
    workers: int
    plugin_version: str


class SuiteTrend(NamedTuple):
    """How the memory of the suite moved inside this run and over the runs before.

    Attributes:
        slope_mb_per_minute: MiB per minute of the resident memory at the tests' ends (robust slope).
        interval_mb_per_minute: its 95 % interval, or ``None`` with too few points.
        runs: how many comparable runs the history holds, this one included.
        per_run_ratio: relative change of the end RSS per run (0.001 = +0.1 %/run), or ``None`` with too few runs.
        verdict: ``"steady"``, ``"rising"``, ``"falling"`` or ``"too few runs"``.
    """

    slope_mb_per_minute: float | None = None
    interval_mb_per_minute: tuple[float, float] | None = None
    runs: int = 0
    per_run_ratio: float | None = None
    verdict: str = "too few runs"


class RunSummary(NamedTuple):
    """All that a renderer needs: computed once, then printed as text, JSON or anything else.

    Attributes:
        run: the run.
        history_path: where the history is kept, for the reader; ``None`` when off.
        gc_mode: ``freeze``, ``collect`` or ``off``.
        floor: the calibration.
        meters: what is in use.
        tests: one record a test, in the order they ended.
        fixtures: one entry per fixture.
        workers: one entry per process.
        trend: the suite's.
        test_trends: per nodeid, for tests with a history.
        optimizations: what came of each strategy that was asked for, over all processes.
        advice: what to change, what saves most first.
        warnings: things that went wrong but did not stop the run, one sentence each.
        pools: one entry a resource type.
    """

    run: RunInfo
    history_path: str | None = None
    gc_mode: str = "freeze"
    floor: Floor = Floor()
    meters: tuple[MeterStatus, ...] = ()
    tests: tuple[TestRecord, ...] = ()
    fixtures: tuple[FixtureUse, ...] = ()
    workers: tuple[WorkerUse, ...] = ()
    trend: SuiteTrend = SuiteTrend()
    test_trends: Mapping[str, TrendNote] = MappingProxyType({})
    optimizations: tuple[StrategyEffect, ...] = ()
    advice: tuple[Advice, ...] = ()
    warnings: tuple[str, ...] = ()
    pools: tuple[PoolUse, ...] = ()
