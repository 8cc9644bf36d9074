"""The run as JSON: format 1, described by the JSON Schema beside this module.

Format 1: first published. Keys may be added within a format; removing one, or changing what it means, makes a new one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.resources import files
from math import isfinite
from typing import Any, Final, TextIO

from ..limits.limits import Breach, Limit
from ..meters.measurement import Measurement, Phase, PhaseUse
from ..optimize.suite_effect import StrategyEffect
from ..verdicts.leak_wire import leak_to_wire
from ..verdicts.record import TestRecord
from .header import total
from .summary import RunSummary, TrendNote, WorkerUse

FORMAT: Final = 1


def to_json(summary: RunSummary) -> dict[str, Any]:
    """The run in plain JSON values, as ``schema()`` describes them; no number is ``NaN`` or infinite."""
    return {
        "format": FORMAT,
        "run": {
            **_plain(summary.run),
            "gc_mode": summary.gc_mode,
            "history_path": summary.history_path,
        },
        "session": _session(summary),
        "meters": [_plain(meter) for meter in summary.meters],
        "tests": [_test(record, summary.test_trends.get(record.nodeid)) for record in summary.tests],
        "fixtures": [_plain(use) for use in summary.fixtures],
        "workers": [_worker(use) for use in summary.workers],
        "pools": _pools(summary),
        "optimizations": [_optimization(effect) for effect in summary.optimizations],
        "advice": [{**_plain(advice), "kind": advice.kind.value} for advice in summary.advice],
        "warnings": list(summary.warnings),
    }


def render(summary: RunSummary, out: TextIO) -> None:
    """Write the run to ``out``, a test a line, in ASCII, so that no encoding can fail."""
    # Piece by piece: `json.dump` with an indent is written in Python, and ten times slower.
    pieces = (f"{_dumped(key)}: {_listed(value)}" for key, value in to_json(summary).items())
    out.write("{\n" + ",\n".join(pieces) + "\n}\n")


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of format 1."""
    text = files(__package__).joinpath("schema-1.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def _session(summary: RunSummary) -> dict[str, Any]:
    """The suite's own memory; that of all processes together under xdist."""
    trend = summary.trend
    interval = trend.interval_mb_per_minute
    return {
        "rss_start_bytes": total(use.rss_start_bytes for use in summary.workers),
        "rss_end_bytes": total(use.rss_end_bytes for use in summary.workers),
        "rss_peak_bytes": total(use.rss_peak_bytes for use in summary.workers),
        "growth_mb_per_minute": _number(trend.slope_mb_per_minute),
        "growth_interval_mb_per_minute": None if interval is None else [_number(bound) for bound in interval],
        "floor": _plain(summary.floor),
        "trend": {"verdict": trend.verdict, "runs": trend.runs, "per_run_ratio": _number(trend.per_run_ratio)},
    }


def _test(record: TestRecord, trend: TrendNote | None) -> dict[str, Any]:
    """One test; where it was not measured, its figures are ``null``."""
    return {
        "nodeid": record.nodeid,
        "outcome": record.outcome.value,
        "verdict": record.verdict.value,
        "why": record.why,
        **_figures(record.measured),
        "duration_s": _number(record.duration_s),
        "limits": [_limit(limit) for limit in record.limits],
        "breaches": [_breach(breach) for breach in record.breaches],
        "reruns": list(record.reruns),
        "leak": None if record.leak is None else leak_to_wire(record.leak),
        "sites": [_plain(site) for site in record.sites],
        "trend": None if trend is None else _trend(trend),
        "worker": record.worker,
    }


def _figures(measured: Measurement | None) -> dict[str, Any]:
    """All that the meters read."""
    names = (
        "growth_bytes",
        "exact",
        "blocks",
        "small_bytes",
        "heap_bytes",
        "mapped_bytes",
        "objects",
        "fds",
        "threads",
    )
    resident = ("rss_start_bytes", "rss_end_bytes", "peak_rss_bytes", "peak_bytes")
    figures = {name: getattr(measured, name, None) for name in (*names, *resident)}
    phases: Mapping[Phase, PhaseUse] = {} if measured is None else measured.phases
    return {
        **figures,
        "phases": {phase.value: _phase(phases.get(phase)) for phase in Phase},
        "top_types": [] if measured is None else [_plain(use) for use in measured.types],
        "extra": {} if measured is None else dict(measured.extra),
        "notes": [] if measured is None else list(measured.notes),
    }


def _phase(use: PhaseUse | None) -> dict[str, Any] | None:
    """One phase's share; ``None`` where the test did not come to it."""
    return None if use is None else _plain(use)


def _limit(limit: Limit) -> dict[str, Any]:
    """One limit, as a value in bytes or as a count."""
    return {
        "metric": limit.metric.value,
        "type": limit.type_name,
        "limit": limit.ceiling,
        "severity": limit.severity.value,
        "source": limit.source,
    }


def _breach(breach: Breach) -> dict[str, Any]:
    """A limit with what was measured."""
    return {
        **_limit(breach.limit),
        "measured": breach.measured,
        "runs": list(breach.runs),
        "confirmed": breach.confirmed,
    }


def _trend(trend: TrendNote) -> dict[str, Any]:
    """A test's history."""
    return {
        "growth_bytes": [_number(value) for value in trend.sparkline_values],
        "step_bytes": trend.step_bytes,
        "step_run": trend.step_run,
        "step_commit": trend.step_commit,
    }


def _worker(use: WorkerUse) -> dict[str, Any]:
    """One process."""
    return {
        **_plain(use),
        "rss_series_bytes": list(use.rss_series_bytes),
        "elapsed_s": [_number(value) for value in use.elapsed_s],
    }


def _pools(summary: RunSummary) -> list[dict[str, Any]]:
    """The pools, whose module is loaded only where there are any."""
    if not summary.pools:
        return []
    from .pools import pool_to_wire

    return [pool_to_wire(use) for use in summary.pools]


def _optimization(effect: StrategyEffect) -> dict[str, Any]:
    """What came of one strategy."""
    return {name: _number(value) for name, value in effect.to_wire().items()}


def _plain(record: Any) -> dict[str, Any]:
    """A flat dataclass as a dict: its field names are the keys."""
    return {name: _number(value) for name, value in record._asdict().items()}


def _number(value: Any) -> Any:
    """``value``, or ``None`` in place of a float that JSON has no word for."""
    return None if isinstance(value, float) and not isfinite(value) else value


def _listed(value: Any) -> str:
    """``value`` as JSON, each item of a list on a line of its own."""
    if isinstance(value, list) and value:
        return "[\n" + ",\n".join(map(_dumped, value)) + "\n]"
    return _dumped(value)


def _dumped(value: Any) -> str:
    """``value`` as JSON on one line."""
    return json.dumps(value, allow_nan=False)
