"""The race of the pools: what its tables say, and when a target is missed."""

from __future__ import annotations

import pytest

from benchmarks.pool_peers import BARE, OURS, SQLALCHEMY, blocks, closings, pairs
from benchmarks.pool_race import Plan, Throughput, loops_of, nothing, race_alone, race_together
from benchmarks.pool_speed import Figures, missed, report

PEER = "object-pool"


@pytest.fixture
def figures():
    """A race in which all targets are met."""
    alone = {f"{OURS.title}|pair": 9e-7, f"{OURS.title}|block": 1e-6, f"{BARE.title}|pair": 5e-7}
    alone |= {f"{SQLALCHEMY.title}|pair": 7e-6, f"{PEER}|pair": 1e-6, f"{PEER}|block": 2e-6}
    wire = {f"{title}|{held}": [[rate, 2.0], [2 * rate, 4.0]] for title, rate in RATES.items() for held in HELD}
    return Figures.read({"alone": alone, "together": wire})


RATES = {OURS.title: 200_000.0, SQLALCHEMY.title: 50_000.0}
HELD = ("nothing", "io")


def test_the_tables_name_what_was_measured(figures):
    """Microseconds with their ratio to the bare pool, thousands of leases with their spread, and a dash for the rest."""
    text = report(figures, Plan(10, 2, 0.5))
    assert f"| {OURS.title} | 0.90 (1.8) | 1.00 (2.0) |" in text
    assert f"| {SQLALCHEMY.title} | 7.00 (14.0) | - |" in text
    assert f"| {SQLALCHEMY.title} | 75.0 (50.0 to 100.0) | 3.0 | 75.0 (50.0 to 100.0) | 3.0 |" in text
    assert f"| {BARE.title} | 0.50 (1.0) | - |" in text


def test_a_missed_target_is_told(figures):
    """Beyond three times the bare pool, slower than a peer in its own way of use, or with less throughput than SQLAlchemy."""
    assert missed(figures) == []
    slow = figures._replace(alone={**figures.alone, f"{OURS.title}|pair": 1.6e-6})
    assert [told.split(",")[0] for told in missed(slow)] == [
        f"3.2 times what {BARE.title.split(',')[0]}",
        f"{PEER} is quicker (pair)",
    ]
    few = [Throughput(10_000.0, 1.0)]
    crowded = figures._replace(together={**figures.together, f"{OURS.title}|nothing": few})
    assert missed(crowded) == [f"less throughput than {SQLALCHEMY.title}"]


def test_each_way_of_use_borrows_and_returns():
    """A pair of calls, a closing and a block each borrow as often as asked, and hold in between."""
    steps = []

    class Lent:
        def close(self):
            steps.append("back")

        def __enter__(self):
            return self

        def __exit__(self, *error):
            self.close()

    def borrow():
        steps.append("out")
        return Lent()

    for loop in (pairs(borrow, Lent.close), closings(borrow), blocks(borrow)):
        steps.clear()
        loop(2, lambda: steps.append("held"))
        assert steps == ["out", "held", "back"] * 2


def test_a_race_measures_each_loop():
    """Alone every loop has a time; together the threads' leases are counted."""
    loops = loops_of(OURS) | loops_of(BARE)
    assert set(loops) == {f"{OURS.title}|pair", f"{OURS.title}|block", f"{BARE.title}|pair"}
    assert all(cost_s > 0 for cost_s in race_alone(loops, 1).values())
    assert race_together(OURS.make(4).pair, nothing, 0.0).most_ratio >= 1
