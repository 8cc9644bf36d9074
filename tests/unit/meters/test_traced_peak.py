"""The traced peak of a stretch of code, whoever else is tracing."""

import tracemalloc

import pytest

from pytest_memopt.meters import traced_peak as traced_peak_module
from pytest_memopt.meters.traced_peak import TracedPeak

MARGIN = 2000


@pytest.fixture
def tracing():
    """Somebody else traces already."""
    assert not tracemalloc.is_tracing()
    tracemalloc.start()
    yield
    tracemalloc.stop()


@pytest.fixture(autouse=True)
def untouched():
    """Nobody traces before or after a test."""
    assert not tracemalloc.is_tracing()
    yield
    assert not tracemalloc.is_tracing()


def spend(size_bytes):
    """Have so many bytes for a moment."""
    return len(bytes(size_bytes))


def peak_of(size_bytes):
    """The peak of a stretch that spends so many bytes."""
    peak = TracedPeak()
    peak.start()
    spend(size_bytes)
    peak.stop()
    return peak.bytes


def test_a_peak_is_counted():
    """The most that was allocated at one time since the start."""
    assert 0 <= peak_of(200_000) - 200_000 < MARGIN


def test_others_go_on_tracing(tracing):
    """Where tracemalloc traced before it still does, and the peak is that of the stretch only."""
    spend(500_000)
    assert 0 <= peak_of(200_000) - 200_000 < MARGIN
    assert tracemalloc.is_tracing()


def test_the_others_peak_is_what_it_was(tracing):
    """A higher peak from before is seen again afterwards, and a higher one from inside is seen too."""
    base = tracemalloc.get_traced_memory()[0]
    spend(500_000)
    peak_of(1000)
    assert abs(tracemalloc.get_traced_memory()[1] - base - 500_000) < MARGIN
    peak_of(900_000)
    assert abs(tracemalloc.get_traced_memory()[1] - base - 900_000) < MARGIN


def test_peaks_may_be_nested():
    """An inner stretch has its own peak, and takes nothing from the outer one's."""
    outer = TracedPeak()
    outer.start()
    spend(300_000)
    assert 0 <= peak_of(100_000) - 100_000 < MARGIN
    outer.stop()
    assert 0 <= outer.bytes - 300_000 < MARGIN


def test_a_peak_that_can_not_be_raised_again_is_no_error(tracing, monkeypatch):
    """Where there is no room to raise the others' peak to what it was, it stays lower."""

    def refuse(size):
        raise MemoryError(size)

    spend(500_000)
    monkeypatch.setattr(traced_peak_module, "bytes", refuse, raising=False)
    assert 0 <= peak_of(1000) - 1000 < MARGIN


def test_tracing_that_was_stopped_has_no_peak():
    """Code that stops tracemalloc takes the peak with it."""
    peak = TracedPeak()
    peak.start()
    tracemalloc.stop()
    peak.stop()
    assert peak.bytes is None


def test_tracing_that_was_cleared_has_no_peak(tracing):
    """Code that clears the traces takes the peak with it, and nothing is raised."""
    peak = TracedPeak()
    peak.start()
    tracemalloc.clear_traces()
    peak.stop()
    assert peak.bytes is None


def test_there_is_no_peak_before_the_end():
    """A stretch that is not over has no peak, and one that only frees has none below 0."""
    peak = TracedPeak()
    assert peak.bytes is None


def test_a_peak_is_never_negative(tracing):
    """Memory from before that is freed inside counts against the peak, down to 0."""
    old = bytes(100_000)
    peak = TracedPeak()
    peak.start()
    del old
    tracemalloc.reset_peak()
    peak.stop()
    assert peak.bytes == 0
