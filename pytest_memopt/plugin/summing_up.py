"""The end of a run: ledger and history brought together into the summary that is printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path

import pytest

from ..errors import HistoryError
from ..history.comparable import comparable_runs
from ..history.records import Environment, Metric, RunRow, TestRow
from ..history.steps import last_step
from ..history.store import HistoryStore
from ..history.trend import trend_over_runs
from ..report.summary import RunInfo, RunSummary, SuiteTrend, TrendNote, WorkerUse
from ..robust import theil_sen
from ..settings import Settings
from ..verdicts.record import TestRecord
from .header import Header
from .provenance import machine_name, platform_name, python_minor_name, python_name, read_commit
from .run_ledger import RunLedger

HISTORY_RUNS = 30
SLOPE_LEAST_S = 60.0
_STEP_FLOOR_BYTES = 1024.0
_MIB = 1024**2
_SHORT_COMMIT = 7


def sum_up(
    config: pytest.Config, settings: Settings, header: Header, ledger: RunLedger, worker_count: int
) -> RunSummary:
    """The summary of the run that just ended; it goes into the history where one is kept."""
    commit = read_commit(config.rootpath)
    run = RunInfo(
        id=None,
        started=header.started,
        duration_s=round(ledger.elapsed_s, 3),
        commit=commit.id,
        dirty=commit.dirty,
        branch=commit.branch,
        python=python_name(),
        platform=platform_name(),
        machine=machine_name(),
        workers=worker_count,
        plugin_version=version("pytest-memopt"),
    )
    workers = ledger.workers()
    summary = RunSummary(
        run=run,
        gc_mode=settings.gc.value,
        floor=header.floor,
        meters=header.meters,
        tests=ledger.records(),
        fixtures=ledger.fixtures(),
        workers=workers,
        trend=_slope_inside(workers),
        warnings=(*ledger.warnings, *(f"no test fits the limit {rule!r}" for rule in header.idle_rules)),
    )
    if not settings.keeps_history or settings.history_path is None:
        return summary
    try:
        return _with_history(summary, settings.history_path, config.rootpath)
    except HistoryError as error:
        return summary._replace(warnings=(*summary.warnings, str(error)))


def _slope_inside(workers: tuple[WorkerUse, ...]) -> SuiteTrend:
    """The slope inside this run, of the process whose memory rises the fastest; none of a run too short to have one."""
    long_enough = [worker for worker in workers if worker.elapsed_s and worker.elapsed_s[-1] >= SLOPE_LEAST_S]
    slopes = [theil_sen(worker.elapsed_s, worker.rss_series_bytes) for worker in long_enough]
    steepest = max((slope for slope in slopes if slope is not None), key=lambda slope: slope.value, default=None)
    if steepest is None:
        return SuiteTrend()
    per_minute = steepest.scaled(60 / _MIB)
    return SuiteTrend(
        slope_mb_per_minute=round(per_minute.value, 3),
        interval_mb_per_minute=(round(per_minute.low, 3), round(per_minute.high, 3)),
    )


def _with_history(summary: RunSummary, path: Path, root: Path) -> RunSummary:
    environment = Environment(machine=summary.run.machine, platform=summary.run.platform, python=python_minor_name())
    with HistoryStore.open(path) as store:
        run_id = store.add_run(_run_row(summary, environment), map(_test_row, summary.tests))
        runs = store.runs(environment, HISTORY_RUNS)
        ends = [run.rss_end_bytes for run in comparable_runs(runs, runs[-1]) if run.rss_end_bytes]
        notes = _test_trends(store, summary.tests, environment)
    over_runs = trend_over_runs(ends)
    trend = summary.trend._replace(
        runs=len(ends),
        per_run_ratio=round(over_runs.ratio.value, 5) if over_runs.ratio is not None else None,
        verdict=over_runs.verdict.value,
    )
    shown = path.relative_to(root) if path.is_relative_to(root) else path
    return summary._replace(
        run=summary.run._replace(id=run_id), history_path=str(shown), trend=trend, test_trends=notes
    )


def _test_trends(store: HistoryStore, tests: tuple[TestRecord, ...], environment: Environment) -> dict[str, TrendNote]:
    # tests that never held anything have no trend worth a query over thirty runs
    nodeids = [record.nodeid for record in tests if record.measured is not None and record.measured.growth_bytes]
    notes = {}
    for nodeid, points in store.series(nodeids, Metric.GROWTH.value, environment, HISTORY_RUNS).items():
        values = [point.value for point in points]
        step = last_step(_without_jitter(values), _STEP_FLOOR_BYTES)
        if not any(values):
            continue
        changed = points[step.index] if step is not None else None
        notes[nodeid] = TrendNote(
            sparkline_values=tuple(values),
            step_bytes=round(step.change) if step is not None else None,
            step_run=changed.run_id if changed is not None else None,
            step_commit=changed.commit[:_SHORT_COMMIT] if changed is not None and changed.commit else None,
        )
    return notes


def _without_jitter(values: Sequence[float]) -> list[float]:
    """The series with changes that don't matter taken out: so that a level which is the same but for bytes is one."""
    settled: list[float] = []
    for value in values:
        is_same = bool(settled) and abs(value - settled[-1]) <= _STEP_FLOOR_BYTES
        settled.append(settled[-1] if is_same else value)
    return settled


def _run_row(summary: RunSummary, environment: Environment) -> RunRow:
    run = summary.run
    return RunRow(
        started=run.started,
        duration_s=run.duration_s,
        environment=environment,
        plugin_version=run.plugin_version,
        commit=run.commit,
        branch=run.branch,
        dirty=run.dirty,
        workers=run.workers,
        rss_start_bytes=_sum(worker.rss_start_bytes for worker in summary.workers),
        rss_end_bytes=_sum(worker.rss_end_bytes for worker in summary.workers),
        rss_peak_bytes=_sum(worker.rss_peak_bytes for worker in summary.workers),
        growth_mb_per_minute=summary.trend.slope_mb_per_minute,
    )


def _test_row(record: TestRecord) -> TestRow:
    row = TestRow(
        nodeid=record.nodeid,
        outcome=record.outcome.value,
        verdict=record.verdict.value,
        duration_s=record.duration_s,
    )
    if record.measured is None:
        return row
    return row._replace(
        growth_bytes=record.measured.growth_bytes,
        peak_rss_bytes=record.measured.peak_rss_bytes,
        peak_bytes=record.measured.peak_bytes,
        blocks=record.measured.blocks,
        objects=record.measured.objects,
    )


def _sum(values: Iterable[int | None]) -> int | None:
    read = [value for value in values if value is not None]
    return sum(read) if read else None
