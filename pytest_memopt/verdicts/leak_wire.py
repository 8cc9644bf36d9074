"""What a hunt found as plain JSON values, to cross from a worker to the controller and into reports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..leaks.finding import Culprit, LeakFinding, NoLine
from ..leaks.ruling import FLAT_ROUNDS, LeakKind


def leak_to_wire(finding: LeakFinding) -> dict[str, Any]:
    """``finding`` in dicts, lists, strings, numbers and ``None`` only."""
    return {
        "verdict": finding.verdict.value,
        "rounds": finding.rounds,
        "per_round": dict(finding.per_round),
        "culprits": [{**culprit._asdict(), "stack": list(culprit.stack)} for culprit in finding.culprits],
        "signature": finding.signature,
        "why": finding.why,
        "series": {name: list(changes) for name, changes in finding.series.items()},
        "duration_s": finding.duration_s,
        "wanted_rounds": finding.wanted_rounds,
        "isolated": finding.isolated,
        "no_line": finding.no_line.value if finding.no_line is not None else None,
    }


def leak_from_wire(data: Mapping[str, Any]) -> LeakFinding:
    """The finding that ``leak_to_wire`` made ``data`` of; what it does not know is ignored."""
    known = Culprit._fields
    return LeakFinding(
        verdict=LeakKind(data["verdict"]),
        rounds=data["rounds"],
        per_round=dict(data.get("per_round", {})),
        culprits=tuple(
            Culprit(**{name: value for name, value in one.items() if name in known})._replace(
                stack=tuple(one.get("stack", ()))
            )
            for one in data.get("culprits", ())
        ),
        signature=data.get("signature"),
        why=data.get("why"),
        series={name: tuple(changes) for name, changes in data.get("series", {}).items()},
        duration_s=data.get("duration_s", 0.0),
        wanted_rounds=data.get("wanted_rounds", FLAT_ROUNDS),
        isolated=data.get("isolated", False),
        no_line=NoLine(data["no_line"]) if data.get("no_line") else None,
    )
