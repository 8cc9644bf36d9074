"""Measurements against limits."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.limits.judge import (
    SLIGHT_BYTES,
    SLIGHT_OBJECTS,
    breaches_of,
    exceeded,
    exceeded_in_all,
    is_in_doubt,
    unreadable,
    value_of,
)
from pytest_memopt.limits.limits import Limit, Limits, Metric
from pytest_memopt.meters.measurement import Measurement, TypeUse

MEASURED = Measurement(
    growth_bytes=10,
    peak_bytes=20,
    peak_rss_bytes=30,
    objects=40,
    fds=50,
    threads=60,
    types=(TypeUse("app.Session", 3, 168),),
)
UNREAD = Measurement(growth_bytes=0)
VALUES = {
    Metric.GROWTH: 10,
    Metric.PEAK: 20,
    Metric.RSS: 30,
    Metric.OBJECTS: 40,
    Metric.FDS: 50,
    Metric.THREADS: 60,
}


def limit(metric, ceiling=0, type_name=None):
    """A limit on ``metric``."""
    return Limit(metric=metric, ceiling=ceiling, type_name=type_name)


def limits(*stated):
    """Limits made of these."""
    return Limits(limits=stated)


@pytest.mark.parametrize("metric", Metric)
def test_every_metric_has_its_reading(metric):
    """Each metric is about one reading, which is over a limit below it and not over one that it equals."""
    value = VALUES[metric]
    assert value_of(MEASURED, limit(metric)) == value
    over, even = limit(metric, value - 1), limit(metric, value)
    assert exceeded(MEASURED, limits(over)) == (over,)
    assert exceeded(MEASURED, limits(even)) == ()


def test_objects_of_one_type_are_counted_by_type():
    """A limit by type is about the instances of it, of which there are none when it isn't listed."""
    assert value_of(MEASURED, limit(Metric.OBJECTS, type_name="app.Session")) == 3
    assert value_of(MEASURED, limit(Metric.OBJECTS, type_name="app.Other")) == 0
    assert value_of(UNREAD, limit(Metric.OBJECTS, type_name="app.Session")) is None


@pytest.mark.parametrize("metric", [metric for metric in Metric if metric is not Metric.GROWTH])
def test_what_was_not_read_breaks_no_limit(metric):
    """A missing reading is never over, but is told as unreadable."""
    stated = limits(limit(metric), limit(Metric.GROWTH))
    assert exceeded(UNREAD, stated) == ()
    assert unreadable(UNREAD, stated) == (limit(metric),)
    assert unreadable(MEASURED, stated) == ()


def test_a_breach_holds_the_values_of_all_runs():
    """The values of each run that has one, first run first; the smallest is what is reported."""
    runs = [MEASURED, Measurement(growth_bytes=7), Measurement(growth_bytes=9)]
    (breach,) = breaches_of(runs, limits(limit(Metric.GROWTH, 5)), confirmed=True)
    assert (breach.runs, breach.measured, breach.confirmed) == ((10, 7, 9), 7, True)
    (breach,) = breaches_of(runs, limits(limit(Metric.FDS, 5)), confirmed=True)
    assert (breach.runs, breach.confirmed) == ((50,), False)


def test_nothing_is_confirmed_when_reruns_are_missing():
    """Where as many reruns as wanted could not be made, a breach is not confirmed."""
    (breach,) = breaches_of([MEASURED], limits(limit(Metric.GROWTH)), confirmed=False)
    assert not breach.confirmed


def test_no_run_exceeds_nothing():
    """Without runs there is nothing that all of them went over."""
    assert exceeded_in_all([], limits(limit(Metric.GROWTH))) == ()


@pytest.mark.parametrize(
    ("growths", "doubt"),
    [
        ([101], True),
        ([100 + SLIGHT_BYTES - 1], True),
        ([100 + SLIGHT_BYTES], False),
        ([10**9, 101], True),
        ([10**9, 10**9], False),
        ([10**9, 100], False),
        ([100], False),
        ([], False),
    ],
)
def test_a_slight_breach_is_in_doubt(growths, doubt):
    """What every run went over, but one by little only, may be a cache that fills; what no longer stands is no doubt."""
    runs = [Measurement(growth_bytes=growth) for growth in growths]
    assert is_in_doubt(runs, limits(limit(Metric.GROWTH, 100))) == doubt


@pytest.mark.parametrize(
    ("metric", "reading", "excess", "doubt"),
    [
        (Metric.OBJECTS, "objects", SLIGHT_OBJECTS - 1, True),
        (Metric.OBJECTS, "objects", SLIGHT_OBJECTS, False),
        (Metric.FDS, "fds", 1, False),
        (Metric.PEAK, "peak_bytes", 1, False),
    ],
)
def test_only_growth_and_objects_fill_caches(metric, reading, excess, doubt):
    """A descriptor that stays open, or a peak, is never slight."""
    runs = [Measurement(growth_bytes=0, **{reading: 5 + excess})]
    assert is_in_doubt(runs, limits(limit(metric, 5))) == doubt


def test_one_clear_breach_leaves_no_doubt():
    """A slight breach beside a clear one needs no more runs."""
    runs = [Measurement(growth_bytes=1, fds=9)]
    assert not is_in_doubt(runs, limits(limit(Metric.GROWTH), limit(Metric.FDS)))


GROWTHS = st.lists(st.integers(-5, 5), min_size=1, max_size=5)


@given(growths=GROWTHS, ceiling=st.integers(0, 5))
def test_a_breach_is_confirmed_when_every_run_went_over(growths, ceiling):
    """There is a breach when the first run went over; it is confirmed when all did."""
    runs = [Measurement(growth_bytes=growth) for growth in growths]
    stated = limits(limit(Metric.GROWTH, ceiling))
    breaches = breaches_of(runs, stated, confirmed=True)
    assert bool(breaches) == (growths[0] > ceiling)
    assert bool(exceeded_in_all(runs, stated)) == (min(growths) > ceiling)
    assert [breach.confirmed for breach in breaches] == [min(growths) > ceiling] * len(breaches)


@given(growths=GROWTHS, further=GROWTHS, ceiling=st.integers(0, 5))
def test_more_runs_never_exceed_more(growths, further, ceiling):
    """What all runs exceed can only become less with each further run."""
    stated = limits(limit(Metric.GROWTH, ceiling))
    few = [Measurement(growth_bytes=growth) for growth in growths]
    more = [*few, *(Measurement(growth_bytes=growth) for growth in further)]
    assert set(exceeded_in_all(more, stated)) <= set(exceeded_in_all(few, stated))
