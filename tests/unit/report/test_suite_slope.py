"""The slope of a suite's memory inside one run."""

import pytest

from pytest_memopt.report.suite_slope import slope_inside
from pytest_memopt.report.summary import SuiteTrend, WorkerUse

MIB = 1024**2


def rising(per_minute, points=300, name="main"):
    """A process that gains so many MiB a minute, in tests of half a second."""
    seconds = tuple(index / 2 for index in range(points))
    return WorkerUse(
        name, rss_series_bytes=tuple(round(second * per_minute * MIB / 60) for second in seconds), elapsed_s=seconds
    )


@pytest.mark.parametrize("points_most", [None, 40])
def test_the_steepest_process_tells(points_most):
    """Of several processes the one that rises the fastest, as well from a few of its points."""
    trend = slope_inside((rising(1.5, name="gw0"), rising(4.0, name="gw1")), points_most)
    assert trend.slope_mb_per_minute == pytest.approx(4.0, abs=0.01)
    assert trend.interval_mb_per_minute == pytest.approx((4.0, 4.0), abs=0.01)


@pytest.mark.parametrize("points", [0, 1, 100])
def test_a_short_run_has_no_slope(points):
    """In less than a minute a warm-up looks like a trend."""
    assert slope_inside((rising(4.0, points),)) == SuiteTrend()


def test_a_few_points_are_no_slope():
    """Two tests that take an hour say nothing about a minute."""
    assert slope_inside((WorkerUse("main", rss_series_bytes=(1, 2), elapsed_s=(0.0, 3600.0)),)) == SuiteTrend()
