"""A monitor: what its thread does, and what is left of it."""

import gc
import os
import threading
import weakref

import psutil
import pytest

from pytest_memopt.bounded_series import Point
from pytest_memopt.errors import MeterError, UsageError
from pytest_memopt.meters import resident_sources
from pytest_memopt.optimize import monitor as monitor_module
from pytest_memopt.optimize.growth import TrendVerdict
from pytest_memopt.optimize.monitor import THREAD_NAME, MemoryMonitor, MonitorCost, Watch
from pytest_memopt.optimize.probe import Probe
from pytest_memopt.optimize.samples import Sample, Samples

SOON_S = 30.0  # a deadline for what happens at once


class Prober:
    """Gives resident memory that rises by 100 000 bytes each time, and tells how often it was asked."""

    def __init__(self):
        self.reads = 0
        self.is_closed = False
        self.was_asked = threading.Event()

    def read(self):
        self.reads += 1
        self.was_asked.set()
        return Sample(100_000 * self.reads, 1000 - self.reads)

    def close(self):
        self.is_closed = True


class Ticks:
    """A signal that is set after so many waits, each of which lasts as long as it is told to."""

    def __init__(self, clock, count):
        self._clock, self._count = clock, count

    def wait(self, timeout):
        self._clock.pass_by(timeout)
        self._count -= 1
        return self._count < 0


@pytest.fixture
def prober():
    """A prober that is looked at."""
    return Prober()


@pytest.fixture
def monitor(prober):
    """A monitor that samples once at its start and once at its end."""
    monitor = MemoryMonitor(3600.0, prober=lambda: prober)
    yield monitor
    monitor.stop()


def threads():
    """The threads of monitors."""
    return [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]


def test_it_samples_at_its_beginning_each_interval_and_its_end(clock, prober):
    """Three intervals have five samples, each at its time; then what was held open is given back."""
    samples = Samples()
    watch = Watch(samples, prober, clock(), clock)
    watch.run(Ticks(clock, 3), 0.5)
    assert samples.rss() == tuple(
        Point(elapsed_s, 100_000 * place) for place, elapsed_s in enumerate((0, 0.5, 1, 1.5, 2), start=1)
    )
    assert [point.value for point in samples.blocks()] == [999, 998, 997, 996, 995]
    assert (samples.count, watch.elapsed_s, prober.is_closed) == (5, 2, True)
    assert watch.cpu_s > 0


def test_any_number_of_samples_stays_few_points():
    """However long it runs, 400 points are kept, with the first, the last and the extremes; here of 20 000 samples."""
    samples = Samples()
    for place in range(20_000):
        samples.add(float(place), Sample(5_000_000 if place == 7777 else place % 97, place))
    assert (samples.count, len(samples.rss()) <= 400, len(samples.blocks()) <= 400) == (20_000, True, True)
    assert Point(7777, 5_000_000) in samples.rss()
    assert (samples.rss()[0], samples.rss()[-1].elapsed_s) == (Point(0, 0), 19_999)


def test_unknown_memory_is_left_out():
    """Where resident memory can't be read, blocks are still sampled, and there is no trend."""
    samples = Samples()
    for place in range(10):
        samples.add(float(place), Sample(None, place))
    assert (samples.rss(), len(samples.blocks()), samples.trend().verdict) == ((), 10, TrendVerdict.TOO_FEW)


def test_a_block_is_watched(monitor, prober):
    """Inside the block it runs in a daemon thread, after it there is none, and the samples remain."""
    with monitor as entered:
        assert entered is monitor
        assert monitor.is_running
        assert [thread.daemon for thread in threads()] == [True]
    assert (monitor.is_running, threads(), prober.is_closed) == (False, [], True)
    assert (monitor.samples_count, monitor.peak_rss_bytes) == (2, 200_000)
    assert [point.value for point in monitor.blocks()] == [999, 998]
    assert monitor.trend().growth_bytes == 100_000
    assert monitor.cost.elapsed_s >= 0


def test_a_block_that_raises_is_left_in_order(monitor, prober):
    """The thread ends and the error comes through."""
    with pytest.raises(ZeroDivisionError), monitor:
        1 / 0  # noqa: B018
    assert (threads(), prober.is_closed) == ([], True)


