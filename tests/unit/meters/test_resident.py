"""Resident memory: what its readings and peaks promise, on each platform's source, with fakes."""

import gc
import os
import sys
from array import array
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_memopt.errors import MeterError
from pytest_memopt.meters import originals, resident_sources
from pytest_memopt.meters.protocol import Meter, Unit
from pytest_memopt.meters.resident import ResidentMemory
from pytest_memopt.meters.resident_sources import (
    KeptOpen,
    KernelSource,
    RecordSource,
    kernel_lag_bytes,
    most_by_rusage,
    source_of_platform,
)

PAGE = 4096
MIB = 1024**2


class ScriptedSource:
    """A source whose values a test sets."""

    how = "script"

    def __init__(self, *, now=100, highest=100, resets=True):
        self.value, self.high, self.resets, self.is_closed = now, highest, resets, False

    def now(self):
        return self.value

    def reset(self):
        return self.resets

    def look(self):
        return self.value, self.high

    def close(self):
        self.is_closed = True


class Proc:
    """A folder that looks like ``/proc/self``."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.sources: list[KernelSource] = []
        self.show(pages=10, high_kib=40)
        (folder / "clear_refs").touch()

    def show(self, *, pages: int, high_kib: int) -> None:
        (self.folder / "statm").write_text(f"999 {pages} 3 4 0 5 0\n")
        status = f"Name:\tVmHWM: 7 kB VmRSS: 8 kB\nVmHWM:\t    {high_kib} kB\nVmRSS:\t {pages * PAGE // 1024} kB\n"
        (self.folder / "status").write_text(status)

    def source(self) -> KernelSource:
        self.sources.append(KernelSource(str(self.folder), PAGE))
        return self.sources[-1]


@pytest.fixture
def proc(tmp_path):
    """A folder of 10 resident pages and a peak of 40 KiB."""
    made = Proc(tmp_path)
    yield made
    for source in made.sources:
        source.close()


def least_kept_blocks(read) -> int:
    """Blocks that a reading keeps, the least of five, as other threads allocate too."""
    counts, kept = array("q", [0, 0]), array("q", [0] * 5)
    gc.disable()
    try:
        for turn in range(5):
            read()
            counts[0] = sys.getallocatedblocks()
            read()
            counts[1] = sys.getallocatedblocks()
            kept[turn] = counts[1] - counts[0]
    finally:
        gc.enable()
    return min(kept, key=abs)


def test_is_a_peak_meter_of_bytes():
    """It offers what a window asks of a meter, in bytes."""
    meter = ResidentMemory(ScriptedSource())
    assert isinstance(meter, Meter)
    assert (meter.name, meter.unit, meter.read()) == ("peak RSS", Unit.BYTES, 100)


def test_mark_gives_the_value_now():
    """A mark answers with the resident bytes at that time."""
    assert ResidentMemory(ScriptedSource(now=123)).mark() == 123


def test_peak_is_the_high_water_mark_when_it_rose():
    """What the kernel saw inside the window is the peak, though nothing of it is left."""
    source = ScriptedSource()
    meter = ResidentMemory(source)
    meter.mark()
    source.high = 900
    assert meter.end() == (100, 900)


def test_high_water_mark_that_lies_above_the_truth_is_not_a_peak():
    """What the kernel over-counted when the mark was set isn't charged to an empty window."""
    meter = ResidentMemory(ScriptedSource(now=100, highest=130))
    meter.mark()
    assert meter.end() == (100, 100)


@given(start=st.integers(1, 10**9), high=st.integers(1, 10**9), end=st.integers(1, 10**9))
def test_peak_is_never_below_start_or_end(start, high, end):
    """A kernel that counts late can't make a peak lower than the ends of its window."""
    source = ScriptedSource(now=start, highest=high)
    meter = ResidentMemory(source)
    meter.mark()
    source.value = end
    now, peak = meter.end()
    assert now == end
    assert peak >= max(start, end)


@pytest.mark.parametrize(("high", "peak"), [(150, None), (151, 151)])
def test_mark_that_never_falls_knows_records_only(high, peak):
    """Where the high-water mark can't be reset, a peak is known when it sets a record, else it is missing."""
    source = ScriptedSource(highest=150, resets=False)
    meter = ResidentMemory(source)
    meter.mark()
    source.high = high
    assert meter.end() == (100, peak)
    assert "sets a record" in meter.status().how


def test_no_high_water_mark_means_no_peak():
    """A platform without one reads resident memory, and says that it has no peak."""
    meter = ResidentMemory(ScriptedSource(highest=None))
    assert meter.end() == (100, None)
    assert (meter.status().available, meter.status().how) == (True, "script; no peak")


def test_missing_platform_is_told_not_raised(monkeypatch):
    """Where nothing can be read the meter says so, and reading it is an error with that reason."""

    def refuse():
        raise FileNotFoundError(2, "No such file", "/proc/self/statm")

    monkeypatch.setattr("pytest_memopt.meters.resident.source_of_platform", refuse)
    meter = ResidentMemory()
    assert not meter.available
    assert "No such file" in meter.status().how
    with pytest.raises(MeterError, match=r"peak RSS.*No such file"):
        meter.read()


def test_closed_meter_reads_no_more():
    """Closing gives the source back, twice is fine, and a later reading is an error."""
    source = ScriptedSource()
    meter = ResidentMemory(source)
    meter.close()
    meter.close()
    assert source.is_closed
    for read in (meter.read, meter.mark, meter.end):
        with pytest.raises(MeterError, match="closed"):
            read()


def test_kernel_source_reads_pages_and_kib(proc):
    """Resident memory is pages of statm, or VmRSS; the peak is VmHWM; neither can be forged by a program's name."""
    proc.show(pages=25, high_kib=2048)
    source = proc.source()
    assert (source.now(), source.look()) == (25 * PAGE, (25 * PAGE, 2 * MIB))


