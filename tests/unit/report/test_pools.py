"""The table of pools: what a reader learns from one line."""

import pytest

from pytest_memopt.pool.durations import durations_of
from pytest_memopt.pool.stats import Eviction, PoolStats
from pytest_memopt.report.pools import HEADINGS, pool_rows, pool_to_wire
from pytest_memopt.report.summary import PoolUse

STATS = PoolStats(
    built=3,
    borrowed=240,
    hits=237,
    misses=3,
    resets=240,
    build=durations_of([0.022, 0.023, 0.024]),
    borrow=durations_of([0.00001] * 237),
    reset=durations_of([0.0002] * 240),
)


def told(use):
    """Figures by heading, and the notes."""
    (row,) = pool_rows([use])
    return dict(zip(HEADINGS, (*row.figures, row.name), strict=True)), [note.text for note in row.notes]


def test_a_pool_s_line_tells_what_it_saved():
    """Built, borrowed, hits, both times, what was saved, what is held, and how many times as fast."""
    figures, notes = told(PoolUse("db", STATS, 577_400))
    assert figures == {
        "built": "3", "borrowed": "240", "hit": "98.8%", "build": "23.0 ms", "borrow": "213 µs", "saved": "5.40 s",
        "held": "563.9 KiB", "pool": "db",
    }  # fmt: skip
    assert notes == ["108× per borrow"]


def test_what_was_never_lent_again_says_nothing_of_saving():
    """Without a hit there is no comparison."""
    figures, notes = told(PoolUse("db", PoolStats(built=1, borrowed=1, misses=1, build=durations_of([0.5]))))
    assert (figures["hit"], figures["borrow"], figures["saved"], figures["held"]) == ("0.0%", "-", "-", "-")
    assert figures["build"] == "500 ms"
    assert notes == []


def test_a_pool_that_costs_more_than_it_saves_is_told():
    """Where lending takes longer than building, the saving is negative and said to be none."""
    slow = STATS._replace(build=durations_of([0.0001]), reset=durations_of([0.001] * 240))
    figures, notes = told(PoolUse("db", slow))
    assert figures["saved"].startswith("-")
    assert notes == ["lending takes longer than building"]


def test_small_gains_have_a_decimal():
    """Below tenfold the factor has one."""
    _, notes = told(PoolUse("db", STATS._replace(build=durations_of([0.0005]))))
    assert notes == ["2.35× per borrow"]


def test_troubles_are_told_in_the_same_line():
    """Waits, time-outs, failures and errors are counted, harmless evictions aren't."""
    evicted = {Eviction.SOILED: 1, Eviction.LOST: 2, Eviction.IDLE_TTL: 7}
    _, notes = told(PoolUse("db", STATS._replace(waits=2, waited_s=1.5, timeouts=1, errors=1, evicted=evicted)))
    assert notes[1:] == ["2 waits, 1.5 s together", "1 time-out", "1 soiled", "2 lost", "1 error"]


def test_the_pool_that_saved_most_comes_first():
    """Rows are in order of what was saved."""
    small = PoolUse("small", STATS._replace(hits=10))
    assert [row.name for row in pool_rows([small, PoolUse("big", STATS)])] == ["big", "small"]


def test_a_pool_on_the_wire_has_figures_instead_of_buckets():
    """Distributions are told by number, total, mean, median, 95th percentile and most."""
    wire = pool_to_wire(PoolUse("db", STATS, 5))
    assert wire["build"] == {
        "number": 3,
        "total_s": pytest.approx(0.069),
        "mean_s": pytest.approx(0.023),
        "median_s": pytest.approx(0.023, rel=0.05),
        "p95_s": pytest.approx(0.024, rel=0.05),
        "most_s": 0.024,
    }
    assert (wire["name"], wire["held_bytes"], wire["hit_ratio"]) == ("db", 5, 237 / 240)
