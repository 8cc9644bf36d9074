"""What is read at both ends of a window and belongs to no account."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_memopt.meters.surroundings import _TRIM_WHEN_RISEN_BYTES, Around, Surroundings

COUNTS = st.integers(0, 2**40)


@pytest.fixture
def make(process):
    """Makes the surroundings of a process with these meters."""
    return lambda **meters: Surroundings(process.instruments(**meters))


@given(ends=st.lists(st.tuples(COUNTS, COUNTS), min_size=4, max_size=4))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
def test_changes_are_differences(make, scripted, ends):
    """Each meter's change is its last reading less its first; resident memory is told itself."""
    fds, threads, rss, gpu = (scripted(list(end)) for end in ends)
    gpu.name = "gpu"
    around = make(fds=fds, threads=threads, rss=rss, extra=(gpu,))
    around.start()
    around.wait_for_threads()
    told = around.end()
    changes = [end - start for start, end in ends]
    assert (told.fds, told.threads, told.extra) == (changes[0], changes[1], {"gpu": changes[3]})
    assert (told.rss_start_bytes, told.rss_end_bytes) == ends[2]
    assert around.rss_bytes == ends[2][1]


@pytest.mark.parametrize(("highest", "peak"), [(None, None), (1000, 0), (999, 0), (1500, 500)])
def test_a_peak_is_above_the_start(make, scripted, highest, peak):
    """A peak counts from resident memory at the mark, is never negative, and missing where it can't be told."""
    around = make(rss=scripted([1000], highest=highest))
    around.start()
    assert around.end().peak_rss_bytes == peak


def test_without_meters_nothing_is_told(make):
    """What no meter reads is missing, not 0; a session's resident memory is 0 then."""
    around = make()
    around.start()
    around.mark_rss()
    around.wait_for_threads()
    assert around.end() == Around(None, None, None, None, None, {})
    assert around.rss_bytes == 0


def test_each_window_begins_anew(make, scripted):
    """The second window's changes are from its own start."""
    around = make(fds=scripted([3, 5, 50, 51]), extra=(scripted([1, 1, 7, 5], name="gpu"),))
    changes = []
    for _ in range(2):
        around.start()
        told = around.end()
        changes.append((told.fds, told.extra["gpu"]))
    assert changes == [(2, 0), (1, -2)]


def test_the_mark_is_where_the_peak_counts_from(make, scripted):
    """What wider fixtures reached before it is forgotten, and resident memory at the start is that at the mark."""
    rss = scripted([1000, 3000, 3100], highest=4500)
    around = make(rss=rss)
    around.start()
    around.mark_rss()
    told = around.end()
    assert (rss.marks, told.rss_start_bytes, told.peak_rss_bytes) == (2, 3000, 1500)


def test_threads_may_take_a_moment_to_end(make, scripted):
    """Where there is a way to wait for them, it is told how many there were; else they are counted at once."""
    waited_for = []
    around = make(threads=scripted([3, 9]), threads_settled=lambda before: waited_for.append(before) or 4)
    around.start()
    around.wait_for_threads()
    assert (around.end().threads, waited_for) == (1, [3])
    at_once = make(threads=scripted([3, 9]))
    at_once.start()
    at_once.wait_for_threads()
    assert at_once.end().threads == 6


def test_memory_is_trimmed_where_wanted_or_risen(make, process, scripted):
    """Freed memory goes back on demand, or when resident memory rose by more than 8 MiB since it last did."""
    rss = scripted([0])
    around = make(rss=rss)

    def trims(end_bytes, *, wanted=False):
        process.reads.clear()
        around.trim_if_risen(wanted=wanted)
        around.start()
        rss.readings = [end_bytes]
        around.end()
        return process.reads["trim"]

    assert trims(_TRIM_WHEN_RISEN_BYTES) == 0
    assert trims(_TRIM_WHEN_RISEN_BYTES + 1) == 0
    assert trims(_TRIM_WHEN_RISEN_BYTES + 1) == 1
    assert trims(_TRIM_WHEN_RISEN_BYTES + 2) == 0
    assert trims(0) == 0
    assert trims(0, wanted=True) == 1


@pytest.mark.parametrize("missing", ["rss", "trim"])
def test_without_its_meters_nothing_is_trimmed(make, process, scripted, missing):
    """Where resident memory can't be read, or nothing can be given back, a wish to trim is no error."""
    meters = {"rss": scripted([10**9])} | {missing: None}
    around = make(**meters)
    around.trim_if_risen(wanted=True)
    assert process.reads["trim"] == 0
    assert around.rss_bytes == 0
