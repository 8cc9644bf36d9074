"""The same work without and with an optimisation, compared in pairs."""

import random
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.errors import MeterError
from pytest_memopt.optimize.paired_effect import (
    PAIRS,
    PAIRS_LEAST,
    CallFigures,
    CallStopwatch,
    EffectWord,
    MedianInterval,
    PairedEffect,
    measure_pairs,
    median_interval,
)


class ScriptedMeter:
    """Calls the work, and gives scripted figures."""

    def __init__(self, log):
        self._log = log

    def measure(self, work):
        work()
        return CallFigures(float(len(self._log)), None)


class ScriptedMemory:
    """Resident memory that was at 100, and rose to 130; or can't be read any more."""

    def __init__(self, begin=100, high=130, fails=()):
        self._begin = begin
        self._high = high
        self._fails = fails

    def mark(self):
        return self._answer("mark", self._begin)

    def end(self):
        return self._answer("end", (self._begin, self._high))

    def _answer(self, name, answer):
        if name in self._fails:
            raise MeterError("gone")
        return answer


def effect(pairs, peaks=None):
    """What came of pairs of seconds, and of peaks."""
    heights = peaks or [(None, None)] * len(pairs)
    return PairedEffect(
        tuple(CallFigures(plain, height) for (plain, _), (height, _) in zip(pairs, heights, strict=True)),
        tuple(CallFigures(tuned, height) for (_, tuned), (_, height) in zip(pairs, heights, strict=True)),
        0.1,
    )


def test_the_order_changes_from_pair_to_pair():
    """What comes first in one pair comes second in the next, so that a drift favours neither."""
    log = []

    @contextmanager
    def applied():
        log.append("on")
        yield
        log.append("off")

    seconds = iter(range(100))
    found = measure_pairs(lambda: log.append("call"), applied, 3, meter=ScriptedMeter(log), clock=lambda: next(seconds))
    plain, tuned = ["call"], ["on", "call", "off"]
    assert log == [*plain, *tuned, *tuned, *plain, *plain, *tuned]
    assert [len(found.plain), len(found.tuned)] == [3, 3]
    assert found.optimizing_s == 1


def test_an_optimisation_ends_with_the_work_that_raises():
    """What the work raises goes to the caller, with all put back."""
    log = []

    @contextmanager
    def applied():
        try:
            yield
        finally:
            log.append("off")

    def work():
        if log_calls.pop():
            raise LookupError

    log_calls = [True, False]
    with pytest.raises(LookupError):
        measure_pairs(work, applied, 1)
    assert log == ["off"]


@pytest.mark.parametrize(
    ("pairs", "word"),
    [
        ([(1.0, 0.5)] * PAIRS, EffectWord.LESS),
        ([(1.0, 1.5)] * PAIRS, EffectWord.MORE),
        ([(1.0, 0.5)] * (PAIRS - 2) + [(1.0, 1.1)] * 2, EffectWord.NONE),
        ([(1.0, 0.5)] * (PAIRS - 1) + [(1.0, 9.0)], EffectWord.LESS),
        ([(0.0, 0.0)] * PAIRS, EffectWord.NONE),
    ],
)
def test_a_gain_is_claimed_beyond_the_noise_alone(pairs, word):
    """One wild pair of nine is borne; two of them make it no effect."""
    assert effect(pairs).time_word is word


@pytest.mark.parametrize(
    ("peaks", "word"),
    [
        ([(5000, 1000)] * PAIRS, EffectWord.LESS),
        ([(1000, 5000)] * PAIRS, EffectWord.MORE),
        ([(1000, 1100)] * PAIRS, EffectWord.NONE),
        ([(1000, None)] * PAIRS, EffectWord.UNKNOWN),
    ],
)
def test_a_peak_counts_beyond_a_few_pages(peaks, word):
    """What moves by less than the floor is no effect; what isn't told is said so."""
    assert effect([(1.0, 1.0)] * PAIRS, peaks).peak_word(1000) is word


def test_five_figures_are_too_few():
    """No interval between two of five figures is 95 % sure; with six it is their span."""
    assert median_interval([1, 2, 3, 4, 5]) == MedianInterval(3, float("-inf"), float("inf"))
    assert median_interval(range(PAIRS_LEAST)) == MedianInterval(2.5, 0, 5)
    assert median_interval(range(PAIRS)) == MedianInterval(4, 1, 7)
    with pytest.raises(ValueError, match="no figures"):
        median_interval([])


def test_the_interval_holds_the_median_as_often_as_it_says():
    """In at least 95 % of a thousand series of lopsided noise, less three deviations of such a count."""
    chance = random.Random(1)
    held = sum(
        found.low <= 0.6931 <= found.high
        for found in (median_interval([chance.expovariate(1) for _ in range(PAIRS)]) for _ in range(1000))
    )
    assert held >= 930


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=60))
def test_the_ends_lie_around_the_median(figures):
    """Whatever the figures, low is at most the median, and high at least."""
    found = median_interval(figures)
    assert found.low <= found.value <= found.high


def test_a_call_is_timed_and_its_peak_is_above_its_begin():
    """Seconds by the clock, bytes above the mark."""
    seconds = iter((1.0, 3.5))
    assert CallStopwatch(ScriptedMemory(), lambda: next(seconds)).measure(list) == CallFigures(2.5, 30)


@pytest.mark.parametrize(
    "memory", [ScriptedMemory(fails=("mark",)), ScriptedMemory(fails=("end",)), ScriptedMemory(high=None)]
)
def test_without_a_peak_time_is_told_alone(memory):
    """A platform that can't tell the peak doesn't stop the comparison."""
    assert CallStopwatch(memory).measure(list).peak_bytes is None
