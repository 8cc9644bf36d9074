"""Tracing by memray: with a stand-in for the package, and with the package where it is installed."""

import contextlib
import importlib.util
from pathlib import Path
from types import SimpleNamespace

import pytest

from pytest_memopt.meters.measurement import Site
from pytest_memopt.meters.memray_tracer import MemrayTracer

needs_memray = pytest.mark.skipif(importlib.util.find_spec("memray") is None, reason="memray is not installed")


class FakeMemray:
    """A memray whose record a test writes; like the real one it allows one tracker at a time."""

    __version__ = "1.20.0"

    def __init__(self, *, peak_bytes=0, records=(), broken=False):
        self.peak_bytes, self.records, self.broken = peak_bytes, records, broken
        self.is_tracking, self.requests, self.path = False, [], None

    def FileDestination(self, path, *, compress_on_exit):  # noqa: N802 - memray's name
        self.path = Path(path)
        return SimpleNamespace(path=path, compress_on_exit=compress_on_exit)

    @contextlib.contextmanager
    def Tracker(self, *, destination, trace_python_allocators):  # noqa: N802 - memray's name
        if self.is_tracking:
            raise RuntimeError("No more than one Tracker instance can be active at the same time")
        self.requests.append(trace_python_allocators)
        self.is_tracking = True
        yield
        self.is_tracking = False

    @contextlib.contextmanager
    def FileReader(self, path):  # noqa: N802 - memray's name
        if self.broken:
            raise OSError("Input file is truncated")
        yield SimpleNamespace(
            metadata=SimpleNamespace(peak_memory=self.peak_bytes),
            get_leaked_allocation_records=lambda merge_threads: self.records if merge_threads else None,
        )


def record(size, count, *frames):
    """One record of memray's; frames are function, file, line."""
    return SimpleNamespace(size=size, n_allocations=count, stack_trace=lambda max_stacks: list(frames)[:max_stacks])


def test_peak_and_sites_come_from_the_record():
    """The peak is memray's own; the lines are those of the user, with memray's names of functions."""
    records = [
        record(5000, 2, ("grow", "/x/_pytest/python.py", 1), ("put", "/app/cache.py", 41), ("test", "/t.py", 3)),
        record(9000, 1, ("load", "/app/models.py", 12)),
        record(7, 1),
    ]
    tracer = MemrayTracer(FakeMemray(peak_bytes=12_345, records=records))
    tracer.start()
    found = tracer.stop(with_sites=True)
    assert (found.peak_bytes, found.why) == (12_345, None)
    assert found.sites == (Site("/app/models.py", 12, "load", 9000, 1), Site("/app/cache.py", 41, "put", 5000, 2))


def test_sites_are_read_on_request_only():
    """Without a request the records stay unread."""
    tracer = MemrayTracer(FakeMemray(peak_bytes=5, records=None))
    tracer.start()
    assert tracer.stop().sites == ()


def test_folder_is_removed_after_the_stop():
    """Nothing is left of the record on the disk."""
    memray = FakeMemray()
    tracer = MemrayTracer(memray)
    tracer.start()
    assert memray.path.parent.is_dir()
    tracer.stop()
    assert not memray.path.parent.exists()


@pytest.mark.parametrize("wanted", [True, False])
def test_python_allocators_are_a_choice(wanted):
    """Each Python object, or only what the interpreter takes from the system."""
    memray = FakeMemray()
    tracer = MemrayTracer(memray, python_allocators=wanted)
    tracer.start()
    tracer.stop()
    assert memray.requests == [wanted]


def test_second_tracker_gets_no_figures_and_a_reason():
    """Where somebody else tracks there is no peak, the reason is memray's, and the other goes on."""
    memray = FakeMemray(peak_bytes=8)
    first, second = MemrayTracer(memray), MemrayTracer(memray)
    first.start()
    second.start()
    found = second.stop()
    assert found.peak_bytes is None
    assert "more than one Tracker" in found.why
    assert first.stop().peak_bytes == 8


def test_broken_record_is_a_reason():
    """A record that can't be read (a full disk) is no peak, and no error in the test."""
    tracer = MemrayTracer(FakeMemray(broken=True))
    tracer.start()
    assert "truncated" in tracer.stop().why


def test_stop_without_a_start_is_a_reason():
    """A window that never started the tracer has no peak."""
    assert MemrayTracer(FakeMemray()).stop().why == "memray was not started"


def test_missing_package_is_told(monkeypatch):
    """Where memray isn't installed the status tells how to get it, and a window has no peak for that reason."""
    monkeypatch.setitem(__import__("sys").modules, "memray", None)
    tracer = MemrayTracer()
    tracer.start()
    status = tracer.status()
    assert (status.available, "pip install pytest-memopt[memray]" in status.how) == (False, True)
    assert tracer.stop().why == status.how


def test_status_tells_the_version():
    """A memray that is there is named with its version."""
    status = MemrayTracer(FakeMemray()).status()
    assert (status.available, status.how, MemrayTracer.name) == (True, "memray 1.20.0", "memray")


@needs_memray
def test_real_memray_counts_peak_and_line():
    """With the real package a known allocation is the peak, and the line that keeps memory is found."""
    tracer = MemrayTracer()
    kept = []
    tracer.start()
    kept.append(bytes(bytearray(10_000_000)))
    found = tracer.stop(with_sites=True)
    assert found.peak_bytes == pytest.approx(20_000_000, rel=0.01)
    assert found.sites[0].function == "test_real_memray_counts_peak_and_line"
    assert found.sites[0].bytes == pytest.approx(10_000_000, rel=0.01)
