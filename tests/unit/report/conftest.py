"""A fake terminal, and generated runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest
from hypothesis import strategies as st

from pytest_memopt.limits.limits import Breach, Limit
from pytest_memopt.meters.measurement import Measurement, Phase, PhaseUse, Site, TypeUse
from pytest_memopt.meters.status import Floor, MeterStatus
from pytest_memopt.optimize.pool_advice import PoolAdvice, PoolSetting, PoolSuggestion
from pytest_memopt.optimize.pool_comparison import PoolComparison
from pytest_memopt.optimize.suite_effect import StrategyEffect
from pytest_memopt.pool.durations import durations_of
from pytest_memopt.pool.stats import Eviction, PoolStats
from pytest_memopt.report.summary import FixtureUse, PoolUse, RunInfo, RunSummary, SuiteTrend, TrendNote, WorkerUse
from pytest_memopt.verdicts.record import TestRecord
from tests.unit.strategies import LEAK_FINDINGS
from tests.unit.values import names_of


@dataclass
class Screen:
    """A terminal that keeps what it shows, and refuses what its encoding has no character for, as a real one does."""

    encoding: str | None = "utf-8"
    text: str = ""
    marked: list[tuple[str, frozenset[str]]] = field(default_factory=list)

    def write(self, text: str, **markup: bool) -> None:
        self.text += text.encode(self.encoding or "ascii").decode(self.encoding or "ascii")
        self.marked.append((text, frozenset(markup)))

    def line(self, text: str = "", **markup: bool) -> None:
        self.write(f"{text}\n", **markup)

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def style_of(self, text: str) -> frozenset[str]:
        """The markup of the piece that holds ``text``."""
        return next(markup for piece, markup in self.marked if text in piece)


@pytest.fixture(scope="session")
def screen() -> Callable[[str | None], Screen]:
    """Makes a terminal with an encoding."""
    return Screen


def whole(kind: type, **known: st.SearchStrategy) -> st.SearchStrategy:
    """Values of a dataclass with every field generated, also those that have a default."""
    return st.builds(kind, **{name: known.get(name, ...) for name in names_of(kind)})


COUNT = st.integers(min_value=0, max_value=2**40)
TREND = whole(TrendNote, sparkline_values=st.lists(st.floats(), max_size=12).map(tuple))
LIMIT = whole(Limit, ceiling=COUNT)
BREACH = whole(Breach, limit=LIMIT, runs=st.lists(COUNT, min_size=1, max_size=8).map(tuple))
SITE = whole(Site, line=COUNT)


def few(strategy: st.SearchStrategy) -> st.SearchStrategy[tuple]:
    """Up to three of them."""
    return st.lists(strategy, max_size=3).map(tuple)


MEASUREMENT = whole(
    Measurement,
    phases=st.dictionaries(st.sampled_from(Phase), whole(PhaseUse), max_size=3),
    types=few(whole(TypeUse)),
)
RECORD = whole(
    TestRecord,
    measured=st.none() | MEASUREMENT,
    limits=few(LIMIT),
    breaches=few(BREACH),
    sites=few(SITE),
    leak=st.none() | LEAK_FINDINGS,
)
WORKER = whole(
    WorkerUse,
    tests=COUNT,
    rss_start_bytes=st.none() | COUNT,
    rss_end_bytes=st.none() | COUNT,
    rss_peak_bytes=st.none() | COUNT,
    rss_series_bytes=st.lists(COUNT, max_size=12).map(tuple),
    elapsed_s=st.lists(st.floats(), max_size=12).map(tuple),
)


SECONDS = st.floats(min_value=0, max_value=1e4)
TIMES = st.lists(SECONDS, max_size=3).map(durations_of)
EFFECT = whole(
    StrategyEffect,
    **dict.fromkeys(("applied_count", "collections_count", "spared_count", "cleared_count"), COUNT),
    **dict.fromkeys(("collections_s", "spared_s", "took_s"), SECONDS),
)
COMPARISON = st.integers(6, 8).flatmap(
    lambda size: whole(
        PoolComparison,
        **dict.fromkeys(("anew_s", "pooled_s"), st.lists(SECONDS, min_size=size, max_size=size).map(tuple)),
        **dict.fromkeys(("rebuilt_count", "pooled_count", "held_bytes"), COUNT),
    )
)
POOL_ADVICE = st.builds(
    PoolAdvice,
    st.text(),
    few(st.builds(PoolSuggestion, st.sampled_from(PoolSetting), SECONDS, SECONDS, st.text())),
)
POOL = st.builds(
    PoolUse,
    name=st.text(),
    stats=st.builds(
        lambda hits, misses, **known: PoolStats(borrowed=hits + misses, hits=hits, misses=misses, **known),
        hits=COUNT,
        misses=COUNT,
        **dict.fromkeys(("built", "waits", "timeouts", "resets", "errors", "in_use", "idle", "peak_in_use"), COUNT),
        **dict.fromkeys(("build", "borrow", "reset"), TIMES),
        waited_s=SECONDS,
        evicted=st.dictionaries(st.sampled_from(Eviction), COUNT, max_size=3),
    ),
    held_bytes=st.none() | st.integers(-(10**12), 10**12),
    comparison=st.none() | COMPARISON,
    uncompared=st.none() | st.text(),
    advice=st.none() | POOL_ADVICE,
)


def with_trends(summary: RunSummary) -> st.SearchStrategy[RunSummary]:
    """The same run, some of whose tests have a history."""
    nodeids = [record.nodeid for record in summary.tests]
    trends: st.SearchStrategy[Mapping[str, TrendNote]] = (
        st.dictionaries(st.sampled_from(nodeids), TREND, max_size=2) if nodeids else st.just({})
    )
    known = {name: st.just(getattr(summary, name)) for name in names_of(RunSummary)}
    return whole(RunSummary, **{**known, "test_trends": trends})


@pytest.fixture(scope="session")
def summaries() -> st.SearchStrategy[RunSummary]:
    """Whole runs, with whatever the values allow: infinite seconds, empty names, unmeasured tests."""
    return whole(
        RunSummary,
        run=whole(RunInfo, workers=COUNT),
        floor=whole(Floor, windows=COUNT),
        meters=few(whole(MeterStatus)),
        tests=few(RECORD),
        fixtures=few(whole(FixtureUse, builds=COUNT, setup_s=st.floats(allow_nan=False, max_value=1e9))),
        workers=few(WORKER),
        pools=few(POOL),
        optimizations=few(EFFECT),
        trend=whole(SuiteTrend, runs=COUNT),
        test_trends=st.just({}),
        warnings=few(st.text()),
    ).flatmap(with_trends)


@pytest.fixture(scope="session")
def records() -> st.SearchStrategy[TestRecord]:
    """Whole records of tests."""
    return RECORD
