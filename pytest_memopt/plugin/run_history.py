"""A run in the history: what goes into it, and what it says of the runs before."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from ..history.comparable import comparable_runs
from ..history.records import Environment, Metric, RunRow, TestRow
from ..history.steps import last_step
from ..history.store import HistoryStore
from ..history.trend import trend_over_runs
from ..report.header import total
from ..report.summary import RunSummary, TrendNote
from ..verdicts.record import TestRecord
from .provenance import python_minor_name

HISTORY_RUNS: Final = 30
_STEP_FLOOR_BYTES: Final = 1024.0
_SHORT_COMMIT: Final = 7


def with_history(summary: RunSummary, path: Path, root: Path) -> RunSummary:
    """The summary with what the history at ``path``, to which the run is added, knows of runs like it.

    Raises:
        HistoryError: when it can't be read or written.
    """
    environment = Environment(machine=summary.run.machine, platform=summary.run.platform, python=python_minor_name())
    with HistoryStore.open(path) as store:
        run_id = store.add_run(_run_row(summary, environment), map(_test_row, summary.tests))
        runs = store.runs(environment, HISTORY_RUNS)
        ends = [run.rss_end_bytes for run in comparable_runs(runs, runs[-1]) if run.rss_end_bytes]
        notes = _test_trends(store, summary.tests, environment)
    if summary.pools:
        from .pool_tuning import remember

        remember(path, summary.pools)
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
        rss_start_bytes=total(worker.rss_start_bytes for worker in summary.workers),
        rss_end_bytes=total(worker.rss_end_bytes for worker in summary.workers),
        rss_peak_bytes=total(worker.rss_peak_bytes for worker in summary.workers),
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
