"""The words for the course of memory, and how often they are right."""

import random
import statistics
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.bounded_series import BoundedSeries, Point
from pytest_memopt.optimize.growth import TrendVerdict, judge_growth, judge_series
from tests.unit.profiles import MB, course


def series(values, every_s=1.0):
    """Points, one each second."""
    return [Point(place * every_s, value) for place, value in enumerate(values)]


def test_nothing_has_no_course():
    """Without a sample nothing is known: neither growth nor a rate."""
    trend = judge_growth([])
    assert (trend.verdict, trend.growth_bytes, trend.rate_mb_per_minute) == (TrendVerdict.TOO_FEW, None, None)


def test_two_samples_have_a_growth_but_no_trend():
    """Two samples tell how much was added, and how fast, not whether it goes on."""
    trend = course(100 * MB, 101 * MB, every_s=30)
    assert (trend.verdict, trend.growth_bytes, trend.rate_mb_per_minute) == (
        TrendVerdict.TOO_FEW,
        MB,
        pytest.approx(2),
    )


def test_samples_of_one_moment_have_no_rate():
    """Where no time passed there is no rate, whatever was added."""
    assert judge_growth([Point(1, 5), Point(1, 9)]).rate_bytes_per_s is None


@given(st.integers(-50, 50), st.integers(6, 60))
def test_a_line_is_named_by_its_direction(mb_per_s, count):
    """On a straight line the word is that of its direction, and the rate is its own."""
    trend = course(*(1000 * MB + place * mb_per_s * MB for place in range(count)))
    words = {-1: TrendVerdict.DECREASING, 0: TrendVerdict.FLAT, 1: TrendVerdict.INCREASING}
    assert trend.verdict is words[(mb_per_s > 0) - (mb_per_s < 0)]
    assert trend.rate_mb_per_minute == pytest.approx(60 * mb_per_s)


def test_a_change_below_the_floor_is_flat():
    """A rise of some KB over the whole time, however steady, doesn't matter."""
    assert course(*range(0, 60_000, 1000)).verdict is TrendVerdict.FLAT


def test_one_step_is_growth_but_no_trend():
    """Memory that was taken once is growth; whether it goes on nobody can tell."""
    trend = course(*[100 * MB] * 20, *[200 * MB] * 20)
    assert (trend.verdict, trend.growth_bytes) == (TrendVerdict.UNSURE, 100 * MB)


def test_a_short_steep_run_is_not_called_flat():
    """Where the interval has room for a growth that matters, it isn't flat, though it has room for none as well."""
    trend = course(100 * MB, 100 * MB, 100 * MB, 140 * MB, 180 * MB, 220 * MB, 220 * MB)
    assert trend.interval.low <= 0 < trend.interval.high
    assert trend.verdict is TrendVerdict.UNSURE


@given(st.lists(st.integers(1, 1000), min_size=6, max_size=40), st.integers(0, 10**9))
def test_flat_leaves_no_room_for_a_tenth(values, floor_bytes):
    """What is called flat moved by less than a tenth, or the floor, anywhere in its interval; what is unsure by more."""
    trend = judge_growth(series([value * MB for value in values]), floor_bytes)
    most = max(-trend.interval.low, trend.interval.high) * trend.span_s
    band = max(floor_bytes, statistics.median(values) * MB / 10)
    if trend.verdict is TrendVerdict.FLAT:
        assert most <= band * (1 + 1e-9)
    elif trend.verdict is TrendVerdict.UNSURE:
        assert most >= band * (1 - 1e-9)


def test_words_are_seldom_wrong():
    """Of 200 noisy series of 60 samples at most 2 % are called increasing when they are flat, and 99 % are when they rise by three deviations."""
    rng = random.Random(20)
    flat = rising = 0
    for _ in range(200):
        noise = [rng.gauss(100 * MB, MB) for _ in range(60)]
        flat += course(*noise).verdict is TrendVerdict.INCREASING
        drifting = (value + 3 * MB * place / 59 for place, value in enumerate(noise))
        rising += course(*drifting).verdict is TrendVerdict.INCREASING
    assert flat <= 4
    assert rising >= 198


def test_the_rate_is_within_a_twentieth():
    """A growth of 10 MB a minute in noise of a megabyte and spikes of fifty is found to within 5 %."""
    rng = random.Random(4)
    values = [100 * MB + MB * place / 6 + rng.gauss(0, MB) + 50 * MB * (rng.random() < 0.05) for place in range(200)]
    assert course(*values).rate_mb_per_minute == pytest.approx(10, rel=0.05)


def test_a_downsampled_series_keeps_its_trend_and_its_ends():
    """Ten thousand samples in some hundred points are judged like the whole: the rate, the growth and the time."""
    rng = random.Random(6)
    bounded = BoundedSeries(100)
    values = [100 * MB + 1000 * place + rng.gauss(0, MB) for place in range(10_000)]
    for point in series(values):
        bounded.append(*point)
    trend = judge_series(bounded)
    assert trend.verdict is TrendVerdict.INCREASING
    assert (trend.growth_bytes, trend.span_s) == (values[-1] - values[0], 9999)
    assert trend.rate_bytes_per_s == pytest.approx(1000, rel=0.05)


def test_a_downsampled_walk_is_seldom_a_trend():
    """Downsampling doesn't hide that memory remembers what it was: of 40 walks at most 6 get a word."""
    rng = random.Random(8)
    words = 0
    for _ in range(40):
        bounded = BoundedSeries(60)
        for point in series(accumulate(rng.gauss(0, MB) for _ in range(1000))):
            bounded.append(*point)
        words += judge_series(bounded).verdict in {TrendVerdict.INCREASING, TrendVerdict.DECREASING}
    assert words <= 6


def test_a_series_of_one_sample_has_no_growth():
    """One sample is neither growth nor a trend."""
    bounded = BoundedSeries()
    bounded.append(0.0, 5.0)
    assert judge_series(bounded).growth_bytes is None