def test_kernel_source_writes_five_to_reset(proc):
    """The kernel's protocol for forgetting the peak is a 5 in clear_refs."""
    source = proc.source()
    assert source.reset()
    assert (proc.folder / "clear_refs").read_bytes() == b"5"
    assert source.how.startswith("kernel, to within ")


def test_kernel_source_without_clear_refs_says_why(proc):
    """Where clear_refs can't be opened the status gives the system's reason."""
    (proc.folder / "clear_refs").unlink()
    meter = ResidentMemory(proc.source())
    assert "clear_refs: No such file or directory" in meter.status().how
    assert meter.end() == (10 * PAGE, None)


def test_kernel_source_that_refuses_the_write_says_why(proc, monkeypatch):
    """Where clear_refs opens but can't be written the status gives the system's reason."""
    source = proc.source()

    def refuse(file, content):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(originals.os, "write", refuse)
    assert not source.reset()
    assert "Permission denied" in source.how


def test_kernel_without_vmhwm_has_no_peak(proc):
    """A sandbox whose status has no VmHWM line is taken for what it is."""
    (proc.folder / "status").write_text("Name:\tpython\nVmRSS:\t 1 kB\n")
    assert proc.source().look() == (1024, None)


def test_kernel_without_vmrss_tells_it_elsewhere(proc):
    """Where the status has no VmRSS line, resident memory is that of statm."""
    (proc.folder / "status").write_text("Name:\tpython\nVmHWM:\t 99 kB\n")
    assert proc.source().look() == (10 * PAGE, 99 * 1024)


def test_kept_file_is_opened_anew_after_a_fork(proc, monkeypatch):
    """In a forked child the kept descriptor shows the parent, so the child opens its own."""
    source = proc.source()
    statm = proc.folder / "statm"
    statm.rename(proc.folder / "statm_of_the_parent")
    proc.show(pages=77, high_kib=40)
    assert source.now() == 10 * PAGE
    monkeypatch.setattr(resident_sources.os, "getpid", lambda: -1)
    assert source.now() == 77 * PAGE


def test_kept_file_survives_a_test_that_closes_descriptors(proc):
    """A descriptor that was closed behind our back is opened anew."""
    kept = KeptOpen(str(proc.folder / "statm"), 100, lambda content: b" " in content)
    os.close(kept._file)
    assert kept.read().startswith(b"999 10")


def test_kept_file_does_not_touch_the_one_that_took_its_number(proc):
    """When a test's own file got our number, it is neither believed nor closed."""
    kept = KeptOpen(str(proc.folder / "statm"), 100, lambda content: content.startswith(b"999"))
    number = kept._file
    other = os.open(os.devnull, os.O_RDONLY)
    os.dup2(other, number)
    assert kept.read().startswith(b"999 10")
    assert os.fstat(number).st_rdev == os.fstat(other).st_rdev
    os.close(other)
    os.close(number)


def test_kept_file_that_is_gone_is_a_meter_error(proc):
    """A file that can't be opened again is an error that names it."""
    kept = KeptOpen(str(proc.folder / "statm"), 100, lambda content: b" " in content)
    (proc.folder / "statm").unlink()
    kept.close()
    with pytest.raises(MeterError, match=r"statm: No such file"):
        kept.read()


def test_kept_file_with_strange_content_is_a_meter_error(proc):
    """A file that isn't Linux' own is refused instead of being guessed at."""
    kept = KeptOpen(str(proc.folder / "statm"), 100, lambda content: False)
    with pytest.raises(MeterError, match="is not what Linux has there"):
        kept.read()


def test_windows_reads_peak_working_set():
    """On Windows psutil tells the working set and its peak, which never falls."""
    process = SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=5, peak_wset=9))
    source = source_of_platform("win32", process)
    assert (source.now(), source.look(), source.reset()) == (5, (5, 9), False)
    source.close()


@pytest.mark.parametrize(("platform", "highest"), [("darwin", 70), ("freebsd14", 70 * 1024)])
def test_rusage_counts_bytes_on_macos_and_kib_elsewhere(platform, highest, monkeypatch):
    """The unit of ru_maxrss depends on the platform."""
    monkeypatch.setattr(resident_sources, "most_by_rusage", lambda: 70)
    process = SimpleNamespace(memory_info=lambda: SimpleNamespace(rss=5))
    source = source_of_platform(platform, process)
    assert (source.now(), source.look()) == (5, (5, highest))


def test_other_platforms_ask_psutil_for_this_process():
    """Without a process given, it is our own."""
    assert source_of_platform("darwin").now() > MIB
    assert most_by_rusage() > 0


def test_psutil_error_makes_the_meter_missing():
    """Where psutil can't read the process the meter is missing, with its reason."""

    def refuse():
        raise psutil.AccessDenied(pid=1)

    assert not ResidentMemory(RecordSource("psutil", refuse, refuse)).available


@pytest.mark.parametrize(("cpus", "lag"), [(1, 32), (2, 64), (64, 8192)])
def test_lag_of_the_kernel_grows_with_its_cpus(cpus, lag):
    """Each CPU may keep one batch of pages to itself: 32, or twice the number of CPUs where that is more."""
    assert kernel_lag_bytes(cpus, PAGE) == lag * PAGE


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads Linux' own files")
def test_readings_keep_nothing_alive():
    """Reading, marking and asking for the peak leave the number of small blocks as it was."""
    meter = ResidentMemory()
    try:
        assert [least_kept_blocks(read) for read in (meter.read, meter.mark, meter.end)] == [0, 0, 0]
    finally:
        meter.close()
