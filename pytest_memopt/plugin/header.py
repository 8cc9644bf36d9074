"""What is known of a run before its first test: where it is, what is in use."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from ..meters.status import Floor, MeterStatus
from ..units import format_size
from .provenance import now_utc

WORKER_OUTPUT: Final = "memopt"
POOL_OUTPUT: Final = "memopt_pools"
POOL_USES: pytest.StashKey[list[dict[str, Any]]] = pytest.StashKey()
JOURNAL_FOLDER = Path(".memopt") / "journal"


@dataclass(slots=True)
class Header:
    """Facts that the header line and the summary begin with.

    Attributes:
        journal_folder: where the processes of this run keep their journals.
        started: UTC, ISO 8601.
        run_name: a name for the files of this run.
        floor: the calibration, when this process measures.
        meters: what is in use, when this process measures.
        idle_rules: limits by glob or marker expression that no collected test fits.
    """

    journal_folder: Path
    started: str = field(default_factory=now_utc)
    run_name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    floor: Floor = field(default_factory=Floor)
    meters: tuple[MeterStatus, ...] = ()
    idle_rules: tuple[str, ...] = ()

    def to_wire(self) -> dict[str, Any]:
        """What a worker found out about its meters, as plain JSON, for the controller."""
        meters = [meter._asdict() for meter in self.meters]
        return {"floor": self.floor._asdict(), "meters": meters, "idle_rules": list(self.idle_rules)}

    def learn(self, wire: Mapping[str, Any]) -> None:
        """Take over what a worker found out: the meters of the first one, and the floor of the worst."""
        if not wire:
            return
        floor = Floor(**wire["floor"])
        self.idle_rules = tuple(wire.get("idle_rules", ()))
        self.meters = self.meters or tuple(MeterStatus(**meter) for meter in wire["meters"])
        self.floor = max(self.floor, floor, key=lambda one: (one.growth_bytes, one.objects, one.windows))

    def line(self, gc_mode: str) -> str:
        """One line for pytest's header: what is exact, what is missing, the noise floor."""
        exact = [meter.name for meter in self.meters if meter.available and meter.exact]
        estimated = [meter.name for meter in self.meters if meter.available and not meter.exact]
        missing = [meter.name for meter in self.meters if not meter.available]
        parts = [f"exact: {', '.join(exact)}" if exact else ""]
        parts.append(f"estimated: {', '.join(estimated)}" if estimated else "")
        parts.append(f"missing: {', '.join(missing)}" if missing else "")
        floor = f"floor {format_size(self.floor.growth_bytes)}, {self.floor.objects} objects"
        return f"memopt: {'; '.join([part for part in parts if part] + [floor, f'gc {gc_mode}'])}"
