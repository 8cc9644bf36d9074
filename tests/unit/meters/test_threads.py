"""Threads: how they are counted, waited for, and called."""

import gc
import sys
import threading
from array import array
from itertools import chain, repeat

import psutil
import pytest

from pytest_memopt.meters import threads
from pytest_memopt.meters.protocol import Meter, Unit
from pytest_memopt.meters.threads import PATIENCE_S, Threads, count_by_psutil, describe_threads, thread_numbers


class FakeClock:
    """A clock that only pauses move."""

    def __init__(self):
        self.now_s = 0.0

    def __call__(self):
        return self.now_s

    def pause(self, seconds):
        self.now_s += seconds


def scripted(*values):
    """A meter that reads ``values`` one after the other, then the last one for ever."""
    script = chain(values, repeat(values[-1]))
    meter = Threads("nowhere", lambda: 1)
    meter._count = script.__next__
    return meter


@pytest.fixture
def worker():
    """A running thread, which ends with the test."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait, name="collects-mail", daemon=True)
    thread.start()
    yield thread
    done.set()
    thread.join()


def test_counts_a_new_thread(request):
    """One more thread is one more."""
    meter = Threads()
    before = meter.read()
    request.getfixturevalue("worker")
    assert meter.read() == before + 1
    assert isinstance(meter, Meter)
    assert (meter.name, meter.unit, meter.status().available) == ("threads", Unit.COUNT, True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the folder is Linux'")
def test_links_of_the_folder_agree_with_psutil(worker):
    """Two links less than the folder of tasks has is what the system counts."""
    meter = Threads()
    assert meter.status().how == "kernel"
    assert meter.read() == count_by_psutil()


def test_folder_whose_links_count_nothing_is_passed_over(tmp_path):
    """Where links don't count folders (btrfs, sandboxes) psutil is asked."""
    (tmp_path / "a file").touch()
    meter = Threads(str(tmp_path), lambda: 7)
    assert (meter.read(), meter.status().how, meter.status().exact) == (7, "psutil", True)


def test_python_counts_its_own_where_nobody_else_does():
    """The last way knows no native threads, and isn't called exact."""

    def refuse():
        raise psutil.AccessDenied

    meter = Threads("nowhere", refuse)
    assert meter.read() == threading.active_count()
    assert (meter.status().exact, meter.status().how) == (False, "Python's own threads alone")


def test_settled_takes_a_calm_count_at_once():
    """Without threads above the expected number nobody waits."""
    clock = FakeClock()
    assert scripted(3).settled(3, clock, clock.pause) == 3
    assert clock.now_s == 0.0


def test_settled_waits_for_the_kernel_to_drop_a_joined_thread():
    """A thread that lingers for a moment is not counted."""
    clock = FakeClock()
    assert scripted(4, 4, 4, 3).settled(3, clock, clock.pause) == 3
    assert 0 < clock.now_s < PATIENCE_S


def test_settled_gives_up_on_a_thread_that_stays():
    """A thread that really runs is counted, after a few milliseconds at the most."""
    clock = FakeClock()
    assert scripted(4).settled(3, clock, clock.pause) == 4
    assert clock.now_s == pytest.approx(PATIENCE_S, abs=0.0002)


def test_new_thread_is_told_by_name(request):
    """A thread of Python's is described by its name, as a daemon where it is one, and by what it runs."""
    before = thread_numbers()
    request.getfixturevalue("worker")
    assert describe_threads(before) == ("collects-mail, daemon, runs threading.Event.wait",)


def test_native_thread_is_told_by_the_system(tmp_path):
    """A thread that Python doesn't know is described by the system's name for it, or by its number."""
    (tmp_path / "4711").mkdir()
    (tmp_path / "4711" / "comm").write_text("openblas\n")
    (tmp_path / "4712").mkdir()
    assert describe_threads(frozenset(), str(tmp_path)) == ("native: openblas", "native: thread 4712")


def test_without_a_folder_python_numbers_its_own():
    """Where the system lists no threads Python's own are known."""
    assert thread_numbers("nowhere") == {thread.native_id for thread in threading.enumerate()}


def test_thread_that_is_no_daemon_is_told_by_name_alone():
    """Only daemons are marked."""
    assert threads._describe(threading.main_thread()) == threading.main_thread().name


def test_readings_keep_nothing_alive():
    """Counting leaves the number of small blocks as it was."""
    meter = Threads()
    counts, kept = array("q", [0, 0]), array("q", [0] * 5)
    gc.disable()
    try:
        for turn in range(5):
            meter.read()
            counts[0] = sys.getallocatedblocks()
            meter.read()
            counts[1] = sys.getallocatedblocks()
            kept[turn] = counts[1] - counts[0]
    finally:
        gc.enable()
    assert min(kept, key=abs) == 0


def test_thread_of_ones_own_class_is_told_by_it():
    """A class that overrides ``run`` is what runs; of one that has ended nothing is known any more."""

    class Poller(threading.Thread):
        def run(self):
            """Poll."""

    poller = Poller(name="poller")
    del poller._target
    assert threads._describe(poller) == f"poller, runs {__name__}.{Poller.__qualname__}.run"
