"""The end of a run: ledger and history brought together into the summary that is printed."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

import pytest

from ..errors import HistoryError
from ..report.advice import Advice, advice_of
from ..report.header import total
from ..report.suite_slope import slope_inside
from ..report.summary import RunInfo, RunSummary
from ..settings import Settings
from . import plain_imports
from .header import Header
from .provenance import machine_name, platform_name, python_name, read_commit
from .run_ledger import RunLedger

if TYPE_CHECKING:
    from .optimize_desk import OptimizeDesk


def sum_up(
    config: pytest.Config, settings: Settings, header: Header, ledger: RunLedger, worker_count: int
) -> RunSummary:
    """The summary of the run that just ended; it goes into the history where one is kept."""
    workers = ledger.workers()
    desk = _desk(config, settings)
    summary = RunSummary(
        run=_run_info(config, header, ledger, worker_count),
        gc_mode=settings.gc.value,
        floor=header.floor,
        meters=header.meters,
        tests=ledger.records(),
        fixtures=ledger.fixtures(),
        workers=workers,
        pools=ledger.pools(),
        trend=slope_inside(workers),
        advice=_advice(ledger, desk),
        optimizations=desk.effects() if desk is not None else (),
        warnings=(*ledger.warnings, *(f"no test fits the limit {rule!r}" for rule in header.idle_rules)),
    )
    if not settings.keeps_history or settings.history_path is None:
        return summary
    with plain_imports():
        from .run_history import with_history
    try:
        return with_history(summary, settings.history_path, config.rootpath)
    except HistoryError as error:
        return summary._replace(warnings=(*summary.warnings, str(error)))


def _run_info(config: pytest.Config, header: Header, ledger: RunLedger, worker_count: int) -> RunInfo:
    commit = read_commit(config.rootpath)
    return RunInfo(
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


def _advice(ledger: RunLedger, desk: OptimizeDesk | None) -> tuple[Advice, ...]:
    workers = ledger.workers()
    return advice_of(
        ledger.fixtures(),
        sum(record.duration_s for record in ledger.records()),
        processes=len(workers),
        rss_peak_bytes=total(worker.rss_peak_bytes for worker in workers),
        more=[*_pool_advice(ledger), *(desk.advice() if desk is not None else ())],
    )


def _desk(config: pytest.Config, settings: Settings) -> OptimizeDesk | None:
    if not settings.optimize:
        return None
    with plain_imports():
        from .optimize_desk import desk_of
    return desk_of(config)


def _pool_advice(ledger: RunLedger) -> list[Advice]:
    if not ledger.pools():
        return []
    with plain_imports():
        from ..report.pools import pool_advice
    return pool_advice(ledger.pools())
