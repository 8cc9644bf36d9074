"""The run's ledger: what came back from the tests, wherever they ran, until it is summed up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import Any

from ..bounded_series import BoundedSeries
from ..report.summary import FixtureUse, PoolUse, WorkerUse
from ..verdicts.record import TestRecord
from ..verdicts.wire import from_wire

MAIN = "main"


class _Process:
    """What is known of one process so far."""

    __slots__ = ("lost", "rss_end_bytes", "rss_peak_bytes", "rss_start_bytes", "series", "tests")

    def __init__(self) -> None:
        self.tests = 0
        self.rss_start_bytes: int | None = None
        self.rss_end_bytes: int | None = None
        self.rss_peak_bytes: int | None = None
        self.series = BoundedSeries()
        self.lost: str | None = None


class RunLedger:
    """Collects records in the process that prints; the only owner of what changes during a run."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._started_s = clock()
        self._records: dict[str, TestRecord] = {}
        self._fixtures: dict[tuple[str, str, str | None], FixtureUse] = {}
        self._processes: dict[str, _Process] = {}
        self._pools: dict[str, PoolUse] = {}
        self.warnings: list[str] = []

    @property
    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return self._clock() - self._started_s

    def add(self, wire: Mapping[str, Any]) -> TestRecord:
        """Take in what came with a report; the test's record."""
        record = wire["record"]
        if not isinstance(record, TestRecord):
            record = from_wire(record)
        self._records[record.nodeid] = record
        for fixture in wire.get("fixtures", ()):
            self._add_fixture(FixtureUse(**fixture))
        self._follow(record)
        return record

    def lose(self, worker: str, story: str) -> None:
        """A worker died; ``story`` says in which test, and how much memory it had."""
        self._processes.setdefault(worker, _Process()).lost = story

    def knows(self, nodeid: str) -> bool:
        """Whether that test is over."""
        return nodeid in self._records

    def records(self) -> tuple[TestRecord, ...]:
        """One record a test, in the order in which they ended."""
        return tuple(self._records.values())

    def fixtures(self) -> tuple[FixtureUse, ...]:
        """One entry a fixture, over all workers."""
        return tuple(self._fixtures.values())

    def add_pools(self, wires: Iterable[Mapping[str, Any]]) -> None:
        """What the pools of one process did."""
        if not wires:
            return
        from .pool_wire import together, use_from_wire

        for use in map(use_from_wire, wires):
            known = self._pools.get(use.name)
            self._pools[use.name] = use if known is None else together(known, use)

    def pools(self) -> tuple[PoolUse, ...]:
        """One entry a resource type, over all processes."""
        return tuple(self._pools.values())

    def workers(self) -> tuple[WorkerUse, ...]:
        """One entry a process, in order of their names."""
        return tuple(self._worker(name, self._processes[name]) for name in sorted(self._processes))

    def standing(self) -> tuple[WorkerUse, ...]:
        """The same, quickly: without the course of their memory, but for that of a process that is alone."""
        if len(self._processes) == 1:
            return self.workers()
        return tuple(self._worker(name, self._processes[name], is_brief=True) for name in sorted(self._processes))

    def _add_fixture(self, added: FixtureUse) -> None:
        key = (added.name, added.scope, added.where)
        known = self._fixtures.get(key)
        if known is None:
            self._fixtures[key] = added
            return
        grown = [one.growth_bytes for one in (known, added) if one.growth_bytes is not None]
        self._fixtures[key] = known._replace(
            builds=known.builds + added.builds,
            setup_s=known.setup_s + added.setup_s,
            growth_bytes=sum(grown) if grown else None,
        )

    def _follow(self, record: TestRecord) -> None:
        process = self._processes.setdefault(record.worker or MAIN, _Process())
        process.tests += 1
        measured = record.measured
        if measured is None or measured.rss_end_bytes is None or measured.rss_start_bytes is None:
            return
        if process.rss_start_bytes is None:
            process.rss_start_bytes = measured.rss_start_bytes
        process.rss_end_bytes = measured.rss_end_bytes
        peak_bytes = max(measured.rss_end_bytes, measured.rss_start_bytes + (measured.peak_rss_bytes or 0))
        process.rss_peak_bytes = max(process.rss_peak_bytes or 0, peak_bytes)
        process.series.append(self.elapsed_s, measured.rss_end_bytes)

    def _worker(self, name: str, process: _Process, *, is_brief: bool = False) -> WorkerUse:
        points = () if is_brief else process.series.points()
        return WorkerUse(
            name=name,
            tests=process.tests,
            rss_start_bytes=process.rss_start_bytes,
            rss_end_bytes=process.rss_end_bytes,
            rss_peak_bytes=process.rss_peak_bytes,
            rss_series_bytes=tuple(round(value) for _, value in points),
            elapsed_s=tuple(round(elapsed, 3) for elapsed, _ in points),
            lost=process.lost,
        )