def test_starting_and_stopping_twice_is_once(monitor, prober):
    """What runs already isn't started again, what is stopped isn't stopped again."""
    assert monitor.start() is monitor.start()
    assert len(threads()) == 1
    monitor.stop()
    monitor.stop()
    assert (threads(), monitor.samples_count) == ([], 2)


def test_a_new_start_begins_anew(monitor):
    """The samples of an earlier run are forgotten at the next start."""
    for _ in range(2):
        monitor.start()
        monitor.stop()
    assert monitor.samples_count == 2


def test_before_its_start_there_is_nothing():
    """A monitor that never ran has no samples, no peak and no cost."""
    monitor = MemoryMonitor()
    assert (monitor.samples_count, monitor.peak_rss_bytes, monitor.rss()) == (0, None, ())
    assert monitor.cost == MonitorCost(0.0, 0.0)
    assert monitor.cost.core_ratio == 0


def test_its_cost_is_a_share_of_a_core():
    """A hundredth of a second in ten is a thousandth of a core."""
    assert MonitorCost(cpu_s=0.01, elapsed_s=10.0).core_ratio == pytest.approx(0.001)


def test_a_monitor_that_is_dropped_ends(prober):
    """Nobody has to stop it: when nothing refers to it any more, its thread ends."""
    monitor = MemoryMonitor(3600.0, prober=lambda: prober).start()
    (thread,) = threads()
    seen = weakref.ref(monitor)
    del monitor
    gc.collect()
    thread.join(SOON_S)
    assert (seen(), thread.is_alive(), prober.is_closed) == (None, False, True)


def test_a_child_finds_it_stopped_and_empty(monitor, prober, monkeypatch):
    """After a fork there is no thread and no sample in the child, and nothing there ends the parent's."""
    monitor.start()
    assert prober.was_asked.wait(SOON_S)
    own = os.getpid()
    with monkeypatch.context() as child:
        child.setattr(monitor_module.os, "getpid", lambda: own + 1)
        stop = threading.Event()
        monitor_module._end(stop, own)
        assert not stop.is_set()
        assert (monitor.is_running, monitor.samples_count, monitor.rss()) == (False, 0, ())
        assert monitor.cost == MonitorCost(0.0, 0.0)
    (thread,) = threads()
    assert thread.is_alive()


@pytest.mark.parametrize("interval_s", [0, -1, float("nan"), float("inf")])
def test_an_interval_that_makes_no_sense_is_refused(interval_s):
    """An interval is a number of seconds above 0; all else is an error with the value."""
    with pytest.raises(UsageError, match=rf"interval_s: {interval_s!r} is not a number of seconds above 0"):
        MemoryMonitor(interval_s)


class Source:
    """Resident memory that is told, or an error; how often it was closed is noted."""

    def __init__(self, error=None):
        self._error, self.closed = error, 0

    def now(self):
        if self._error is not None:
            raise self._error
        return 4096

    def close(self):
        self.closed += 1


def test_a_probe_reads_two_numbers_and_closes_its_source():
    """Resident memory and blocks are read; when it is closed, resident memory is unknown."""
    source = Source()
    probe = Probe(source)
    assert probe.read().rss_bytes == 4096
    assert probe.read().blocks_count >= 0
    probe.close()
    probe.close()
    assert (probe.read().rss_bytes, source.closed) == (None, 1)


@pytest.mark.parametrize("error", [MeterError("gone"), OSError(), psutil.NoSuchProcess(1)])
def test_a_probe_whose_source_fails_goes_on(error):
    """What can't be read is unknown; the thread of a monitor must not end by it."""
    assert Probe(Source(error)).read().rss_bytes is None


def test_a_platform_without_a_source_is_probed_for_blocks(monkeypatch):
    """Where resident memory has no source, the blocks remain."""

    def fail():
        raise OSError

    monkeypatch.setattr(resident_sources, "source_of_platform", fail)
    assert Probe().read().rss_bytes is None


def test_the_own_probe_reads_here():
    """The platform's own source tells resident memory, or nothing."""
    probe = Probe()
    try:
        rss_bytes = probe.read().rss_bytes
        assert rss_bytes is None or rss_bytes > 1_000_000
    finally:
        probe.close()
