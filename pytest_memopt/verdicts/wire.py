"""A test's record as plain JSON values, to cross from an xdist worker to the controller and into the journal.

Only what differs from the defaults is written. Types and sites, of which there are many, are lists in the order of
their fields; new fields may only be added at the end, and a reader ignores what it does not know.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import MemoptError
from ..limits.limits import Breach, Limit, Metric, Severity
from ..meters.measurement import Measurement, Phase, PhaseUse, Site, TypeUse
from .leak_wire import leak_from_wire, leak_to_wire
from .record import Outcome, TestRecord, VerdictKind

_COUNTS: Final = ("objects", "fds", "threads", "blocks", "small_bytes", "heap_bytes")
_SIZES: Final = ("rss_start_bytes", "rss_end_bytes", "peak_rss_bytes", "peak_bytes")
_OPTIONAL: Final = (*_COUNTS, *_SIZES)
_TYPE_FIELDS: Final = 3
_SITE_FIELDS: Final = 5


class WireError(MemoptError):
    """What arrived is not a test's record."""


def to_wire(record: TestRecord) -> dict[str, object]:
    """``record`` in dicts, lists, strings, numbers, booleans and ``None`` only, without what equals its default."""
    data: dict[str, object] = {
        "nodeid": record.nodeid,
        "outcome": record.outcome.value,
        "verdict": record.verdict.value,
        "duration_s": record.duration_s,
    }
    if record.why is not None:
        data["why"] = record.why
    if record.measured is not None:
        data["measured"] = _measurement_to_wire(record.measured)
    if record.limits:
        data["limits"] = [_limit_to_wire(limit) for limit in record.limits]
    if record.breaches:
        data["breaches"] = [_breach_to_wire(breach) for breach in record.breaches]
    if record.reruns:
        data["reruns"] = list(record.reruns)
    if record.sites:
        data["sites"] = [[site.path, site.line, site.function, site.bytes, site.count] for site in record.sites]
    if record.worker is not None:
        data["worker"] = record.worker
    if record.leak is not None:
        data["leak"] = leak_to_wire(record.leak)
    return data


def from_wire(data: Mapping[str, Any]) -> TestRecord:
    """The record that ``to_wire`` made ``data`` of; keys that it does not know are ignored.

    Raises:
        WireError: if something is missing or has a value that no record can have.
    """
    try:
        return _record(data)
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        raise WireError(f"not a test's record: {type(error).__name__}: {error}") from error


def _record(data: Mapping[str, Any]) -> TestRecord:
    """The record, with whatever error a wrong value leads to."""
    measured = data.get("measured")
    return TestRecord(
        nodeid=data["nodeid"],
        outcome=Outcome(data["outcome"]),
        verdict=VerdictKind(data["verdict"]),
        duration_s=data["duration_s"],
        why=data.get("why"),
        measured=None if measured is None else _measurement(measured),
        limits=tuple(map(_limit, data.get("limits", ()))),
        breaches=tuple(map(_breach, data.get("breaches", ()))),
        reruns=tuple(data.get("reruns", ())),
        sites=tuple(Site(*site[:_SITE_FIELDS]) for site in data.get("sites", ())),
        worker=data.get("worker"),
        leak=None if data.get("leak") is None else leak_from_wire(data["leak"]),
    )


def _measurement_to_wire(measured: Measurement) -> dict[str, object]:
    data: dict[str, object] = {"growth_bytes": measured.growth_bytes}
    for name in _OPTIONAL:
        value = getattr(measured, name)
        if value is not None:
            data[name] = value
    if not measured.exact:
        data["exact"] = False
    if measured.mapped_bytes:
        data["mapped_bytes"] = measured.mapped_bytes
    if measured.phases:
        data["phases"] = {phase.value: [use.growth_bytes, use.duration_s] for phase, use in measured.phases.items()}
    if measured.types:
        data["types"] = [[use.type, use.count, use.bytes] for use in measured.types]
    if measured.extra:
        data["extra"] = dict(measured.extra)
    if measured.notes:
        data["notes"] = list(measured.notes)
    return data


def _measurement(data: Mapping[str, Any]) -> Measurement:
    return Measurement(
        growth_bytes=data["growth_bytes"],
        exact=data.get("exact", True),
        mapped_bytes=data.get("mapped_bytes", 0),
        phases={Phase(name): PhaseUse(use[0], use[1]) for name, use in data.get("phases", {}).items()},
        types=tuple(TypeUse(*use[:_TYPE_FIELDS]) for use in data.get("types", ())),
        extra=dict(data.get("extra", {})),
        notes=tuple(data.get("notes", ())),
        **{name: data[name] for name in _OPTIONAL if name in data},
    )


def _limit_to_wire(limit: Limit) -> dict[str, object]:
    data: dict[str, object] = {"metric": limit.metric.value, "ceiling": limit.ceiling, "source": limit.source}
    if limit.type_name is not None:
        data["type_name"] = limit.type_name
    if limit.severity is not Severity.FAIL:
        data["severity"] = limit.severity.value
    if limit.written is not None:
        data["written"] = limit.written
    return data


def _limit(data: Mapping[str, Any]) -> Limit:
    return Limit(
        metric=Metric(data["metric"]),
        ceiling=data["ceiling"],
        source=data["source"],
        type_name=data.get("type_name"),
        severity=Severity(data.get("severity", Severity.FAIL.value)),
        written=data.get("written"),
    )


def _breach_to_wire(breach: Breach) -> dict[str, object]:
    return {"limit": _limit_to_wire(breach.limit), "runs": list(breach.runs), "confirmed": breach.confirmed}


def _breach(data: Mapping[str, Any]) -> Breach:
    return Breach(limit=_limit(data["limit"]), runs=tuple(data["runs"]), confirmed=data["confirmed"])
